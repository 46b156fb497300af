package stdlib

import (
	"testing"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

func builtin(f func(args starlark.Tuple) (starlark.Value, error)) *starlark.Builtin {
	return starlark.NewBuiltin("f", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return f(args)
	})
}

// box is the Go state of the class Box of these tests: an integer, a property of it and its wire form.
type box struct{ n int64 }

type boxWire struct{ starlark.Value }

func (boxWire) EncodeNative(e *wire.Encoder, self starlark.Value) error {
	e.Int(self.(*Instance).Native().(*box).n)
	return nil
}

func (boxWire) DecodeNative(d *wire.Decoder, self starlark.Value) error {
	n, err := d.Int()
	self.(*Instance).SetNative(&box{n})
	return err
}

func addBox(tb testing.TB, r *scriptRun) *Class {
	state := func(v starlark.Value) *box { return v.(*Instance).Native().(*box) }
	class, err := r.lib.NewClass("Box", nil, starlark.StringDict{
		"__init__": builtin(func(args starlark.Tuple) (starlark.Value, error) {
			n, _ := args[1].(starlark.Int).Int64()
			args[0].(*Instance).SetNative(&box{n})
			return starlark.None, nil
		}),
		"double": builtin(func(args starlark.Tuple) (starlark.Value, error) {
			return starlark.MakeInt64(2 * state(args[0]).n), nil
		}),
		"n": &property{
			get: func(x *Instance) (starlark.Value, error) { return starlark.MakeInt64(state(x).n), nil },
			set: func(x *Instance, v starlark.Value) error {
				state(x).n, _ = v.(starlark.Int).Int64()
				return nil
			}},
		"ro":       &property{get: func(*Instance) (starlark.Value, error) { return starlark.None, nil }},
		"__wire__": boxWire{starlark.None},
	})
	if err != nil {
		tb.Fatal(err)
	}
	r.env["Box"] = class
	return class.(*Class)
}

func TestNativeClass(t *testing.T) {
	r := newRuntime(t)
	addBox(t, r)
	r.env["eq"] = starlark.NewBuiltin("eq", r.eq)
	_, err := r.run("test.star", `
b = Box(4)
eq(b.double(), 8)
b.n = 5
eq((b.n, b.double()), (5, 10))
def _init(self, n):
    Box.__init__(self, n + 1)
    self.extra = "x"
Sub = type("Sub", (Box,), {"__init__": _init, "double": lambda self: ("sub", super(Sub, self).double())})
s = Sub(1)
eq((s.n, s.extra, s.double()), (2, "x", ("sub", 4)))
eq(isinstance(s, Box), True)
eq(str(Box.double), "<method 'f' of 'Box' objects>")
# A method of the Go class can be another class's attribute.
Other = type("Other", (Box,), {"again": Box.double})
eq(Other(3).again(), 6)
e = try_(Box.double, 3).error
eq((type(e), str(e)), ("TypeError", "descriptor 'f' for 'Box' objects doesn't apply to a 'int' object"))
eq(type(try_(Box.double).error), "TypeError")
e = try_(setattr, b, "ro", 1).error
eq((type(e), str(e)), ("AttributeError", "attribute 'ro' of 'Box' objects is not writable"))
e = try_(setattr, Box, "x", 1).error
eq(type(e), "TypeError")
`)
	if err != nil {
		t.Fatal(r.lib.Format(err))
	}
	if _, err := r.lib.NewClass("X", []starlark.Value{starlark.None}, nil); err == nil {
		t.Error("None is a base")
	}
}

func TestInstanceAPI(t *testing.T) {
	r := newRuntime(t)
	x := r.eval(t, `type("A", (), {"m": lambda self: 1, "k": 2})()`).(*Instance)
	if x.Method("m") == nil || x.Method("none") != nil || x.Method("__repr__") != nil {
		t.Error("Method does not find what the class defines, and only that")
	}
	if err := x.SetField("a", starlark.True); err != nil {
		t.Fatal(err)
	}
	if v, err := x.GetAttr("a"); err != nil || v != starlark.True {
		t.Errorf("a is %v, %v", v, err)
	}
	if x.ClassName() != "A" || x.Class().(*Class).Name() != "A" || x.Native() != nil {
		t.Error("class or native state is wrong")
	}
	if !r.lib.IsInstance(x, x.Class()) || r.lib.IsInstance(x, r.lib.Exception("ValueError")) || !r.lib.IsInstance(starlark.True, starlark.Universe["int"]) {
		t.Error("IsInstance is wrong")
	}
}

