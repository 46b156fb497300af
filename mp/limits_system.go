package mp

import (
	"os"
	"syscall"

	"github.com/starmp/starmp/mp/internal/arena"
)

// MayStartProgram is why a script of this process may not start a program, nil if it may: where processes are limited, those of other
// programs cannot be counted.
func (rt *Runtime) MayStartProgram() error {
	if rt.limits == nil || rt.limits.Processes == 0 {
		return nil
	}
	rt.member.Slot().Refused.Add(1)
	return syscall.EPERM
}

// MaySignal is why a script of this process may not send a signal to pid, nil if it may: with limits it reaches itself and the processes
// below it.
func (rt *Runtime) MaySignal(pid int) error {
	if rt.limits == nil || pid == os.Getpid() {
		return nil
	}
	for id := range rt.member.Arena().Slots() {
		s := rt.slot(id)
		if state := s.State.Load(); int(s.Pid.Load()) != pid || state < arena.SlotStarting || state > arena.SlotExited {
			continue
		}
		for {
			parent, gen := s.Parent()
			if parent == rt.self {
				return nil
			}
			if parent == arena.NoSlot {
				break
			}
			if s = rt.slot(parent); s.Gen.Load() != gen {
				break
			}
		}
	}
	return syscall.EPERM
}
