//go:build unix

package mp

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"go.starlark.net/starlark"
)

// Child runs this process as a child and never returns, if it was started as one; else it returns at once.
// It must be called before anything that a child should not do: flags, files, goroutines. newHost makes the interpreter
// around the given runtime; it is called while the child still waits to be given something to run.
func Child(newHost func(rt *Runtime) (Host, error)) {
	childCalled.Store(true)
	m, ok := readMark()
	if !ok {
		return
	}
	os.Exit(runChild(m, newHost))
}

func runChild(mark mark, newHost func(rt *Runtime) (Host, error)) int {
	signal.Ignore(syscall.SIGINT) // the root alone acts on Ctrl-C; later on see interrupts
	defaultSignals()
	syscall.CloseOnExec(controlFD)
	syscall.CloseOnExec(arenaFD)
	if mark.confined {
		syscall.CloseOnExec(stderrFD)
		os.Stderr = os.NewFile(stderrFD, "/dev/stderr")
	}
	a, err := arena.Attach(os.NewFile(arenaFD, "arena"))
	if err != nil {
		fmt.Fprintf(os.Stderr, "starmp: child: %v\n", err)
		return 1
	}
	s := a.Slot(mark.slot)
	if s.Gen.Load() != mark.gen {
		return 1 // the parent died and its heir has closed the slot
	}
	rt := &Runtime{opts: Options{Setup: mark.setup}, confined: mark.confined, children: map[*child]*process{}}
	rt.adoptMember(a.Join(mark.slot), mark.slot)
	if rt.host, err = newHost(rt); err == nil {
		err = rt.init()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "starmp: child: %v\n", err)
		return 1
	}

	var b [1]byte
	if n, _ := syscall.Read(controlFD, b[:]); n != 1 {
		rt.member.Leave()
		return 0 // a spare that was not needed
	}
	joinGroup()
	s.SetState(arena.SlotRunning)
	thread := rt.host.NewThread("MainThread")
	rt.host.Interruptible(thread) // before any interrupt can come
	in := &interrupts{rt: rt}
	time.AfterFunc(childWarmUp, func() {
		runtime.GOMAXPROCS(mark.procs)
		in.listen()
	})
	rt.parent = &parentLink{}
	go func() {
		// The parent writes nothing more but which tasks it wants no more. When this returns it is gone, and an orphan does not outlive it.
		rt.hearParent()
		rt.orphaned()
	}()
	code := rt.runBundle(thread, s)
	rt.log(logInfo, "process exiting with exitcode %d", code)
	rt.Shutdown(false)
	if in.leave() && code == 0 {
		code = 1
	}
	rt.warn(rt.member.Leave())
	s.SetState(arena.SlotExited)
	return code & 0xff
}

// runBundle receives the bundle and runs its process. The result is the exit code.
func (rt *Runtime) runBundle(thread *starlark.Thread, s *arena.Slot) int {
	rt.host.Enter(thread)
	defer rt.host.Leave(thread)
	b, err := rt.receive(arena.Handle(s.Inbox.Load()))
	if errors.Is(err, arena.ErrStale) {
		return 1 // the parent died, and what it had sent died with it: an orphan ends in silence
	}
	if err != nil {
		rt.setName(s.Name())
		return rt.failed(err)
	}
	rt.host.SetArgv(b.argv)
	if b.limits != nil {
		rt.limits = b.limits
		if err := rt.applyLimits(); err != nil {
			rt.setName(s.Name())
			return rt.failed(err)
		}
	}
	rt.registerAll(b.registered)
	if err := rt.host.SetSurroundings(b.dir, b.env); err != nil {
		rt.setName(s.Name())
		return rt.failed(err)
	}
	p, err := processOf("start", b.process)
	if err != nil {
		return rt.failed(err)
	}
	p.pid = os.Getpid()
	rt.mu.Lock()
	rt.current, rt.identity, rt.name, rt.daemon, rt.authkey = b.process, p.identity, p.name, p.daemon, p.authkey
	rt.logs = b.logs
	rt.mu.Unlock()
	rt.parent.name, rt.parent.pid = b.parent, b.pid
	rt.log(logInfo, "child process calling self.run()")

	run, err := b.process.(starlark.HasAttrs).Attr("run")
	if err == nil {
		call := func() (starlark.Value, error) { return rt.host.Call(thread, run, nil, nil) }
		if rt.limits == nil || p.target == rt.work { // who looks after its tasks itself
			_, err = call()
		} else {
			_, err = rt.fenced(thread, 0, true, func(e *LimitError) {
				rt.host.Stderr("Process " + rt.Name() + ":\n" + e.Error() + "\n")
			}, call)
		}
	}
	if rt.host.Interruptible(nil) && err == nil {
		err = errInterrupted // it came at the very end, and no script saw it
	}
	return rt.failed(err)
}

// failed reports err, nil for none, as the end of the current process's run and returns the exit code for it.
func (rt *Runtime) failed(err error) int {
	if err == nil {
		return 0
	}
	if code, msg, ok := rt.host.ExitStatus(err); ok {
		if msg != "" {
			rt.host.Stderr(msg + "\n")
		}
		return code
	}
	rt.host.Stderr("Process " + rt.Name() + ":\n" + rt.host.Traceback(err))
	return 1
}

// receive takes the bundle out of the inbox and decodes it.
func (rt *Runtime) receive(inbox arena.Handle) (*bundle, error) {
	q, err := prim.OpenQueue(rt.member, inbox)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	msg, err := q.Get(prim.Opt{NoWait: true})
	if err != nil {
		return nil, err
	}
	defer msg.Release(rt.member)
	v, err := rt.host.Codec().Decode(msg.Data)
	if err != nil {
		return nil, err
	}
	b, ok := v.(*bundle)
	if !ok {
		return nil, fmt.Errorf("BUG: got %s, want a bundle", v.Type())
	}
	return b, nil
}
