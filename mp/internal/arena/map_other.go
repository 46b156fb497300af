//go:build !unix

package arena

import (
	"fmt"
	"os"
	"runtime"
)

var errPlatform = fmt.Errorf("shared memory is not supported on %s", runtime.GOOS)

func create(int64) (*os.File, []byte, error)  { return nil, nil, errPlatform }
func mapFile(*os.File, int64) ([]byte, error) { return nil, errPlatform }
func unmap([]byte) error                      { return nil }
func punch([]byte) error                      { return nil }
func outOfSpace(error) bool                   { return false }
func physicalMemory() uint64                  { return 0 }
func touched(*os.File) int64                  { return 0 }
