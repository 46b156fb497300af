package stdlib

import (
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// family is two runtimes, as of two processes, that know the same Go classes.
type family struct {
	a, b           *scriptRun
	aCodec, bCodec *wire.Codec
}

func newFamily(tb testing.TB) *family {
	f := &family{a: newRuntime(tb), b: newRuntime(tb)}
	next := 0
	for _, r := range []*scriptRun{f.a, f.b} {
		r.lib.cfg.ClassID = func() string { next++; return string(rune('a' + next)) }
	}
	functions := map[string]*starlark.Function{}
	f.aCodec, f.bCodec = codecOf(tb, f.a, functions), codecOf(tb, f.b, functions)
	return f
}

// codecOf returns a codec with a stand-in for the wire form of functions: the function itself, with the classes among its module's
// globals, which are how classes refer to themselves.
func codecOf(tb testing.TB, r *scriptRun, functions map[string]*starlark.Function) *wire.Codec {
	c := wire.NewCodec()
	r.lib.Register(c)
	c.Name("Box", addBox(tb, r))
	c.Register(wire.Type{Name: "func", Go: reflect.TypeFor[*starlark.Function](), Shared: true,
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			fn := v.(*starlark.Function)
			key := fn.Position().String()
			functions[key] = fn
			e.String(key)
			var classes []starlark.Value
			for _, name := range fn.Module().Globals().Keys() {
				if c, ok := fn.Module().Globals()[name].(*Class); ok && c.lib == r.lib {
					classes = append(classes, c)
				}
			}
			e.Len(len(classes))
			for _, c := range classes {
				if err := e.Field("global", c); err != nil {
					return err
				}
			}
			return nil
		},
		Decode: func(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
			key, err := d.String()
			if err != nil {
				return nil, err
			}
			define(functions[key])
			n, err := d.Len()
			for range n {
				if err == nil {
					err = d.Field(func(starlark.Value) {})
				}
			}
			return functions[key], err
		}})
	return c
}

// send takes a value from a to b.
func (f *family) send(tb testing.TB, v starlark.Value) starlark.Value {
	tb.Helper()
	return transfer(tb, f.aCodec, f.bCodec, v)
}

