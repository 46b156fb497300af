//go:build unix

package arena

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps the whole file. Children get it because they are given it, and programs that they start do not.
func mapFile(f *os.File, size int64) ([]byte, error) {
	unix.CloseOnExec(int(f.Fd()))
	mem, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, mapFlags)
	return mem, os.NewSyscallError("mmap", err)
}

func unmap(mem []byte) error { return os.NewSyscallError("munmap", unix.Munmap(mem)) }

// outOfSpace reports whether a smaller arena might succeed.
func outOfSpace(err error) bool {
	return errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.EFBIG) || errors.Is(err, unix.ENOSPC)
}

// touched is how many bytes of the file have memory behind them.
func touched(f *os.File) int64 {
	var st unix.Stat_t
	if unix.Fstat(int(f.Fd()), &st) != nil {
		return 0
	}
	return int64(st.Blocks) * 512
}
