//go:build !linux

package scripts

import (
	"errors"
	"os"
)

// members finds none: these systems do not show the environment of a process.
func (f *family) members() []int { return nil }

func status(int) string { return "" }

func descriptors(int) (int, error) { return 0, errors.ErrUnsupported }

func kill(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		p.Kill()
	}
}
