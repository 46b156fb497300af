package interp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/starmp/starmp/mp"
	"go.starlark.net/starlark"
)

// ExecFile runs the script in a file, of Options.Modules if that is set, and returns its globals. It is a module named "__main__".
//
// It blocks until the script has ended, which is not the end of processes that the script has started and not joined. When ctx ends first, the
// script is stopped wherever it is, waits and sleeps included, and the processes that it has started are ended; built-ins of the host's
// that take long must look after that themselves. The error is a *SyntaxError or *Error, or that of reading the file.
// It may be called from any goroutine; scripts of one Runtime run one at a time, in slices, see the package's documentation.
func (rt *Runtime) ExecFile(ctx context.Context, file string) (starlark.StringDict, error) {
	read := os.ReadFile
	if rt.opts.Modules != nil {
		read = func(file string) ([]byte, error) { return fs.ReadFile(rt.opts.Modules, file) }
	}
	text, err := read(file)
	if err != nil {
		return nil, err
	}
	return rt.Exec(ctx, file, text)
}

// Exec is ExecFile with the script's text; file is its name in positions. A name should not be used for two texts whose functions live
// at the same time, since they travel by their position.
func (rt *Runtime) Exec(ctx context.Context, file string, text []byte) (globals starlark.StringDict, err error) {
	err = rt.run(ctx, func(thread *starlark.Thread) (err error) {
		globals, err = rt.exec(thread, mainName, file, text)
		return err
	})
	if err != nil {
		return nil, err
	}
	return globals, nil
}

// Eval returns the value of an expression, which may use the predeclared names. Otherwise it is as Exec.
func (rt *Runtime) Eval(ctx context.Context, expr string) (v starlark.Value, err error) {
	err = rt.run(ctx, func(thread *starlark.Thread) error {
		const result = "_result_"
		globals, err := rt.exec(thread, mainName, "<expr>", []byte(result+" = (\\\n"+expr+"\n)\n"))
		if err == nil {
			v = globals[result]
		}
		return err
	})
	return v, err
}

// Call calls a function, of this runtime's scripts or any other callable value, and returns its result. Otherwise it is as Exec.
func (rt *Runtime) Call(ctx context.Context, fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (v starlark.Value, err error) {
	err = rt.run(ctx, func(thread *starlark.Thread) (err error) {
		v, err = rt.lib.Call(thread, fn, args, kwargs)
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// cancelReason is why a thread is cancelled whose context has ended. It is no exception's name: a script cannot catch it.
const cancelReason = "the context has ended"

// run runs f in a thread of its own, until ctx ends.
func (rt *Runtime) run(ctx context.Context, f func(*starlark.Thread) error) error {
	if ctx.Err() != nil {
		return &Error{err: contextError(ctx), Msg: contextError(ctx).Error(), status: -1}
	}
	thread := rt.NewThread("MainThread")
	cancel := thread.Local(mp.CancelKey).(*mp.Cancel) // another goroutine must not look while the thread runs
	what := rt.begin(thread)
	done, stopped := make(chan struct{}), make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		defer close(stopped)
		stop(thread, cancel, cancelReason, done)
	})
	var cause error
	err := func() error {
		rt.Enter(thread)
		defer rt.Leave(thread)
		err := guard(thread, f)
		close(done)
		if !unwatch() {
			<-stopped // it waits for nothing that needs the script lock
			if err != nil {
				cause = contextError(ctx)
			}
		}
		if err != nil && rt.overBudget(what) {
			cause = mp.NewLimitError(mp.LimitSteps, strconv.FormatUint(rt.opts.MaxSteps, 10), err)
		}
		if err == nil && cause == nil {
			return nil
		}
		return rt.newError(err, cause)
	}()
	rt.end(thread, what, cause != nil)
	if cause != nil {
		rt.mp.EndOf(thread)
	}
	return err
}

// contextError is why ctx has ended: its cause, and in any case what errors.Is compares with.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// stop cancels what thread does until done is closed; again and again, since an error of a special method may take a cancellation back.
func stop(thread *starlark.Thread, cancel *mp.Cancel, reason string, done <-chan struct{}) {
	for again := time.NewTimer(0); ; again.Reset(10 * time.Millisecond) {
		select {
		case <-done:
			again.Stop()
			return
		case <-again.C:
			thread.Cancel(reason)
			cancel.Cancel()
		}
	}
}

// guard calls f. A panic of Go's for a length that nothing can have, as by list(range(1 << 62)), becomes a MemoryError.
func guard(thread *starlark.Thread, f func(*starlark.Thread) error) error {
	_, err := mp.Protected(func() (starlark.Value, error) { return starlark.None, f(thread) })
	return err
}
