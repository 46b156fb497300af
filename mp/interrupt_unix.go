//go:build unix

package mp

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/starmp/starmp/mp/internal/arena"
)

// interrupts delivers SIGINT in a child: one that a member of the family asked for (Process.interrupt, os.kill) raises KeyboardInterrupt in
// the script. The terminal's Ctrl-C, which the root alone acts on, comes with the same signal; Slot.Interrupts tells them apart.
type interrupts struct {
	rt *Runtime

	mu     sync.Mutex
	left   bool // guarded by mu: the process touches the arena no more
	ending bool // guarded by mu: an interrupt came when the script was over
}

// listen begins to act on the signal, which was ignored before: what was asked for meanwhile is not lost. It does not return. Go
// starts threads for it, so a child that lives shortly does without.
func (in *interrupts) listen() {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGINT)
	asked := &in.rt.member.Slot().Interrupts
	for seen := uint32(0); ; <-ch {
		if n := asked.Load(); n != seen {
			seen = n
			if !in.rt.deaf.Load() && !in.rt.host.Interrupt() {
				in.end()
			}
		}
	}
}

// end is an interrupt of a child whose script is over, and which waits for its own children: they are ended.
func (in *interrupts) end() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.left && !in.ending {
		in.ending = true
		in.rt.host.Stderr("Process " + in.rt.Name() + ":\nKeyboardInterrupt\n")
		in.rt.end(in.rt.childrenThat(func(*process) bool { return true }))
	}
}

// leave reports whether end was called. It has no effect any more.
func (in *interrupts) leave() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.left = true
	return in.ending
}

// askInterrupt notes in its slot that a process is to be interrupted. It reports whether SIGINT must be sent: one that has not come so far as
// not to die of it looks at the slot when it has.
func askInterrupt(s *arena.Slot) (send bool) {
	s.Interrupts.Add(1)
	return s.State.Load() != arena.SlotStarting
}

// InterruptPid notes that SIGINT is about to be sent to process pid, which need not be of the family. It reports true if there is
// no need to send it: one that interrupts itself does so at once.
func (rt *Runtime) InterruptPid(pid int) (done bool) {
	if pid == os.Getpid() && (rt.parent != nil || !signal.Ignored(syscall.SIGINT)) && rt.host.Interrupt() {
		return true
	}
	if !rt.Started() {
		return false
	}
	for id := range rt.member.Arena().Slots() {
		s := rt.slot(id)
		state := s.State.Load()
		if s.Pid.Load() == uint32(pid) && (state == arena.SlotStarting || state == arena.SlotRunning) {
			return !askInterrupt(s)
		}
	}
	return false
}
