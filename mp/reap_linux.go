package mp

import (
	"math"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"golang.org/x/sys/unix"
)

// BecomeSubreaper makes this process the one that inherits the orphans among its descendants, so that they are waited for
// and never become strangers' children. It is for a program that is a root and nothing else, as the starmp command.
func BecomeSubreaper() error {
	err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	subreaper.Store(err == nil)
	return err
}

var subreaper atomic.Bool

// KeepDescriptors makes sure that no child inherits a descriptor that this process was itself started with, beside the standard
// three. It is for a program that is a root and nothing else, as the starmp command; those that Go opens are never inherited.
func KeepDescriptors() error { return unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) }

// waitForeign waits until the process in s, which need not be a child of this one, has ended.
func (rt *Runtime) waitForeign(s *arena.Slot) {
	// A process that died between taking a slot and its fork, or in its fork, leaves a slot without a pid. Its child, if
	// there is one, reads the end of its control socket before anything else and touches nothing of the arena.
	pid := int(s.Pid.Load())
	if pid == 0 {
		rt.expectStray()
		return
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		waitGone(pid)
		return
	}
	defer unix.Close(fd)
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if err != unix.EINTR {
			// As subreaper this process may have inherited the orphan; then it must not stay a zombie.
			unix.Wait4(pid, nil, unix.WNOHANG, nil)
			return
		}
	}
}
