package interp

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/starmp/starmp/mp/ship"
	"go.starlark.net/starlark"
)

// evalError runs text and returns its error.
func evalError(t *testing.T, text string, env starlark.StringDict) error {
	t.Helper()
	_, err := starlark.ExecFileOptions(ship.Options, new(starlark.Thread), "t.star", text, env)
	if err == nil {
		t.Fatal("no error")
	}
	return err
}

func TestTraceback(t *testing.T) {
	err := evalError(t, "def f(x):\n    return 1 // x\n\ndef g():\n    return [f(i) for i in (0,)]\n\ng()\n", nil)
	want := `Traceback (most recent call last):
  t.star:7:2: in <toplevel>
  t.star:5:14: in g
  t.star:2:14: in f
`
	if got := TracebackOf(err).String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// An error that a Go function wraps keeps the frames below that function, and each frame is shown once.
func TestTracebackThroughGo(t *testing.T) {
	wrap := starlark.NewBuiltin("wrap", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		_, err := starlark.Call(thread, args[0], nil, nil)
		return nil, fmt.Errorf("wrapped: %w", err)
	})
	elsewhere := starlark.NewBuiltin("elsewhere", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		_, err := starlark.Call(new(starlark.Thread), args[0], nil, nil)
		return nil, fmt.Errorf("wrapped: %w", err)
	})
	err := evalError(t, "def f():\n    {}[1]\ndef g():\n    elsewhere(f)\nwrap(g)\n", starlark.StringDict{"wrap": wrap, "elsewhere": elsewhere})
	want := `Traceback (most recent call last):
  t.star:5:5: in <toplevel>
  t.star:4:14: in g
  t.star:2:7: in f
`
	if got := TracebackOf(err).String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestTracebackOfOtherErrors(t *testing.T) {
	if got := TracebackOf(errors.New("x")).String(); got != "" {
		t.Errorf("got %q for an error without a stack", got)
	}
	if got := TracebackOf(nil); got != nil {
		t.Errorf("got %v for no error", got)
	}
}

func TestTracebackDeep(t *testing.T) {
	err := evalError(t, "def f(n):\n    return f(n - 1) if n else 1 // 0\nf(1000)\n", nil)
	got := TracebackOf(err).String()
	if !strings.Contains(got, "  t.star:2:13: in f\n  [previous call repeated 997 more times]\n  t.star:2:33: in f\n") {
		t.Errorf("repeats are not folded:\n%s", got)
	}
	err = evalError(t, "def f(n):\n    return g(n)\ndef g(n):\n    return f(n - 1) if n else 1 // 0\nf(1000)\n", nil)
	got = TracebackOf(err).String()
	if !strings.Contains(got, "  t.star:2:13: in f\n  t.star:4:13: in g\n  [previous 2 calls repeated 999 more times]\n  t.star:2:13: in f\n  t.star:4:33: in g\n") {
		t.Errorf("cycles are not folded:\n%s", got)
	}
	var tb Traceback
	for i := range 1000 {
		tb = append(tb, Frame{"t.star", int32(i), 1, "f"})
	}
	got = tb.String()
	if n := strings.Count(got, "\n"); n != 202 || !strings.Contains(got, "  [800 more calls]\n") || !strings.HasSuffix(got, "t.star:999:1: in f\n") {
		t.Errorf("the middle of a deep stack is not left out (%d lines):\n%s", n, got)
	}
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("a", 100) + "(" + strings.Repeat("b", 100)
	for _, c := range []struct {
		line string
		col  int32
		want string
	}{
		{"x = f(1)", 6, "x = f(1)\n     ^\n"},
		{"\t    return g()\r", 13, "return g()\n       ^\n"},
		{"x = 'äöü' + f()", 14, "x = 'äöü' + f()\n             ^\n"},
		{"x +", 4, "x +\n   ^\n"},
		{"   ", 2, ""},
		{"", 1, ""},
		{"x", 9, ""},
		{long, 101, "…" + strings.Repeat("a", 36) + "(" + strings.Repeat("b", 35) + "…\n" + strings.Repeat(" ", 37) + "^\n"},
		{long, 1, strings.Repeat("a", 73) + "…\n^\n"},
		{long, 201, "…" + strings.Repeat("b", 73) + "\n" + strings.Repeat(" ", 73) + "^\n"},
	} {
		if got := excerpt(c.line, c.col, ""); got != c.want {
			t.Errorf("excerpt(%q, %d):\n%swant:\n%s", c.line, c.col, got, c.want)
		}
	}
}
