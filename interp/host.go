package interp

import (
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/chzyer/readline"
	"github.com/starmp/starmp/interp/internal/eval"
	"github.com/starmp/starmp/mp"
	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib"
	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
)

// host is a Runtime as mp sees it: with what multiprocessing needs of an interpreter.
type host struct{ *Runtime }

var _ mp.Host = host{}

// timeSlice is how many steps a thread runs before it lets others run, if any waits: 0.3 ms in a loop over integers. To hand over takes 20 to 70 µs.
const timeSlice = 20_000

// NewThread returns a thread for this runtime's scripts. Scripts run in it between Enter and Leave.
func (rt *Runtime) NewThread(name string) *starlark.Thread {
	thread := &starlark.Thread{Name: name, Load: rt.load, Print: rt.print}
	thread.SetLocal(mp.CancelKey, new(mp.Cancel))
	if rt.clock != nil {
		startime.SetNow(thread, func() (time.Time, error) { return rt.clock.Now(), nil })
	}
	slice := uint64(timeSlice)
	if rt.mp != nil {
		if n := rt.mp.StepLimit(); n > 0 {
			slice = min(slice, n)
		}
		rt.mp.Starting(thread)
	}
	thread.OnMaxSteps = func(thread *starlark.Thread) {
		eval.SetMaxSteps(thread, thread.ExecutionSteps()+slice)
		rt.mp.Stepped(thread, slice)
		rt.lock.yield(thread)
	}
	eval.SetMaxSteps(thread, slice)
	return thread
}

// Enter takes the script lock for thread. It blocks while another thread of the runtime runs a script.
func (rt *Runtime) Enter(thread *starlark.Thread) { rt.lock.enter(thread) }

// Leave gives the script lock up.
func (rt *Runtime) Leave(*starlark.Thread) { rt.lock.leave() }

// Block runs f, which may block, while other threads may run scripts.
func (rt host) Block(thread *starlark.Thread, f func()) { rt.lock.block(thread, f) }

// print writes a line with one write, so that lines of several processes don't mix.
func (rt *Runtime) print(_ *starlark.Thread, msg string) {
	if rt.opts.Stdout != nil {
		rt.mp.Uncover()
		io.WriteString(rt.opts.Stdout, msg+"\n")
	}
}

// Stderr writes text to standard error in one write.
func (rt host) Stderr(text string) {
	rt.errMu.Lock()
	defer rt.errMu.Unlock()
	if rt.opts.Stderr != nil {
		io.WriteString(rt.opts.Stderr, text)
	}
}

// StderrColumns returns the width of the terminal that standard error is, 0 if it is none that can move its cursor.
func (rt host) StderrColumns() int {
	f, ok := rt.opts.Stderr.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" || !readline.IsTerminal(int(f.Fd())) {
		return 0
	}
	columns, _, err := readline.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		return 80 // a terminal that doesn't tell
	}
	return columns
}

// Interruptible makes thread the one that Interrupt interrupts, see [mp.Host].
func (rt host) Interruptible(thread *starlark.Thread) (unseen bool) { return rt.intr.watch(thread) }

// Interrupt raises KeyboardInterrupt in the interruptible thread.
func (rt host) Interrupt() bool { return rt.intr.interrupt() }

func (rt *Runtime) wait(thread *starlark.Thread, done <-chan struct{}, d time.Duration) error {
	return rt.mp.WaitFor(thread, done, d)
}

// Codec returns the codec of this runtime's values.
func (rt host) Codec() *wire.Codec { return rt.codec }

