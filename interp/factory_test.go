package interp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starmp/starmp/mp/ship"
	"go.starlark.net/starlark"
)

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
	{"function in a default reads the global that has it", "L = []\ndef f(x=L): return x[0](0) if len(x) > 1 else 'last'\nL += [lambda n: len(f([])) + n, 1]"},
	{"decorated recursion through a default", `
def deco(g):
    def wrapper(n, g=g): return ("deco", g(n))
    return wrapper
def fact(n): return 1 if n == 0 else (n, fact(n - 1))
fact = deco(fact)
def f(): return fact(2)
`},
	{"decorated recursion sent by itself", `
def deco(g):
    def wrapper(n=2, g=g): return ("deco", g(n))
    return wrapper
def f(n): return 1 if n == 0 else (n, f(n - 1), (lambda f: f)(f=7))
f = deco(f)
`},
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
				here, there := f.(documented), g.(documented)
				if here.Name() != there.Name() || here.Position().String() != there.Position().String() || here.Doc() != there.Doc() {
					t.Errorf("%s at %s arrived as %s at %s", here.Name(), here.Position(), there.Name(), there.Position())
				}
			}
		})
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

type documented interface {
	function
	Doc() string
}
