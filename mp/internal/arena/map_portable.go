//go:build unix && (!linux || starmp_portable)

package arena

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const mapFlags = unix.MAP_SHARED

// create makes a file that has no name, and maps it. Nothing keeps others with the descriptor from cutting it.
func create(size int64) (*os.File, []byte, error) {
	f, err := os.CreateTemp("", "starmp-arena-")
	if err != nil {
		return nil, nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, nil, err
	}
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, nil, err
	}
	mem, err := mapFile(f, size)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, mem, nil
}

// punch fails: there is no portable way to cut a hole into a mapped file.
func punch([]byte) error { return errors.ErrUnsupported }

// physicalMemory does not know: the default size is fixed.
func physicalMemory() uint64 { return 0 }