func TestFrozen(t *testing.T) {
	r := newRuntime(t)
	g, err := r.run("test.star", `
A = type("A", (), {"l": []})
a = A()
a.x = [1]
b = A()
b.__dict__["x"] = 1
`)
	if err != nil {
		t.Fatal(err)
	}
	g.Freeze()
	r.env["A"], r.env["a"], r.env["b"] = g["A"], g["a"], g["b"]
	for _, src := range []string{"setattr(A, 'x', 1)", "setattr(a, 'x', 1)", "setattr(b, 'x', 1)", "a.x.append(1)", "A.l.append(1)", "delattr(a, 'x')", "delattr(A, 'l')"} {
		if got := r.eval(t, "type(try_(lambda: "+src+").error)"); got != starlark.String("TypeError") {
			t.Errorf("%s: %s", src, got)
		}
	}
	// New instances of a frozen class are not frozen.
	r.eval(t, "setattr(A(), 'x', 1)")
}

func TestExitStatus(t *testing.T) {
	r := newRuntime(t)
	for _, test := range []struct {
		src  string
		code int
		msg  string
		ok   bool
	}{
		{"raise_(SystemExit)", 0, "", true},
		{"raise_(SystemExit())", 0, "", true},
		{"raise_(SystemExit(None))", 0, "", true},
		{"raise_(SystemExit(3))", 3, "", true},
		{"raise_(SystemExit(-1))", 255, "", true},
		{"raise_(SystemExit(256))", 0, "", true},
		{"raise_(SystemExit(True))", 1, "", true},
		{"raise_(SystemExit('bye'))", 1, "bye", true},
		{"raise_(SystemExit(1, 2))", 1, "(1, 2)", true},
		{"raise_(type('Quit', (SystemExit,), {})(4))", 4, "", true},
		{"sys.exit(5)", 5, "", true},
		{"sys.exit()", 0, "", true},
		{"fail('x')", 0, "", false},
	} {
		_, err := r.run("test.star", test.src)
		code, msg, ok := r.lib.ExitStatus(err)
		if code != test.code || msg != test.msg || ok != test.ok {
			t.Errorf("%s: %d %q %v", test.src, code, msg, ok)
		}
	}
	if _, _, ok := r.lib.ExitStatus(nil); ok {
		t.Error("no error is SystemExit")
	}
}

func TestErrorKeepsObject(t *testing.T) {
	r := newRuntime(t)
	x := r.eval(t, "ValueError('x')")
	err := r.lib.ToError(x)
	if r.lib.FromError(err) != x {
		t.Error("another object")
	}
	var named interface{ ExceptionClass() string } = err.(*raised)
	if named.ExceptionClass() != "ValueError" || err.Error() != "x" {
		t.Errorf("%s: %s", named.ExceptionClass(), err)
	}
	sub := r.eval(t, "type('Sub', (queue.Empty,), {})()")
	if c := r.lib.ToError(sub).(*raised).ExceptionClass(); c != "queue.Empty" {
		t.Errorf("class is %s", c)
	}
	if err := r.lib.ToError(r.lib.Exception("KeyError")); r.lib.FromError(err).(*Instance).ClassName() != "KeyError" {
		t.Errorf("class raised as %v", err)
	}
	if err := r.lib.ToError(starlark.None); r.lib.FromError(err).(*Instance).ClassName() != "TypeError" {
		t.Errorf("None raised as %v", err)
	}
}

// A class made in a module says so.
func TestModuleName(t *testing.T) {
	r := newRuntime(t)
	r.env["__name__"] = starlark.String("helpers")
	if got := r.eval(t, `str(type("A", (), {}))`); got != starlark.String("<class 'helpers.A'>") {
		t.Errorf("class is %s", got)
	}
	if got := r.eval(t, `type("A", (), {"__module__": "other"}).__module__`); got != starlark.String("other") {
		t.Errorf("module is %s", got)
	}
}
