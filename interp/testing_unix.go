//go:build unix

package interp

import (
	"os"

	"golang.org/x/sys/unix"
)

// captureOutput diverts this process's standard output and standard error, and those of the processes that it starts from now on, to
// a file. The result ends that.
func captureOutput(file string) (restore func(), err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var saved [2]int
	for i, fd := range []int{1, 2} {
		if saved[i], err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 10); err != nil {
			return nil, os.NewSyscallError("fcntl", err)
		}
	}
	for _, fd := range []int{1, 2} {
		if err := dup2(int(f.Fd()), fd); err != nil {
			return nil, os.NewSyscallError("dup2", err)
		}
	}
	return func() {
		for i, fd := range []int{1, 2} {
			dup2(saved[i], fd)
			unix.Close(saved[i])
		}
	}, nil
}
