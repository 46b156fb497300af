//go:build unix && !linux

package mp

import "syscall"

// socketpair makes the control socket; neither end is inherited by an exec that does not ask for it.
func socketpair() ([2]int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return pair, err
	}
	syscall.CloseOnExec(pair[0])
	syscall.CloseOnExec(pair[1])
	return pair, syscall.SetNonblock(pair[0], true) // the parent's end waits in Go's poller, not in a thread
}
