//go:build unix && !linux

package mp

import "github.com/starmp/starmp/mp/internal/arena"

// BecomeSubreaper does nothing here: orphans go to the system's first process, which waits for them.
func BecomeSubreaper() error { return nil }

// waitForeign waits until the process in s, which need not be a child of this one, has ended.
func (rt *Runtime) waitForeign(s *arena.Slot) {
	if pid := int(s.Pid.Load()); pid != 0 {
		waitGone(pid)
	}
}

// KeepDescriptors does nothing where one call can't do it.
func KeepDescriptors() error { return nil }
