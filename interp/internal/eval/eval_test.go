package eval

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

var options = &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}

// outcome is what a program printed, the values of its globals, and its error with the positions of all calls.
func outcome(text string, run func(thread *starlark.Thread, f *syntax.File, env starlark.StringDict) (starlark.StringDict, error)) string {
	var out strings.Builder
	thread := &starlark.Thread{Print: func(_ *starlark.Thread, msg string) { out.WriteString(msg + "\n") }}
	thread.Load = func(_ *starlark.Thread, module string) (starlark.StringDict, error) {
		if module != "m" {
			return nil, errors.New("no such module")
		}
		return starlark.StringDict{"one": starlark.MakeInt(1)}, nil
	}
	thread.OnMaxSteps = func(thread *starlark.Thread) { thread.Cancel("too many steps") }
	f, err := options.Parse("t.star", text, 0)
	if err != nil {
		return "does not parse: " + err.Error()
	}
	env := starlark.StringDict{
		"apply": starlark.NewBuiltin("apply", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.Call(thread, args[0], args[1:], kwargs)
		}),
		// where is what a host's built-in sees of its callers.
		"where": starlark.NewBuiltin("where", func(thread *starlark.Thread, _ *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			fr := thread.CallFrame(1)
			return starlark.String(fr.Name + " " + fr.Pos.String() + " " + thread.CallFrame(0).Name), nil
		}),
	}
	globals, err := run(thread, f, env)
	for _, name := range globals.Keys() {
		fmt.Fprintf(&out, "%s = %v\n", name, globals[name])
	}
	if err != nil {
		var e *starlark.EvalError
		if !errors.As(err, &e) {
			return out.String() + err.Error()
		}
		for _, fr := range e.CallStack {
			if fr.Pos.Line > 0 {
				fmt.Fprintf(&out, "  %s: in %s\n", fr.Pos, fr.Name)
			}
		}
		out.WriteString(e.Msg)
	}
	return elsewhere.ReplaceAllString(out.String(), "$1")
}

// elsewhere finds the innermost position of errors that go.starlark.net places somewhere else: those of wrong arguments at the first thing in the
// function that is called, and those of slices within one of the operands.
var elsewhere = regexp.MustCompile(`  t\.star:\d+:\d+: in \S+\n(function \S+ (?:missing|got|accepts)|invalid (?:start|end) index|invalid slice|zero is not a valid slice)`)

func theirs(thread *starlark.Thread, f *syntax.File, env starlark.StringDict) (starlark.StringDict, error) {
	prog, err := starlark.FileProgram(f, env.Has)
	if err != nil {
		return nil, err
	}
	thread.SetMaxExecutionSteps(1_000_000)
	return prog.Init(thread, env)
}

func ours(thread *starlark.Thread, f *syntax.File, env starlark.StringDict) (starlark.StringDict, error) {
	m, err := NewModule(f, NewEnv(env, nil), nil)
	if err != nil {
		return nil, err
	}
	SetMaxSteps(thread, 200_000)
	err = m.Run(thread)
	return m.Globals(), err
}

// TestPrograms runs programs here and in go.starlark.net, which print the same and fail at the same places.
func TestPrograms(t *testing.T) {
	text, err := os.ReadFile("testdata/programs.star")
	if err != nil {
		t.Fatal(err)
	}
	for i, program := range strings.Split(string(text), "\n---\n") {
		if want, got := outcome(program, theirs), outcome(program, ours); got != want {
			t.Errorf("program %d:\n%s\ngot\n%s\nwant\n%s", i+1, program, got, want)
		}
	}
}

// TestRandomPrograms does so with programs that nobody would write. STARMP_STRESS multiplies their number.
func TestRandomPrograms(t *testing.T) {
	n := 3000
	if more, err := strconv.Atoi(os.Getenv("STARMP_STRESS")); err == nil {
		n *= more
	}
	failed := 0
	for seed := range uint64(n) {
		g := &generator{r: rand.New(rand.NewPCG(seed, 1))}
		program := g.program()
		want, got := outcome(program, theirs), outcome(program, ours)
		if strings.Contains(want+got, "too many steps") || strings.Contains(want, "stack overflow") {
			continue // steps are others here, and so is where a stack ends
		}
		if got != want {
			t.Errorf("seed %d:\n%s\ngot\n%s\nwant\n%s", seed, program, got, want)
			if failed++; failed == 5 {
				return
			}
		}
	}
}

// generator writes programs that parse and end.
type generator struct {
	r     *rand.Rand
	out   strings.Builder
	names []string // variables
	inFn  bool
	inFor bool
}

func (g *generator) pick(choices ...string) string { return choices[g.r.IntN(len(choices))] }

func (g *generator) program() string {
	for i := range 1 + g.r.IntN(3) {
		g.function(i)
	}
	g.names, g.inFn = []string{"x", "y", "z"}, false
	g.line(0, "x, y, z = %s, %s, %s", g.expr(2), g.expr(2), g.expr(2))
	g.block(0, 3+g.r.IntN(5), 2)
	g.line(0, "print(x, y, z, where())")
	return g.out.String()
}

func (g *generator) function(i int) {
	g.names, g.inFn = []string{"a", "b"}, true
	g.line(0, "def f%d(%s):", i, g.pick("a, b", "a, b = 2", "a, b = [1], *args", "a, *, b = 3", "a, b = 1, **kw", "a, b"))
	g.line(1, "c = %s", g.expr(2))
	g.names = append(g.names, "c")
	g.block(1, 1+g.r.IntN(4), 2)
	g.line(1, "return %s", g.expr(2))
}

