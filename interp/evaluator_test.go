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
	ev      *Evaluator
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
	m.ev = NewEvaluator(func() starlark.StringDict { return m.env })
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

// shipments are scripts whose function f is called where it was defined, in a process that it was sent to, and in one
// that it was sent to from there. All give the same.
var shipments = []struct{ name, script string }{
	{"constant", `def f(): return 1`},
	{"global", "x = 5\ndef f(): return x"},
	{"lambda", `f = lambda: 42`},
	{"lambda reads global", "y = [1, 2]\nf = lambda: y + [3]"},
	{"lambdas on one line", "fs = [lambda: 1, lambda: 2, lambda: fs[0]() + fs[1]()]; f = fs[2]"},
	{"lambda over lines", "f = (lambda:\n  1 +\n  [2, 3,\n   4][-1])"},
	{"lambda ends in brackets", "d = {(1, 2): [5]}\nf = lambda: d[(1, 2)][0:1]\n"},
	{"lambda gives tuple", "f = (lambda: (1, 2))"},
	{"lambda in call", "def apply(g): return g\nf = apply(lambda: [i for i in range(3)])"},
	{"lambda in default", "def h(g=lambda: 3): return g\nf = h()"},
	{"lambda in lambda", "f = (lambda a: lambda b: lambda: (a, b))(1)(2)"},
	{"lambda at column 1", "lambda: 1\n(lambda: send(1))\nf = [\nlambda: 9\n][0]"},
	{"lambda in comprehension", "fs = [lambda: i for i in range(3)]\nf = fs[0]"},
	{"lambda in dict comprehension", "fs = {i: lambda: i * 10 for i in range(3)}\nf = fs[0]"},
	{"lambda condition", "f = lambda: (1 if not True else -[7][0])"},
	{"closure", "def make(n):\n  def f(): return n + 1\n  return f\nf = make(41)"},
	{"closure levels", `
def a(x):
    def b(y):
        z = [x]
        def c(w):
            def d():
                return (x, y, z, w, g)
            return d
        return c
    return b
g = "global"
f = a(1)(2)(3)
`},
	{"closure makes closure", `
def make(n):
    def f():
        def inner(k):
            return n * k + base()
        return [inner(i) for i in range(4)]
    return f
def base(): return 100
f = make(3)
`},
	{"shared cell", `
def make():
    log = []
    def add(x): log.append(x)
    def get(): return log
    def f():
        add(1)
        add(2)
        return get()
    return f
f = make()
`},
	{"defaults", "def f(a=1, b='x', c=[1]): return (a, b, c)"},
	{"default shared with global", "L = [1]\ndef f(a=L):\n  a.append(2)\n  r = list(L)\n  L.clear(); L.append(1)\n  return r"},
	{"default from local", "def make(k):\n  def f(a, *, b=k, c): return (a, b, c)\n  return lambda: f(1, c=3)\nf = make([7])"},
	{"all parameters", "def g(a, b=2, *args, c, d=4, **kw): return (a, b, args, c, d, kw)\ndef f(): return [g(1, c=3), g(1, 5, 6, 7, c=8, d=9, e=10)]"},
	{"args as defaults", "def f(*args, **kwargs): return (args, kwargs)"},
	{"default lambda", "def f(key=lambda x: -x): return sorted([1, 3, 2], key=key)"},
	{"recursion", "def fact(n): return 1 if n == 0 else n * fact(n - 1)\ndef f(): return fact(30)"},
	{"recursion of what is sent", "def f(n=5): return [n] + (f(n - 1) if n else [])"},
	{"inner recursion", "def make():\n  def f(n=4): return [n] + (f(n - 1) if n else [])\n  return f\nf = make()"},
	{"recursion in nested", "def f(n=4):\n  def g(): return f(n - 1)\n  return [n] + (g() if n else [])"},
	{"own name as parameter", "def f():\n  g = lambda f: f + 1\n  return g(f=1)"},
	{"mutual recursion", "def even(n): return True if n == 0 else odd(n - 1)\ndef odd(n): return False if n == 0 else even(n - 1)\ndef f(): return (even(10), odd(7), even(7))"},
	{"inner mutual recursion", `
def make():
    def even(n): return True if n == 0 else odd(n - 1)
    def odd(n): return False if n == 0 else even(n - 1)
    return lambda: (even(10), odd(7))
f = make()
`},
	{"decorated", "def deco(g): return lambda: ['deco', g()]\ndef f(): return 1\nf = deco(f)"},
	{"decorated recursion", `
def deco(g):
    return lambda n: ("deco", g(n))
def fact(n): return 1 if n == 0 else (n, fact(n - 1))
fact = deco(fact)
def f(): return fact(2)
`},
	{"function in list with itself", "L = []\ndef f(): return len(L)\nL.append(f)"},
	{"function in its default", "L = []\ndef f(x=L): return len(x)\nL.append(f)"},
	{"function in its default's dict", "D = {}\ndef f(x=D): return [k for k in x] + [type(v) for v in x.values()]\nD['f'] = f"},
	{"function in its default's tuple", "D = {}\ndef f(x=D): return type(x['t'][0])\nD['t'] = (f, 1)"},
	{"def in if", "if True:\n  def f(): return 1\nelse:\n  def f(): return 2\n"},
	{"def in else", "if False:\n  def f(): return 1\nelif False:\n  def f(): return 2\nelse:\n  def f(): return 3\n"},
	{"def in for", "fs = []\nfor i in range(3):\n  def g(j=i):\n    return j\n  fs.append(g)\ndef f(): return [g() for g in fs]"},
	{"def in while", "n = 0\nwhile n < 2:\n    def f(): return n\n    n += 1\n"},
	{"def in function's if", "def make(c):\n  if c:\n    def f(): return 'c'\n  else:\n    def f(): return 'not c'\n  return f\nf = make(False)"},
	{"one line", "def f(): x = 1; return x + 1\nz = 3"},
	{"followed by comment", "def f():\n    return 1\n    # more\n# and more\n\n\n   # odd\nx = 1"},
	{"comment inside", "def make():\n    def f():\n# left\n        x = 1 # right\n  # between\n        return x\n    return f\nf = make()"},
	{"text over lines", "def f():\n    '''Doc\nstring'''\n    return '''a\nb\n  c''' + \"\"\"\n\"\"\"\ny = 1"},
	{"continued lines", "def f(a=1,\n   b=2):\n    return a + \\\n  b + (1 +\n 2)\n\nx = 1"},
	{"tabs", "def make():\n\tdef f():\n\t\tif True:\n\t\t\treturn 1\n\treturn f\nf = make()"},
	{"other line ends", "x = 1\r\ndef f():\r\n    return x\r\ny = 2\r\n"},
	{"old line ends", "x = 1\rdef f():\r    return x\ry = 2\r"},
	{"characters", "x = 'é☃𝄞'; f = [lambda: 'é☃𝄞' + x, 'é'][0]"},
	{"byte order mark", "\ufeffdef f(): return 1"},
	{"no line end", "def f():\n  return 7   "},
	{"shadowed predeclared", "resource = [1]\ndef f(): return resource"},
	{"predeclared", "def f(): return resource.limit"},
	{"shadowed universal", "def len(x): return 'mine'\ndef f(): return len([])"},
	{"shadowed in function", "def f():\n  len = 3\n  return len"},
	{"module name", "def f(): return __name__"},
	{"load", "load('lib.star', 'helper', h='other')\ndef f(): return (helper(1), h())"},
	{"load in nested", "load('lib.star', 'helper')\ndef f(): return [helper(i) for i in range(2)] + [(lambda: helper(7))()]"},
	{"load constant", "load('lib.star', 'table')\nf = lambda: table"},
	{"load function itself", "load('lib.star', 'helper', 'other')\nf = other"},
	{"load recursive", "load('lib.star', 'recursive')\ndef g(): return recursive(3)\ndef f(): return g()"},
	{"load shadows a predeclared name", "load('lib.star', resource='helper')\ndef f(): return resource(3)"},
	{"two functions of one module in one value", "x = [0]\ndef a(): x.append(1); return len(x)\ndef b(): return len(x)\nfs = (a, b)\ndef f():\n  r = (fs[0](), fs[1]())\n  x.pop()\n  return r"},
	{"unassigned global", "def f(): return [later] if False else 1\nsend(f)\nlater = 1"},
	{"unassigned free variable", "def make():\n  if False: n = 1\n  return lambda: 1 if True else n\nf = make()"},
	{"struct of functions", "s = struct(a=lambda: 1, b=struct(c=lambda x: x))\ndef f(): return (s.a(), s.b.c(3))"},
	{"bound method", "L = []\npush = L.append\ndef f():\n  push(1); n = len(L); L.clear(); return n"},
	{"builtin alias", "p = len\ndef f(): return p('abc')"},
	{"set and functions", "s = set([len, str])\ndef f(): return [g('x') for g in s]"},
	{"augmented and nested assignments", "x = [1]\ndef f():\n  y, (z, w) = 1, (2, 3)\n  y += z\n  q = [0]\n  q[0] += w\n  return (x, y, q)"},
	{"names of keyword arguments", "a = 1\ndef g(**kw): return kw\ndef f(): return g(a=2, b=a)"},
	{"names of attributes", "limit = 9\ndef f(): return resource.limit"},
	{"comprehension scopes", "x = 3\ndef f(): return [x for x in [x for _ in range(2)]] + [x]"},
	{"defaults of nested functions read globals", "x = 3\ndef f():\n  def g(a=x): return a\n  return g()"},
	{"shadowed by nested parameter", "x = 3\ndef f(): return (lambda x: x)(1) + x"},
	{"if at top level", "if True: f = lambda: 1"},
	{"def after def on lines", "def a(): return 1\ndef f(): return a()\ndef c(): return 3"},
}

