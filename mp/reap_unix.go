//go:build unix

package mp

import (
	"syscall"
	"time"
)

// waitGone waits until no process has pid, by asking. It is the way of systems without process descriptors.
func waitGone(pid int) {
	for pause := time.Millisecond; syscall.Kill(pid, 0) == nil; pause = min(2*pause, 50*time.Millisecond) {
		syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		time.Sleep(pause)
	}
}
