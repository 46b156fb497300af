package stdlib

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

var dialect = &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}

// scriptRun is the least that runs scripts with a Lib: one thread, nothing around it.
type scriptRun struct {
	lib    *Lib
	thread *starlark.Thread
	env    starlark.StringDict
	out    bytes.Buffer
}

func newRuntime(tb testing.TB) *scriptRun {
	r := &scriptRun{thread: &starlark.Thread{Name: tb.Name()}}
	r.lib = New(Config{
		Argv:       []string{"script.star", "a"},
		Executable: "/bin/starmp",
		Version:    "1.2.3 (test)",
		Getpid:     func() int { return 123 },
		Getppid:    func() int { return 122 },
		Stdin:      strings.NewReader("first\nsecond\nthird"),
		Stdout:     &r.out,
		Current:    func() *starlark.Thread { return r.thread },
	})
	r.env = starlark.StringDict{"__name__": starlark.String("__main__"), "struct": starlark.NewBuiltin("struct", starlarkstruct.Make)}
	for name, v := range r.lib.Predeclared() {
		r.env[name] = v
	}
	return r
}

// run runs a script and returns its globals.
func (r *scriptRun) run(file, src string) (starlark.StringDict, error) {
	f, err := dialect.Parse(file, src, 0)
	if err != nil {
		return nil, err
	}
	Rewrite(f, r.env.Has)
	prog, err := starlark.FileProgram(f, r.env.Has)
	if err != nil {
		return nil, err
	}
	g, err := prog.Init(r.thread, r.env)
	return g, r.lib.Pending(err)
}

// eval evaluates an expression in the globals of a script.
func (r *scriptRun) eval(tb testing.TB, src string) starlark.Value {
	tb.Helper()
	g, err := r.run("eval.star", "result = "+src)
	if err != nil {
		tb.Fatal(r.lib.Format(err))
	}
	return g["result"]
}

// TestScripts runs the chunks of testdata/*.star. Chunks are separated by lines "---". A line that ends in ### "regexp" must fail with
// an error whose last traceback line matches; the chunk ends there.
func TestScripts(t *testing.T) {
	t.Setenv("STARMP_TEST_VAR", "x=y")
	files, err := filepath.Glob("testdata/*.star")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts: ", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			line := 0
			for _, chunk := range strings.Split(string(data), "\n---\n") {
				runChunk(t, file, strings.Repeat("\n", line)+chunk)
				line += strings.Count(chunk, "\n") + 2
			}
		})
	}
}

func runChunk(t *testing.T, file, src string) {
	t.Helper()
	wantLine, want := expectation(t, file, src)
	r := newRuntime(t)
	r.env["eq"] = starlark.NewBuiltin("eq", r.eq)
	r.env["tmp"] = starlark.String(t.TempDir())
	r.env["output"] = starlark.NewBuiltin("output", r.output)
	_, err := r.run(file, src)
	if err == nil {
		if wantLine > 0 {
			t.Errorf("%s:%d: no error, want %s", file, wantLine, want)
		}
		return
	}
	text := strings.TrimSuffix(r.lib.Format(err), "\n")
	last := text[strings.LastIndexByte(text, '\n')+1:]
	if wantLine == 0 {
		t.Errorf("%s: %s", file, text)
		return
	}
	if got := errorLine(err, file); got != wantLine {
		t.Errorf("%s:%d: error is in line %d: %s", file, wantLine, got, text)
	}
	if !regexp.MustCompile(want).MatchString(last) {
		t.Errorf("%s:%d: got %s, want %s", file, wantLine, last, want)
	}
}

func expectation(t *testing.T, file, src string) (line int, pattern string) {
	for i, s := range strings.Split(src, "\n") {
		if _, quoted, ok := strings.Cut(s, "### "); ok {
			p, err := strconv.Unquote(strings.TrimSpace(quoted))
			if err != nil {
				t.Fatalf("%s:%d: bad expectation %s", file, i+1, quoted)
			}
			return i + 1, p
		}
	}
	return 0, ""
}

// errorLine is the line of the outermost frame in the script: the chunk's own top level.
func errorLine(err error, file string) int {
	var e *starlark.EvalError
	if errors.As(err, &e) {
		for _, fr := range e.CallStack {
			if fr.Pos.Filename() == file {
				return int(fr.Pos.Line)
			}
		}
	}
	return 0
}

// eq(got, want) fails unless both are equal and of a type.
func (r *scriptRun) eq(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	ok, err := starlark.Equal(args[0], args[1])
	if err != nil {
		return nil, err
	}
	if !ok || args[0].Type() != args[1].Type() {
		return nil, fmt.Errorf("eq: got %v, want %v", args[0], args[1])
	}
	return starlark.None, nil
}

// output() returns what the script has printed since the last call.
func (r *scriptRun) output(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	s := r.out.String()
	r.out.Reset()
	return starlark.String(s), nil
}
