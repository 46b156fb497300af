//go:build unix && !linux

package mp

import "github.com/starmp/starmp/mp/internal/arena"

// waitForeign waits until the process in s, which need not be a child of this one, has ended.
func waitForeign(s *arena.Slot) {
	if pid := int(s.Pid.Load()); pid != 0 {
		waitGone(pid)
	}
}
