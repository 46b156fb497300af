package interp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/starmp/starmp/mp"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
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

// Exec is ExecFile with the script's text; file is its name in positions. Of several texts with one name tracebacks show the lines of the
// last.
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

// Eval returns the value of an expression, which may use the predeclared names and go over several lines. Otherwise it is as Exec.
func (rt *Runtime) Eval(ctx context.Context, expr string) (v starlark.Value, err error) {
	err = rt.run(ctx, func(thread *starlark.Thread) (err error) {
		v, err = rt.eval1(thread, expr)
		return err
	})
	return v, err
}

// eval1 is Eval in a thread that has the script lock.
func (rt *Runtime) eval1(thread *starlark.Thread, expr string) (starlark.Value, error) {
	const result, file = "_result_", "<expr>"
	text, f, err := parseExpr(file, expr)
	if err != nil {
		return nil, err
	}
	stmt := f.Stmts[0].(*syntax.ExprStmt)
	start, _ := stmt.Span()
	f.Stmts[0] = &syntax.AssignStmt{OpPos: start, Op: syntax.EQ, LHS: &syntax.Ident{NamePos: start, Name: result}, RHS: stmt.X}
	env := rt.moduleEnv(mainName)
	globals, err := rt.start(thread, env, rt.eval.AddModule(mainName, file, []byte(text)), f)
	if err != nil {
		return nil, err
	}
	return globals[result], nil
}

// parseExpr parses a file of one expression. It returns the text that was parsed: one of several lines may need parentheses.
func parseExpr(file, expr string) (text string, f *syntax.File, err error) {
	f, err = parse(file, []byte(expr))
	if err == nil && len(f.Stmts) == 1 {
		if _, ok := f.Stmts[0].(*syntax.ExprStmt); ok {
			return expr, f, nil
		}
	}
	if err != nil && expr == strings.TrimSpace(expr) && !strings.Contains(expr, "\n") {
		return "", nil, err
	}
	text = "(" + expr + "\n)"
	f, err = parse(file, []byte(text))
	if err != nil {
		return "", nil, err
	}
	if len(f.Stmts) == 1 {
		if stmt, ok := f.Stmts[0].(*syntax.ExprStmt); ok {
			if _, ok := stmt.X.(*syntax.ParenExpr); ok {
				return text, f, nil
			}
		}
	}
	return "", nil, &SyntaxError{[]Problem{{syntax.MakePosition(&file, 1, 1), "not an expression"}}}
}

// Call calls a function, of this runtime's scripts or any other callable value, and returns its result. Otherwise it is as Exec.
func (rt *Runtime) Call(ctx context.Context, fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (v starlark.Value, err error) {
	err = rt.run(ctx, func(thread *starlark.Thread) (err error) {
		if fn == nil {
			return wire.Errorf("TypeError", "the function to call is nil")
		}
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
	returned := false
	defer func() {
		if !returned { // a panic, of a built-in of the program's, which may live on
			close(done)
			unwatch()
			rt.end(thread, what, true)
		}
	}()
	var cause error
	err := func() error {
		rt.Enter(thread)
		defer rt.Leave(thread)
		err := guard(thread, f)
		returned = true
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
