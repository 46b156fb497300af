package interp

import (
	"errors"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/starmp/starmp/mp"
	"go.starlark.net/starlark"
)

// session is a run of the command: a runtime, and the process's signals.
type session struct {
	host
	main    *starlark.Thread
	signals chan os.Signal
	over    atomic.Bool // the script is over, and its last processes are awaited
	ending  atomic.Bool // Ctrl-C came then
	dying   atomic.Bool // SIGTERM came: nothing is shown or returned any more
	restore func()      // puts the terminal back into its state; may be nil
}

func newSession(o Options) (*session, error) {
	// Go starts threads for the first signal, which takes as long as making a runtime: 0.2 ms. So the two run side by side.
	signals := make(chan os.Signal, 4)
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		signal.Notify(signals, syscall.SIGTERM)
		if !signal.Ignored(syscall.SIGINT) { // a shell ignores it for jobs in the background
			signal.Notify(signals, syscall.SIGINT)
		}
	}()
	// Without it orphans of the family, which end by themselves, would become zombies of somebody else.
	_ = mp.BecomeSubreaper()
	_ = mp.KeepDescriptors()
	rt, err := New(o)
	<-ready
	if err != nil {
		return nil, err
	}
	s := &session{host: host{rt}, main: rt.NewThread("MainThread"), signals: signals}
	rt.settle = s.settle
	go s.handleSignals()
	return s, nil
}

// handleSignals acts on Ctrl-C and SIGTERM. The children of the family ignore Ctrl-C: ending them is this process's duty.
func (s *session) handleSignals() {
	for sig := range s.signals {
		if m, ok := sig.(mark); ok {
			close(m)
			continue
		}
		switch {
		case sig == syscall.SIGTERM:
			s.die()
		case s.intr.interrupt():
		case !s.over.Load(): // at the prompt of a REPL
		case !s.ending.Swap(true):
			go s.mp.Shutdown(true)
		default:
			s.mp.Kill() // they had their chance
		}
	}
}

// mark travels among the signals: once it is closed, those before it are acted on.
type mark chan struct{}

func (mark) Signal()        {}
func (mark) String() string { return "mark" }

// settle returns when the signals that this process has got by now are acted on.
func (s *session) settle() {
	takeSignals()
	probe := make(chan os.Signal, 1)
	signal.Notify(probe, syscall.SIGTERM)
	signal.Stop(probe) // returns when nothing is on its way to any channel
	m := make(mark)
	s.signals <- m
	<-m
}

// die ends the family and the process for SIGTERM. What the main thread still does is to leave its context managers.
func (s *session) die() {
	s.dying.Store(true)
	s.intr.interrupt()
	s.mp.Shutdown(true)
	s.closeOutputs()
	if s.restore != nil {
		s.restore()
	}
	os.Exit(statusTerminated)
}

// script runs the main script, which finds env predeclared, and returns the exit status.
func (s *session) script(env starlark.StringDict, file string, text []byte) int {
	s.Enter(s.main)
	s.intr.watch(s.main)
	err := guard(s.main, func(thread *starlark.Thread) error {
		_, err := s.execIn(thread, env, mainName, file, text)
		return err
	})
	return s.end(err)
}

// end reports the script's error, if there is one, ends the family in order and returns the exit status. The caller has
// the script lock.
func (s *session) end(err error) int {
	status := s.report(err)
	if s.intr.watch(nil) && status != statusInterrupted {
		// It came at the very end, and no script saw it.
		s.Stderr(interruptReason + "\n")
		status = statusInterrupted
	}
	s.over.Store(true)
	s.Leave(s.main)
	s.mp.Shutdown(status == statusInterrupted)
	s.closeOutputs()
	signal.Stop(s.signals)
	if s.ending.Load() && status != statusInterrupted {
		s.Stderr(interruptReason + "\n")
		status = statusInterrupted
	}
	return status
}

// report shows the error that ended a script, nil for none, and returns the exit status that it means.
func (s *session) report(err error) int {
	if s.dying.Load() {
		s.Leave(s.main)
		select {} // die exits
	}
	if err = s.lib.Pending(err); err == nil {
		return 0
	}
	var syntax *SyntaxError
	var eval *starlark.EvalError
	if errors.As(err, &syntax) && !errors.As(err, &eval) {
		s.Stderr(paint(s.opts.Stderr, syntax.text(s.eval.line))) // of the script itself: there is no call stack
		return statusFailed
	}
	if code, message, ok := s.ExitStatus(err); ok {
		if message != "" {
			s.Stderr(message + "\n")
		}
		return code & 0xff
	}
	s.mp.Uncover()
	s.Stderr(s.Traceback(err))
	if s.IsInstance(s.FromError(err), s.Exception(interruptReason)) {
		return statusInterrupted
	}
	return statusFailed
}