func (g *generator) line(depth int, format string, args ...any) {
	g.out.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&g.out, format+"\n", args...)
}

func (g *generator) block(depth, n, nest int) {
	for range n {
		g.statement(depth, nest)
	}
}

func (g *generator) statement(depth, nest int) {
	v := g.pick(g.names...)
	k := g.r.IntN(16)
	if nest == 0 && k < 5 {
		k += 5
	}
	switch k {
	case 0:
		g.line(depth, "if %s:", g.expr(2))
		g.block(depth+1, 1+g.r.IntN(2), nest-1)
		if g.r.IntN(2) == 0 {
			g.line(depth, "else:")
			g.block(depth+1, 1, nest-1)
		}
	case 1, 2:
		was := g.inFor
		g.inFor = true
		g.line(depth, "for %s in %s:", g.pick(v, v, v+", y2", "(i, j)"), g.pick("range(4)", "range(5, -2, -2)", "range("+g.expr(1)+")", g.expr(1), "[(1, 2), (3, 4)]", "{\"a\": 1}.items()", "list("+v+")"))
		g.block(depth+1, 1+g.r.IntN(3), nest-1)
		g.inFor = was
	case 3:
		was := g.inFor
		g.inFor = true
		g.line(depth, "while len(str(%s)) < %d:", v, 2+g.r.IntN(5))
		g.line(depth+1, "%s = str(%s) + \"w\"", v, v)
		g.block(depth+1, 1, nest-1)
		g.inFor = was
	case 4:
		g.line(depth, "def g(%s): return %s", g.pick("p", "p = 1", "*p"), g.pick("p", v, "[p, "+v+"]"))
		g.line(depth, "%s = g(%s)", v, g.expr(1))
	case 5:
		g.line(depth, "%s %s= %s", v, g.pick("+", "-", "*", "//", "%", "|", "&", "/", "<<"), g.expr(1))
	case 6:
		g.line(depth, "%s[%s] %s %s", v, g.expr(1), g.pick("=", "+=", "-="), g.expr(1))
	case 7:
		g.line(depth, "%s.%s(%s)", v, g.pick("append", "get", "keys", "upper", "nothing", "extend"), g.pick("", g.expr(1), g.expr(1)+", "+g.expr(1)))
	case 8:
		g.line(depth, "print(%s)", g.expr(2))
	case 9:
		g.line(depth, "%s, %s = %s", v, g.pick(g.names...), g.expr(2))
	case 10:
		if g.inFor {
			g.line(depth, "%s", g.pick("break", "continue", "pass"))
			return
		}
		g.line(depth, "pass")
	case 11:
		if g.inFn && g.r.IntN(3) == 0 {
			g.line(depth, "return %s", g.expr(1))
			return
		}
		g.line(depth, "%s", g.expr(2))
	case 12:
		g.line(depth, "print(where(), apply(%s, %s))", g.pick("f0", "len", "lambda q: q", "str"), g.expr(1))
	default:
		g.line(depth, "%s = %s", v, g.expr(3))
	}
}

// expr writes an expression that is at most so deep.
func (g *generator) expr(depth int) string {
	if depth == 0 || g.r.IntN(5) == 0 {
		return g.pick(append([]string{"0", "1", "-1", "7", "2.5", "1e3", "1 << 40", "2147483647", "9223372036854775807", "\"s\"", "\"\"", "b\"b\"", "None", "True", "[]", "[1, 2]", "(1, 2)", "{}", "{1: 2}", "\"%s-%d\"", "set([1])"}, g.names...)...)
	}
	x, y := g.expr(depth-1), g.expr(depth-1)
	switch g.r.IntN(19) {
	case 0, 1, 2, 3:
		return "(" + x + " " + g.pick("+", "-", "*", "+", "-", "*", "//", "/", "%", "&", "|", "^", "<<", ">>") + " " + y + ")"
	case 4:
		return "(" + x + " " + g.pick("<", "<=", "==", "!=", ">", ">=", "in", "not in") + " " + y + ")"
	case 5:
		return "(" + x + " " + g.pick("and", "or") + " " + y + ")"
	case 6:
		return "(" + x + " if " + y + " else " + g.expr(depth-1) + ")"
	case 7:
		return "(" + g.pick("not ", "-", "+", "~") + x + ")"
	case 8:
		return x + "[" + y + "]"
	case 9:
		return x + "[" + g.pick(y, "") + ":" + g.pick(y, "", "-1") + g.pick("", ":2", ":-1", ":"+y) + "]"
	case 10:
		return "[" + x + ", " + y + "]"
	case 11:
		return "[" + g.pick("q", x) + " for q in " + y + g.pick("", " if q", " for r in range(2)", " if "+x) + "]"
	case 12:
		return "{" + x + ": " + y + g.pick("", ", 1: 2") + "}"
	case 13:
		return "{q: " + x + " for q in " + y + "}"
	case 14:
		return g.pick("f0", "f0", "len", "str", "type", "sorted", "(lambda p, q = "+y+": [p, q])") + "(" + g.pick(x, x+", "+y, "*["+x+"]", "a = "+x, "**{\"a\": "+x+"}", x+", b = "+y, "") + ")"
	case 15:
		return x + "." + g.pick("upper()", "get("+y+")", "items()", "join(["+y+"])", "nothing", "index("+y+")")
	case 16:
		return "(" + g.pick(x, "\"%s-%d\"", "\"%s\"", "\"<%d>\"") + " % " + g.pick(y, "("+y+",)", "("+x+", "+y+")") + ")"
	case 17:
		return "(lambda: " + x + ")()"
	}
	return "(" + x + ", " + y + ")"
}
