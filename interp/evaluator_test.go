package interp

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/starmp/starmp/mp/ship"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// member is a process of a pretended family: an evaluator and a codec of its own.
type member struct {
	t       testing.TB
	ev      *evaluator
	codec   *wire.Codec
	env     starlark.StringDict
	modules map[string]string // what load() finds
	sent    []starlark.Value  // what scripts passed to send()
	loaded  map[string]starlark.StringDict
}

func newMember(t testing.TB) *member {
	m := &member{t: t, codec: wire.NewCodec(), loaded: map[string]starlark.StringDict{}}
	m.env = starlark.StringDict{
		"struct":   starlark.NewBuiltin("struct", starlarkstruct.Make),
		"resource": &starlarkstruct.Module{Name: "resource", Members: starlark.StringDict{"limit": starlark.MakeInt(7)}},
		"send": starlark.NewBuiltin("send", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			m.sent = append(m.sent, args[0])
			return starlark.None, nil
		}),
	}
	for name, v := range m.env {
		m.codec.Name(name, v)
	}
	m.ev = newEvaluator(func() starlark.StringDict { return m.env })
	ship.New(m.ev, m.codec, nil)
	return m
}

// run runs a file's top level.
func (m *member) run(name, file, text string) starlark.StringDict {
	m.t.Helper()
	m.ev.AddModule(name, file, []byte(text))
	globals, err := m.exec(name, file, text)
	if err != nil {
		m.t.Fatalf("%s: %v", file, err)
	}
	return globals
}

func (m *member) exec(name, file, text string) (starlark.StringDict, error) {
	env := starlark.StringDict{"__name__": starlark.String(name)}
	for k, v := range m.env {
		env[k] = v
	}
	thread := &starlark.Thread{Load: func(_ *starlark.Thread, file string) (starlark.StringDict, error) {
		if m.loaded[file] == nil {
			m.loaded[file] = m.run(strings.TrimSuffix(file, ".star"), file, m.modules[file])
		}
		return m.loaded[file], nil
	}}
	_, prog, err := starlark.SourceProgramOptions(ship.Options, file, strings.TrimPrefix(text, "\ufeff"), env.Has)
	if err != nil {
		return nil, err
	}
	return prog.Init(thread, env)
}

// send takes v to another member.
func (m *member) send(to *member, v starlark.Value) starlark.Value {
	m.t.Helper()
	data, _, err := m.codec.Encode(nil, "obj", v)
	if err != nil {
		m.t.Fatalf("sending: %v", err)
	}
	got, err := to.codec.Decode(data)
	if err != nil {
		m.t.Fatalf("receiving: %v", err)
	}
	return got
}

// call calls a function and returns its result as text, or the error.
func call(fn starlark.Value, args ...starlark.Value) string {
	v, err := starlark.Call(new(starlark.Thread), fn, args, nil)
	if err != nil {
		return "error: " + err.Error()
	}
	return v.String()
}

// sendOne runs a script and sends its f to a new member.
func sendOne(t *testing.T, script string) (from, to *member, f starlark.Value) {
	t.Helper()
	from, to = newMember(t), newMember(t)
	f = from.run("__main__", "main.star", script)["f"]
	return from, to, from.send(to, f)
}

func TestTracebacksShowTheOriginal(t *testing.T) {
	_, _, f := sendOne(t, "\n\ndef inner(x):\n    y = [\n        1 // x,\n    ]\n    return y\n\ndef f():\n    return [inner(x) for x in [0]]\n")
	_, err := starlark.Call(new(starlark.Thread), f, nil, nil)
	trace := err.(*starlark.EvalError).CallStack.String()
	want := "Traceback (most recent call last):\n  main.star:10:18: in f\n  main.star:5:11: in inner\n"
	if trace != want {
		t.Errorf("got %s want %s", trace, want)
	}
}

func TestUnassignedGlobalNamesItself(t *testing.T) {
	a, b := newMember(t), newMember(t)
	a.run("__main__", "main.star", "def f(): return later\nsend(f)\nlater = 1\n")
	a = newMember(t)
	if _, err := a.exec("__main__", "main.star", "def f(): return later\nsend(f)\nfail('stop')\nlater = 1"); err == nil {
		t.Fatal("no failure")
	}
	a.ev.AddModule("__main__", "main.star", []byte("def f(): return later\nsend(f)\nfail('stop')\nlater = 1"))
	if got := call(a.send(b, a.sent[0])); !strings.Contains(got, "later") {
		t.Errorf("got %s", got)
	}
}

