package interp

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarktest"
	"go.starlark.net/syntax"
)

// conformanceFiles are the files of go.starlark.net's starlark/testdata that its own tests run, but for proto.star, which tests
// protocol messages: no module here has them.
var conformanceFiles = []string{
	"assign", "bool", "builtins", "bytes", "control", "dict", "float", "function", "int", "json", "list", "math", "misc", "set", "string",
	"time", "tuple", "recursion", "module", "while", "function_param", "paths",
}

// TestConformance runs go.starlark.net's own tests of the language, from the module cache, in the environment of our scripts. Chunks
// are separated by lines "---"; a line with ### "regexp" must fail with an error that matches. What differs is in
// conformanceDifferences, and only that.
func TestConformance(t *testing.T) {
	dir := starlarkTestdata(t)
	met := map[difference]bool{}
	for _, name := range conformanceFiles {
		file := filepath.Join(dir, name+".star")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := &conformance{t: t, file: file, lines: strings.Split(string(text), "\n"), met: met}
		first := 0
		for chunk := range strings.SplitSeq(string(text), "\n---\n") {
			c.chunk(chunk, first)
			first += strings.Count(chunk, "\n") + 2
		}
	}
	for _, d := range conformanceDifferences {
		if !met[d] {
			t.Errorf("no longer differs: %s.star: %s", d.file, d.line)
		}
	}
}

