//go:build !unix

package mp

import "time"

func cpuTime() time.Duration { return 0 }

func childCPU(int) time.Duration { return 0 }

func tooManyFiles(error) bool { return false }

func (c *child) order(uint64) {}