const libText = `
table = {"k": [1, 2]}
def helper(x): return x * 10 + _private
_private = 5
def other(): return (helper(2), table["k"])
def recursive(n): return [n] + (recursive(n - 1) if n else [])
`

func TestShipments(t *testing.T) {
	for _, tt := range shipments {
		t.Run(tt.name, func(t *testing.T) {
			a, b, c := newMember(t), newMember(t), newMember(t)
			a.modules = map[string]string{"lib.star": libText}
			f := a.run("__main__", "main.star", tt.script)["f"]
			if f == nil {
				t.Fatal("no f")
			}
			atB := a.send(b, f)
			atC := b.send(c, atB)
			home := b.send(a, atB)
			want := call(f)
			if strings.HasPrefix(want, "error") {
				t.Fatalf("at home: %s", want)
			}
			if got := call(atB); got != want {
				t.Errorf("in a child: %s, want %s", got, want)
			}
			if got := call(atC); got != want {
				t.Errorf("in a child's child: %s, want %s", got, want)
			}
			if got := call(home); got != want {
				t.Errorf("home again: %s, want %s", got, want)
			}
			for _, g := range []starlark.Value{atB, atC} {
				here, there := f.(*starlark.Function), g.(*starlark.Function)
				if here.Name() != there.Name() || here.Position().String() != there.Position().String() || here.Doc() != there.Doc() {
					t.Errorf("%s at %s arrived as %s at %s", here.Name(), here.Position(), there.Name(), there.Position())
				}
			}
		})
	}
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

func longScript(lines int) string {
	var b strings.Builder
	b.WriteString("table = {'a': 1}\n")
	for i := 0; b.Len() == 0 || i*10 < lines-1; i++ {
		fmt.Fprintf(&b, "def task%d(x, y=2):\n    # A comment of some length about what follows\n    total = 0\n    for i in range(x):\n        if i %% 2 == 0:\n"+
			"            total += i * y + len(table)\n        else:\n            total -= helper(i, [total, x])\n    return {'total': total, 'name': 'task%d'}\n\n", i, i)
	}
	return b.String() + "def helper(i, l): return i + len(l)\n"
}

// BenchmarkShip measures what a function costs: the first time in a pair of processes, and again.
func BenchmarkShip(b *testing.B) {
	for _, lines := range []int{50, 2700} {
		text := longScript(lines)
		b.Run(fmt.Sprintf("first/%d", lines), func(b *testing.B) {
			a := newMember(b)
			g := a.run("__main__", "main.star", text)
			for b.Loop() {
				b.StopTimer()
				a.ev.AddModule("__main__", "main.star", []byte(text))
				to := newMember(b)
				b.StartTimer()
				a.send(to, g["task1"])
			}
		})
		b.Run(fmt.Sprintf("encode/%d", lines), func(b *testing.B) {
			a := newMember(b)
			g := a.run("__main__", "main.star", text)
			for b.Loop() {
				b.StopTimer()
				a.ev.AddModule("__main__", "main.star", []byte(text))
				b.StartTimer()
				_, _, _ = a.codec.Encode(nil, "obj", g["task1"])
			}
		})
		b.Run(fmt.Sprintf("parsed/%d", lines), func(b *testing.B) {
			a := newMember(b)
			g := a.run("__main__", "main.star", text)
			for b.Loop() {
				b.StopTimer()
				m := a.ev.AddModule("__main__", "main.star", []byte(text))
				f, _, err := starlark.SourceProgramOptions(ship.Options, "main.star", text, a.env.Has)
				if err != nil {
					b.Fatal(err)
				}
				m.SetTree(f)
				b.StartTimer()
				_, _, _ = a.codec.Encode(nil, "obj", g["task1"])
			}
		})
		b.Run(fmt.Sprintf("again/%d", lines), func(b *testing.B) {
			a, to := newMember(b), newMember(b)
			g := a.run("__main__", "main.star", text)
			b.ReportAllocs()
			for b.Loop() {
				a.send(to, g["task1"])
			}
		})
	}
}
