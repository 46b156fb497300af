package stdlib

import (
	"errors"
	"strings"
	"testing"

	"go.starlark.net/starlark"
)

// builtin adds a built-in to the script's environment.
func (r *scriptRun) builtin(name string, f func(args starlark.Tuple) (starlark.Value, error)) {
	r.env[name] = starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return f(args)
	})
}

func TestInterruptRunsExit(t *testing.T) {
	r := newRuntime(t)
	var reasons []string
	r.lib.cfg.Uncancel = func(thread *starlark.Thread, reason string) {
		reasons = append(reasons, reason)
		thread.Uncancel()
	}
	r.builtin("interrupt", func(starlark.Tuple) (starlark.Value, error) {
		r.thread.Cancel("KeyboardInterrupt")
		return starlark.None, nil
	})
	g, err := r.run("test.star", `
log = []
def exit(self, cls, exc, trace):
    log.append(cls.__name__)
CM = type("CM", (), {"__enter__": lambda self: None, "__exit__": exit})
def body():
    interrupt()
    log.append("body went on")
def run():
    with_(CM(), body)
    log.append("with_ went on")
try_(run)
log.append("try_ went on")
`)
	if x := r.lib.FromError(err).(*Instance); x.ClassName() != "KeyboardInterrupt" {
		t.Errorf("error is %v", err)
	}
	if got := g["log"].String(); got != `["KeyboardInterrupt"]` {
		t.Errorf("log is %s", got)
	}
	if len(reasons) != 1 || reasons[0] != "KeyboardInterrupt" {
		t.Errorf("uncancelled for %q", reasons)
	}
}

func TestHostCancelIsFinal(t *testing.T) {
	r := newRuntime(t)
	released := false
	r.builtin("cancel", func(starlark.Tuple) (starlark.Value, error) {
		r.thread.Cancel("too many steps")
		return starlark.None, nil
	})
	r.builtin("release", func(starlark.Tuple) (starlark.Value, error) {
		released = true
		return starlark.None, nil
	})
	g, err := r.run("test.star", `
log = []
lock = struct(__enter__ = lambda: None, __exit__ = release)
script = struct(__enter__ = lambda: None, __exit__ = lambda *a: log.append("script exit"))
def body():
    cancel()
    log.append("went on")
def run():
    with_(lock, lambda: with_(script, body))
try_(run)
log.append("try_ caught it")
`)
	if err == nil || !strings.Contains(err.Error(), "too many steps") {
		t.Errorf("error is %v", err)
	}
	if !released {
		t.Error("an __exit__ written in Go was not called")
	}
	if got := g["log"].String(); got != "[]" {
		t.Errorf("log is %s", got)
	}
}

func TestCancelWithExceptionClass(t *testing.T) {
	r := newRuntime(t)
	r.builtin("recursed", func(starlark.Tuple) (starlark.Value, error) {
		r.thread.Cancel("RecursionError: maximum recursion depth exceeded")
		return starlark.None, nil
	})
	g, err := r.run("test.star", `
def f():
    recursed()
    return 1
e = try_(f).error
text = (type(e), str(e), e.args)
`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := g["text"].String(), `("RecursionError", "maximum recursion depth exceeded", ("maximum recursion depth exceeded",))`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// An interrupt that arrives while a special method's error is pending wins.
func TestInterruptDuringPending(t *testing.T) {
	r := newRuntime(t)
	interrupted := false
	r.lib.cfg.Uncancel = func(thread *starlark.Thread, reason string) {
		thread.Uncancel()
		if interrupted && reason != "KeyboardInterrupt" {
			thread.Cancel("KeyboardInterrupt")
		}
	}
	r.builtin("interrupt", func(starlark.Tuple) (starlark.Value, error) {
		interrupted = true
		return starlark.None, nil
	})
	_, err := r.run("test.star", `
def _repr(self):
    fail("no repr")
A = type("A", (), {"__repr__": _repr})
def f(x):
    interrupt()
    return x
f(try_(lambda: "%s" % [A()]))
f(try_(lambda: "%s" % [A()]))
f("not reached")
`)
	if x := r.lib.FromError(err).(*Instance); x.ClassName() != "KeyboardInterrupt" {
		t.Errorf("error is %v", err)
	}
}

func TestPendingOutsideScripts(t *testing.T) {
	r := newRuntime(t)
	x := r.eval(t, `type("A", (), {"__repr__": lambda self: "R", "__hash__": lambda self: 1})()`)
	r.lib.cfg.Current = func() *starlark.Thread { return nil }
	if s := x.String(); !strings.HasPrefix(s, "<__main__.A object at 0x") {
		t.Errorf("text is %q", s)
	}
	if _, err := x.Hash(); err == nil {
		t.Error("hash without a thread")
	}
	if err := errors.New("e"); r.lib.Pending(err) != err {
		t.Error("error changed")
	}
}

// Errors of two threads don't mix.
func TestPendingThreads(t *testing.T) {
	r := newRuntime(t)
	a, b := r.thread, &starlark.Thread{Name: "b"}
	r.lib.Fail(errors.New("of a"))
	r.thread = b
	if err := r.lib.Pending(nil); err != nil {
		t.Errorf("b has %v", err)
	}
	r.lib.Fail(errors.New("of b"))
	r.lib.Fail(errors.New("second of b"))
	if err := r.lib.Pending(nil); err == nil || err.Error() != "of b" {
		t.Errorf("b has %v", err)
	}
	r.thread = a
	if err := r.lib.Pending(nil); err == nil || err.Error() != "of a" {
		t.Errorf("a has %v", err)
	}
	if len(r.lib.pending) != 0 {
		t.Errorf("left over: %v", r.lib.pending)
	}
}
