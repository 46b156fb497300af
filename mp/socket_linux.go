package mp

import "syscall"

// socketpair makes the control socket; neither end is inherited by an exec that does not ask for it.
func socketpair() ([2]int, error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err == nil {
		err = syscall.SetNonblock(pair[0], true) // the parent's end waits in Go's poller, not in a thread
	}
	return pair, err
}
