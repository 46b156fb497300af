package stdlib

import (
	"testing"

	"go.starlark.net/starlark"
)

// script benchmarks the function f of a script, which gets the number of rounds.
func benchmarkScript(b *testing.B, src string) {
	r := newRuntime(b)
	g, err := r.run("bench.star", src)
	if err != nil {
		b.Fatal(r.lib.Format(err))
	}
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := starlark.Call(r.thread, g["f"], starlark.Tuple{starlark.MakeInt(b.N)}, nil); err != nil {
		b.Fatal(r.lib.Format(r.lib.Pending(err)))
	}
}

func BenchmarkFunctionCall(b *testing.B) {
	benchmarkScript(b, `
def m(x):
    return x
def f(n):
    for i in range(n):
        m(i)
`)
}

func BenchmarkMethodCall(b *testing.B) {
	benchmarkScript(b, `
A = type("A", (), {"m": lambda self: self})
def f(n):
    a = A()
    for i in range(n):
        a.m()
`)
}

func BenchmarkAttribute(b *testing.B) {
	benchmarkScript(b, `
A = type("A", (), {})
def f(n):
    a = A()
    a.x = 1
    a.y = 2
    for i in range(n):
        a.y
`)
}

func BenchmarkSetAttribute(b *testing.B) {
	benchmarkScript(b, `
A = type("A", (), {})
def f(n):
    a = A()
    for i in range(n):
        a.y = i
`)
}

func BenchmarkNewInstance(b *testing.B) {
	benchmarkScript(b, `
def _init(self, x):
    self.x = x
A = type("A", (), {"__init__": _init})
def f(n):
    for i in range(n):
        A(i)
`)
}

func BenchmarkEqual(b *testing.B) {
	benchmarkScript(b, `
A = type("A", (), {"__eq__": lambda self, o: True})
def f(n):
    a, b = A(), A()
    for i in range(n):
        a == b
`)
}

func BenchmarkFormat(b *testing.B) {
	benchmarkScript(b, `
A = type("A", (), {"__str__": lambda self: "a"})
def f(n):
    a = A()
    for i in range(n):
        "%s" % a
`)
}

func BenchmarkTry(b *testing.B) {
	benchmarkScript(b, `
def g():
    pass
def f(n):
    for i in range(n):
        try_(g)
`)
}

func BenchmarkRaise(b *testing.B) {
	benchmarkScript(b, `
def g():
    raise_(ValueError)
def f(n):
    for i in range(n):
        try_(g)
`)
}

func BenchmarkClassify(b *testing.B) {
	benchmarkScript(b, `
def g():
    return [][0]
def f(n):
    for i in range(n):
        try_(g)
`)
}

func BenchmarkWith(b *testing.B) {
	benchmarkScript(b, `
CM = type("CM", (), {"__enter__": lambda self: None, "__exit__": lambda self, a, b, c: None})
def g():
    pass
def f(n):
    cm = CM()
    for i in range(n):
        with_(cm, g)
`)
}