// Call calls fn in thread, which has the script lock.
func (rt host) Call(thread *starlark.Thread, fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (v starlark.Value, err error) {
	if thread.CallStackDepth() > 0 {
		return rt.lib.Call(thread, fn, args, kwargs)
	}
	err = guard(thread, func(thread *starlark.Thread) (err error) {
		v, err = rt.lib.Call(thread, fn, args, kwargs)
		return err
	})
	return v, err
}

// Current returns the thread that has the script lock, nil if there is none.
func (rt host) Current() *starlark.Thread { return rt.lock.current.Load() }

// Pending makes err surface at the script's next step.
func (rt host) Pending(err error) { rt.lib.Fail(err) }

// Repr returns repr(v). The caller has the script lock.
func (rt *Runtime) Repr(v starlark.Value) (string, error) { return rt.lib.Repr(v) }

// Pos returns the position of the innermost script function that thread is in, as file:line; empty outside of scripts.
func (rt host) Pos(thread *starlark.Thread) string {
	if fr, ok := eval.Caller(thread); ok {
		return fr.Pos.Filename() + ":" + strconv.Itoa(int(fr.Pos.Line))
	}
	return ""
}

// SetMaxSteps is thread.SetMaxExecutionSteps.
func (rt host) SetMaxSteps(thread *starlark.Thread, n uint64) { eval.SetMaxSteps(thread, n) }

// Augmented reports whether the operator that thread is at belongs to an assignment like x += y. A value is asked for x + y in both cases. Where a host's
// go.starlark.net runs the function, which does not tell, its text does.
func (rt host) Augmented(thread *starlark.Thread) bool {
	if thread == nil {
		return false
	}
	fr, ok := eval.Caller(thread)
	if _, plain := fr.Fn.(*starlark.Function); !ok || !plain {
		return eval.InPlace(thread)
	}
	op := []rune(rt.eval.line(fr.Pos.Filename(), fr.Pos.Line))
	if int(fr.Pos.Col) > len(op) {
		return false
	}
	rest := strings.TrimLeft(string(op[max(fr.Pos.Col-1, 0):]), "+-*/%&|^<>")
	return strings.HasPrefix(rest, "=")
}

// NewClass makes a class in Go code, see [stdlib.Lib.NewClass].
func (rt host) NewClass(name string, bases []starlark.Value, attrs starlark.StringDict) (starlark.Value, error) {
	return rt.lib.NewClass(name, bases, attrs)
}

// NewModule makes a module of Go code, see [stdlib.NewModule].
func (rt host) NewModule(name string, make func() starlark.StringDict) starlark.Value {
	return stdlib.NewModule(name, make).Trust()
}

// IsInstance reports whether v is an instance of class or of a class derived from it.
func (rt host) IsInstance(v, class starlark.Value) bool { return rt.lib.IsInstance(v, class) }

// Exception returns an exception class by its qualified name.
func (rt host) Exception(class string) starlark.Value { return rt.lib.Exception(class) }

// FromError returns the exception that a script sees for err.
func (rt host) FromError(err error) starlark.Value { return rt.lib.FromError(err) }

// ToError returns an error that raises exc.
func (rt host) ToError(exc starlark.Value) error { return rt.lib.ToError(exc) }

// Traceback returns the text of err as an uncaught error is shown, with what other processes and earlier exceptions
// contributed, in colour if standard error is a terminal. The caller has the script lock.
func (rt host) Traceback(err error) string { return paint(rt.opts.Stderr, rt.lib.Format(err)) }

// CPUCount returns os.cpu_count().
func (rt host) CPUCount() int { return stdlib.CPUCount() }

// Argv returns sys.argv. The caller has the script lock.
func (rt host) Argv() []string { return rt.lib.Argv() }

// SetArgv sets sys.argv, in a child that has received it.
func (rt host) SetArgv(argv []string) {
	rt.lib.SetArgv(argv)
}

// Surroundings returns the working directory and the environment that a new process gets, "" and nil if the script has changed
// nothing. The caller has the script lock.
func (rt host) Surroundings() (dir string, env []string) { return rt.lib.Surroundings() }

// SetSurroundings sets them, in a child that has received them.
func (rt host) SetSurroundings(dir string, env []string) error {
	return rt.lib.SetSurroundings(dir, env)
}

// ExitStatus interprets err as SystemExit; ok is false if it is another error.
func (rt host) ExitStatus(err error) (code int, message string, ok bool) {
	return rt.lib.ExitStatus(err)
}