// starlarkTestdata is where the module cache has go.starlark.net's tests.
func starlarkTestdata(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.starlark.net").Output()
	if err != nil {
		t.Skip("needs the go command and go.starlark.net in the module cache: ", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "starlark", "testdata")
}

// conformance is a run of one file.
type conformance struct {
	t     *testing.T
	file  string
	lines []string
	want  map[int]string      // by line, the errors of the chunk that are yet to come
	met   map[difference]bool // known differences that were met
}

// chunk runs a chunk whose first line is line first+1 of the file. One that ends early at a statement that is known to fail here runs
// again without it.
func (c *conformance) chunk(src string, first int) {
	for {
		line := c.run(src, first)
		lines := strings.Split(src, "\n")
		if line == 0 || !strings.Contains(lines[line-first-1], "assert.") {
			return
		}
		lines[line-first-1] = ""
		src = strings.Join(lines, "\n")
	}
}

// run runs a chunk. It returns the line of an error that it ended with where that is known, 0 for another end.
func (c *conformance) run(src string, first int) (known int) {
	c.want = map[int]string{}
	for i, line := range strings.Split(src, "\n") {
		if _, quoted, ok := strings.Cut(line, "###"); ok {
			pattern, err := strconv.Unquote(strings.TrimSpace(quoted))
			if err != nil {
				c.t.Fatalf("%s:%d: %v", c.file, first+i+1, err)
			}
			c.want[first+i+1] = pattern
		}
	}
	rt := newRuntime(c.t, Options{})
	thread := rt.NewThread("conformance")
	starlarktest.SetReporter(thread, c)
	load := thread.Load
	thread.Load = func(thread *starlark.Thread, module string) (starlark.StringDict, error) {
		switch module {
		case "assert.star":
			return starlarktest.LoadAssertModule()
		case "json.star", "math.star", "time.star":
			name := strings.TrimSuffix(module, ".star")
			return starlark.StringDict{name: rt.Predeclared()[name]}, nil
		}
		return load(thread, module)
	}
	rt.Enter(thread)
	defer rt.Leave(thread)
	env := maps.Clone(rt.moduleEnv(mainName))
	env["fibonacci"] = fibonacci{}
	env["hasfields"] = starlark.NewBuiltin("hasfields", newHasFields)
	_, err := rt.execIn(thread, env, mainName, c.file, []byte(strings.Repeat("\n", first)+src))
	err = rt.lib.Pending(err)

	var static *SyntaxError
	switch {
	case errors.As(err, &static):
		for _, p := range static.Errors {
			c.failed(int(p.Pos.Line), p.Msg)
		}
	case err != nil:
		line := c.lineOf(TracebackOf(err))
		if c.failed(line, err.Error()) {
			return line
		}
	}
	for line, pattern := range c.want {
		c.report(line, fmt.Sprintf("no error, want %s", pattern))
	}
	return 0
}

// lineOf is the line of the innermost frame in the file.
func (c *conformance) lineOf(tb Traceback) int {
	for _, f := range slices.Backward(tb) {
		if f.File == c.file {
			return int(f.Line)
		}
	}
	return 0
}

// failed checks an error of the chunk. It reports whether it is a known difference.
func (c *conformance) failed(line int, msg string) (known bool) {
	pattern, ok := c.want[line]
	delete(c.want, line)
	if !ok || !regexp.MustCompile(pattern).MatchString(msg) {
		return c.report(line, fmt.Sprintf("%s, want %q", msg, pattern))
	}
	return false
}

// Error is called by the module assert of the tests, with a message that begins with a call stack.
func (c *conformance) Error(args ...any) {
	msg := fmt.Sprint(args...)
	line := 0
	for _, at := range regexp.MustCompile(`(?m)^  (.*):(\d+):\d+: in `).FindAllStringSubmatch(msg, -1) {
		if at[1] == c.file {
			line, _ = strconv.Atoi(at[2])
		}
	}
	_, msg, _ = strings.Cut(msg, "Error: ")
	c.report(line, msg)
}

// report is for what is not as go.starlark.net's tests want it. It reports whether that is known.
func (c *conformance) report(line int, msg string) (known bool) {
	text := ""
	if 0 < line && line <= len(c.lines) {
		text = strings.TrimSpace(c.lines[line-1])
	}
	for _, d := range conformanceDifferences {
		if d.file+".star" == filepath.Base(c.file) && regexp.MustCompile(d.line).MatchString(text) && regexp.MustCompile(d.got).MatchString(msg) {
			c.met[d] = true
			return true
		}
	}
	c.t.Errorf("%s:%d: %s\n\t%s", c.file, line, msg, text)
	return false
}

// fibonacci is an endless iterable.
type fibonacci struct{}

func (fibonacci) Freeze()                    {}
func (fibonacci) String() string             { return "fib" }
func (fibonacci) Type() string               { return "fib" }
func (fibonacci) Truth() starlark.Bool       { return true }
func (fibonacci) Hash() (uint32, error)      { return 0, errors.New("fib is unhashable") }
func (fibonacci) Iterate() starlark.Iterator { return &fibonacciIterator{0, 1} }

type fibonacciIterator struct{ x, y int }

func (it *fibonacciIterator) Next(p *starlark.Value) bool {
	*p = starlark.MakeInt(it.x)
	it.x, it.y = it.y, it.x+it.y
	return true
}

func (*fibonacciIterator) Done() {}

// hasFields is a value whose attributes can be set, except those whose names begin with "no".
type hasFields struct {
	attrs  starlark.StringDict
	frozen bool
}

var (
	_ starlark.HasSetField = (*hasFields)(nil)
	_ starlark.HasBinary   = (*hasFields)(nil)
)

func newHasFields(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return &hasFields{attrs: starlark.StringDict{}}, nil
}

func (h *hasFields) String() string        { return "hasfields" }
func (h *hasFields) Type() string          { return "hasfields" }
func (h *hasFields) Truth() starlark.Bool  { return true }
func (h *hasFields) Hash() (uint32, error) { return 42, nil }

func (h *hasFields) Freeze() {
	if !h.frozen {
		h.frozen = true
		h.attrs.Freeze()
	}
}

func (h *hasFields) Attr(name string) (starlark.Value, error) { return h.attrs[name], nil }
func (h *hasFields) AttrNames() []string                      { return h.attrs.Keys() }

func (h *hasFields) SetField(name string, v starlark.Value) error {
	if h.frozen {
		return errors.New("cannot set field on a frozen hasfields")
	}
	if strings.HasPrefix(name, "no") {
		return starlark.NoSuchAttrError(fmt.Sprintf("no .%s field", name))
	}
	h.attrs[name] = v
	return nil
}

// Binary makes list + hasfields 42.
func (h *hasFields) Binary(op syntax.Token, y starlark.Value, _ starlark.Side) (starlark.Value, error) {
	if _, ok := y.(*starlark.List); ok && op == syntax.PLUS {
		return starlark.MakeInt(42), nil
	}
	return nil, nil
}