func transfer(tb testing.TB, from, to *wire.Codec, v starlark.Value) starlark.Value {
	tb.Helper()
	data, _, err := from.Encode(nil, "obj", v)
	if err != nil {
		tb.Fatal(err)
	}
	got, err := to.Decode(data)
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// arrives evaluates an expression, sends the value and checks an expression about what arrived, as x.
func (f *family) arrives(tb testing.TB, src, check string) {
	tb.Helper()
	f.b.env["x"] = f.send(tb, f.a.eval(tb, src))
	if got := f.b.eval(tb, check); got != starlark.True {
		tb.Errorf("%s arrived as %v: not %s", src, f.b.env["x"], check)
	}
}

func TestWireInstances(t *testing.T) {
	f := newFamily(t)
	f.arrives(t, `type("A", (), {"k": 1, "m": lambda self: self.n + self.k})`, `type(x) == "type" and x.__name__ == "A" and x.__module__ == "__main__"`)
	g, err := f.a.run("a.star", `
def _init(self, n):
    self.n = n
Base = type("Base", (), {"__init__": _init, "get": lambda self: self.n})
A = type("A", (Base,), {"__eq__": lambda self, o: self.n == o.n, "__hash__": lambda self: self.n, "me": lambda self: A})
a = A(3)
a.self = a
a.pair = [a, A]
`)
	if err != nil {
		t.Fatal(err)
	}
	f.a.env["A"], f.a.env["a"], f.a.env["Base"] = g["A"], g["a"], g["Base"]
	f.arrives(t, "a", `x.n == 3 and x.self == x and x.get() == 3 and x.pair[1] == x.__class__ and [c.__name__ for c in x.__class__.__mro__] == ["A", "Base", "object"]`)
	f.arrives(t, "[a, a, A]", "x[0].self == x[1] and x[0].__class__ == x[2]")
	f.arrives(t, "{a: 1, A(4): 2}", "[k.n for k in x] == [3, 4] and [x[k] for k in x] == [1, 2]")
	f.arrives(t, "a.get", `type(x) == "method" and x() == 3`)
	f.arrives(t, "Base.__init__", `type(x) == "function"`)
	f.arrives(t, "try_(lambda: a.get())", `x.ok and x.value == 3 and x.error == None and type(x) == "result"`)
	f.arrives(t, "type('S', (), {'s': staticmethod(lambda x: x), 'c': classmethod(lambda cls: cls), 'p': property(lambda self: 5)})()", "x.s(1) == 1 and x.c() == x.__class__ and x.p == 5")
	g["a"].(*Instance).dictionary()
	f.arrives(t, "[a, a.__dict__]", "x[0].__dict__ == x[1] and x[0].n == 3")
	f.arrives(t, "NotImplemented", "x == NotImplemented")
	f.arrives(t, "object", "x == object")
}

// Class and instance that travel apart are of one class, also on the way back.
func TestWireClassIdentity(t *testing.T) {
	f := newFamily(t)
	g, err := f.a.run("a.star", `
def make():
    return type("Inner", (ValueError,), {"__str__": lambda self: "inner"})
C = make()
x = C(1)
`)
	if err != nil {
		t.Fatal(err)
	}
	class, x := f.send(t, g["C"]), f.send(t, g["x"])
	if x.(*Instance).cls != class {
		t.Error("instance has another class than the one that arrived")
	}
	if back := transfer(t, f.bCodec, f.aCodec, class); back != g["C"] {
		t.Error("class came home as another")
	}
	if back := transfer(t, f.bCodec, f.aCodec, x); back.(*Instance).cls != g["C"] {
		t.Error("instance came home with another class")
	}
	f.b.env["x"], f.b.env["C"] = x, class
	if got := f.b.eval(t, `[isinstance(x, C), isinstance(x, ValueError), str(x), type(try_(raise_, x).error)]`).String(); got != `[True, True, "inner", "Inner"]` {
		t.Errorf("got %s", got)
	}
	// A second class made by the same code is another class.
	g2, err := f.a.run("a.star", `C = type("Inner", (ValueError,), {})`)
	if err != nil {
		t.Fatal(err)
	}
	if f.send(t, g2["C"]) == class {
		t.Error("two classes became one")
	}
}

func TestWireExceptions(t *testing.T) {
	f := newFamily(t)
	for src, check := range map[string]string{
		"ValueError('bad', 1)":        `x.args == ("bad", 1) and type(x) == "ValueError" and x.__class__ == ValueError and x.traceback == ""`,
		"ValueError":                  "x == ValueError",
		"queue.Empty":                 "x == queue.Empty",
		"queue.Full()":                "isinstance(x, queue.Full)",
		"OSError(2, 'No')":            `str(x) == "[Errno 2] No" and x.errno == 2`,
		"try_(lambda: {}['k']).error": `str(x) == 'key "k" not in dict' and x.args == ("k",) and "in lambda" in x.traceback and x.traceback.endswith('KeyError: key "k" not in dict\n')`,
		"try_(lambda: raise_(ValueError('o'), KeyError('i'))).error": `x.__cause__.args == ("i",) and "direct cause" in x.traceback`,
	} {
		f.arrives(t, src, check)
	}
	f.arrives(t, "(lambda e: [setattr(e, 'note', [e]), e])(ValueError('x'))[1]", "x.note[0] == x")
	f.arrives(t, "(lambda l, e: [l.append(e), e])(*(lambda l: (l, ValueError(l)))([]))[1]", "x.args[0][0] == x")
	// Raised again where it arrived, it has the frames of both; raised once more, still those.
	f.b.env["x"] = f.send(t, f.a.eval(t, "try_(lambda: 1 // 0).error"))
	g, err := f.b.run("there.star", `
before = x.traceback
def again():
    raise_(x)
first = try_(again).error.traceback
def once_more():
    raise_(x)
second = try_(once_more).error.traceback
`)
	if err != nil {
		t.Fatal(err)
	}
	before, first := string(g["before"].(starlark.String)), string(g["first"].(starlark.String))
	header, there, ok := strings.Cut(before, "\n") // the frames of the other process come last
	if !ok || !strings.Contains(there, "in process MainProcess:\n  eval.star") || !strings.HasPrefix(first, header) ||
		!strings.HasSuffix(first, "there.star:4:11: in again\n"+there) {
		t.Errorf("traceback is %s", first)
	}
	if g["second"] != g["first"] {
		t.Errorf("traceback changed to %s", g["second"])
	}
}

func TestWireNative(t *testing.T) {
	f := newFamily(t)
	f.arrives(t, "Box(7)", "x.n == 7 and x.__class__ == Box and x.double() == 14")
	f.arrives(t, "[type('Sub', (Box,), {'k': 2})(5)]", "x[0].n == 5 and x[0].k == 2 and isinstance(x[0], Box)")
	f.arrives(t, "Box(7).double", "x() == 14")
	f.arrives(t, "Box.double", "x(Box(3)) == 6")
	f.arrives(t, "Box.__init__", "x == Box.__init__")
}

func TestWireErrors(t *testing.T) {
	f := newFamily(t)
	class, err := f.a.lib.NewClass("Unnamed", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.a.env["Unnamed"] = class
	f.a.env["thread"] = boxWire{starlark.None}
	for src, want := range map[string]string{
		"[Unnamed()]": "obj[0]",
		"(lambda a: [setattr(a, 'x', {'k': thread}), a])(type('A', (), {})())[1]": `obj.x["k"]`,
		"type('A', (), {'x': thread})()":                                          `obj.__class__.x`,
		"ValueError(1, thread)":                                                   `obj.args[1]`,
	} {
		_, _, err := f.aCodec.Encode(nil, "obj", f.a.eval(t, src))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %s in it", src, err, want)
		}
	}
}

// Classes that travelled are not kept alive by the table of IDs.
func TestClassTable(t *testing.T) {
	f := newFamily(t)
	for range 500 {
		f.send(t, f.a.eval(t, `type("A", (), {})()`))
	}
	runtime.GC()
	// The table may have room for twice what was alive when it was looked through last, at most 1000.
	for range 600 {
		f.send(t, f.a.eval(t, `type("A", (), {})`))
	}
	if n := len(f.b.lib.ids.byID); n > 600 {
		t.Errorf("%d classes are still in the table", n)
	}
}

func FuzzDecode(f *testing.F) {
	fam := newFamily(f)
	for _, src := range []string{
		"Box(7)", "try_(lambda: 1 // 0)", "type('A', (ValueError,), {'k': 1, 's': staticmethod(len)})(3)", "Box(1).double",
		"(lambda a: [setattr(a, 'x', a), a])(type('A', (), {})())", "type('A', (), {'__hash__': None})", "super",
	} {
		data, _, err := fam.aCodec.Encode(nil, "obj", fam.a.eval(f, src))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := fam.bCodec.Decode(data)
		if err != nil {
			return
		}
		// Whatever came must be usable without a panic.
		_, _ = fam.b.lib.Repr(v)
		_, _ = v.Hash()
		v.Truth()
		if x, ok := v.(*Instance); ok {
			_, _ = x.Attr("args")
			_, _ = x.Attr("m")
			x.AttrNames()
			fam.b.lib.Format(fam.b.lib.ToError(x))
		}
		_ = fam.b.lib.Pending(nil)
		v.Freeze()
	})
}