func TestGlobalsOfAModuleExistOnce(t *testing.T) {
	a, b := newMember(t), newMember(t)
	g := a.run("__main__", "main.star", `
state = {"n": 0}
def bump():
    state["n"] += 1
    return state["n"]
def read(): return state["n"]
def make():
    return lambda: bump() + 100
f = make()
`)
	call(a.send(b, g["bump"]))
	call(a.send(b, g["bump"]))
	if got := call(a.send(b, g["read"])); got != "2" {
		t.Errorf("read() = %s after two calls of bump, want 2", got)
	}
	if got := call(a.send(b, g["f"])); got != "103" {
		t.Errorf("f() = %s, want 103", got)
	}
	if got := call(g["read"]); got != "0" {
		t.Errorf("the sender's state changed: %s", got)
	}
}

func TestComesHome(t *testing.T) {
	a, b := newMember(t), newMember(t)
	g := a.run("__main__", "main.star", `
def plain(n): return n
def defaults(n=1, s="x", e=1.5, none=None): return n
def mutable(l=[]):
    l.append(1)
    return l
count = [0]
def make(k):
    def closure():
        count[0] += k
        return count[0]
    return closure
closure = make(2)
def fact(n): return fact(n - 1) if n else count
def factory(): return lambda: count
`)
	for _, name := range []string{"plain", "defaults", "fact", "mutable"} {
		if home := b.send(a, a.send(b, g[name])); home != g[name] {
			t.Errorf("%s is another function", name)
		}
	}
	mutable := a.send(b, g["mutable"])
	call(mutable)
	if home := b.send(a, mutable); home == g["mutable"] {
		t.Error("a function whose default changed elsewhere is the same")
	}
	// Another function, but on the globals that are here.
	if got := call(b.send(a, a.send(b, g["closure"]))); got != "2" {
		t.Errorf("closure() = %s", got)
	}
	if got := g["count"].String(); got != "[2]" {
		t.Errorf("count = %s", got)
	}
	// A function that was made elsewhere.
	made, err := starlark.Call(new(starlark.Thread), a.send(b, g["factory"]), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := call(b.send(a, made)); got != "[2]" {
		t.Errorf("made() = %s", got)
	}
}

func TestIdentityInOneMessage(t *testing.T) {
	a, b := newMember(t), newMember(t)
	g := a.run("__main__", "main.star", "L = []\ndef f(): L.append(1); return L\ndef g(): return L\nboth = [f, g, L, f]")
	got := a.send(b, g["both"]).(*starlark.List)
	call(got.Index(0))
	if s := call(got.Index(1)); s != "[1]" {
		t.Errorf("g() = %s", s)
	}
	if s := got.Index(2).String(); s != "[1]" {
		t.Errorf("L = %s", s)
	}
	if got.Index(0) != got.Index(3) {
		t.Error("f is two functions")
	}
}

// opaque is a value without a wire form.
type opaque struct{ starlark.NoneType }

func (opaque) Type() string { return "file" }

func TestErrorsNameThePath(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{"log = opaque\ndef f(): log", `cannot send file at obj: global "log"`},
		{"log = {'x': [1, opaque]}\ndef g(): return log\ndef f(): return g()", `cannot send file at obj: global "g": global "log"["x"][1]`},
		{"def make(o):\n  def f(): return o\n  return f\nf = make((opaque,))", `cannot send file at obj: free variable "o"[0]`},
		{"def f(a, b=[opaque]): pass", `cannot send file at obj: default "b"[0]`},
		{"s = set()\ndef f(x=s): pass\ns.add(f)", `cannot send function at obj: default "x": key <function>: it refers to itself from a place that can't be filled in later`},
	} {
		a := newMember(t)
		a.env["opaque"] = opaque{}
		f := a.run("__main__", "main.star", tt.script)["f"]
		_, _, err := a.codec.Encode(nil, "obj", f)
		if err == nil || err.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

func TestSourceFromDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plain.star")
	text := "x = 3\ndef f(): return (x, extra, __name__)\n"
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	a, b := newMember(t), newMember(t)
	a.env["extra"] = starlark.String("known to both")
	b.env["extra"] = a.env["extra"]
	g, err := a.exec("plain", file, text)
	if err != nil {
		t.Fatal(err)
	}
	if got := call(a.send(b, g["f"])); got != `(3, "known to both", "plain")` {
		t.Errorf("got %s", got)
	}
}

func TestPredeclaredOfTheHostTravels(t *testing.T) {
	a, b := newMember(t), newMember(t)
	text := "def f(): return config['k']"
	a.ev.AddModule("__main__", "main.star", []byte(text))
	config := starlark.NewDict(1)
	_ = config.SetKey(starlark.String("k"), starlark.String("v"))
	g, err := starlark.ExecFileOptions(ship.Options, new(starlark.Thread), "main.star", text, starlark.StringDict{"config": config})
	if err != nil {
		t.Fatal(err)
	}
	if got := call(a.send(b, g["f"])); got != `"v"` {
		t.Errorf("got %s", got)
	}
}

func TestSourceNotAvailable(t *testing.T) {
	dir := t.TempDir()
	a := newMember(t)
	for name, other := range map[string]string{"gone.star": "", "changed.star": "\n\ndef f(a, b): return 1\n", "renamed.star": "\n\ndef g(): return 1\n", "broken.star": "def def"} {
		file := filepath.Join(dir, name)
		if other != "" {
			if err := os.WriteFile(file, []byte(other), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		g, err := a.exec("__main__", file, "\n\ndef f(): return 1\n")
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = a.codec.Encode(nil, "obj", starlark.Tuple{g["f"]})
		want := fmt.Sprintf("cannot send function at obj[0]: source of function f (%s:3:1) is not available", file)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What is typed at a prompt is a file for each statement; their globals are names in a dict that is the predeclared
// environment of them all.
func TestInteractiveSession(t *testing.T) {
	a, b := newMember(t), newMember(t)
	env := starlark.StringDict{}
	for name, v := range a.env {
		env[name] = v
	}
	for i, chunk := range []string{
		"state = {'n': 0}", "resource = [7]", "len = 'mine'", "def bump(): state['n'] += 1", "def read(): return (state['n'], resource, len)",
		"def fact(n): return 1 if n == 0 else n * fact(n - 1)", "def twice(): return fact(5) * 2",
	} {
		file := fmt.Sprintf("<stdin-%d>", i)
		a.ev.AddChunk("repl", "__main__", file, []byte(chunk))
		_, prog, err := starlark.SourceProgramOptions(ship.Options, file, chunk, env.Has)
		if err != nil {
			t.Fatal(err)
		}
		globals, err := prog.Init(new(starlark.Thread), env)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range globals {
			env[name] = v
		}
	}
	call(a.send(b, env["bump"]))
	if got := call(a.send(b, env["read"])); got != `(1, [7], "mine")` {
		t.Errorf("read() = %s", got)
	}
	if got := call(a.send(b, env["twice"])); got != "240" {
		t.Errorf("twice() = %s", got)
	}
	if home := b.send(a, a.send(b, env["read"])); home != env["read"] {
		t.Error("read is another function at home")
	}
}

// FuzzReceiveFunction receives damaged messages with functions.
func FuzzReceiveFunction(f *testing.F) {
	a := newMember(f)
	g := a.run("__main__", "m.star", "L = []\ndef f(x, y=L):\n  def g(n=1): return g(n - 1) + x if n else L\n  return g\nh = f(2)\nl = lambda q: (f, q)\nL += [h, l]\n")
	for _, name := range []string{"f", "h", "l"} {
		data, _, err := a.codec.Encode(nil, "obj", g[name])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := newMember(t)
		v, err := b.codec.Decode(data)
		if err != nil {
			return
		}
		_, _, _ = b.codec.Encode(nil, "obj", v)
	})
}

// A chain of closures is decoded with the interpreter's stack growing along.
func TestLongChainOfClosures(t *testing.T) {
	a, b := newMember(t), newMember(t)
	g := a.run("__main__", "main.star", `
def link(next):
    return lambda: next
f = None
for _ in range(3000):
    f = link(f)
def length(f):
    n = 0
    while f != None:
        f = f()
        n += 1
    return n
`)
	if got := call(a.send(b, g["length"]), a.send(b, g["f"])); got != "3000" {
		t.Errorf("got %s", got)
	}
}
