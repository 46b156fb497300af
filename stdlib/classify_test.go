package stdlib

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// TestClassify provokes the errors of go.starlark.net and checks the class that scripts see, which is CPython's for the same mistake where
// CPython has the same mistake.
func TestClassify(t *testing.T) {
	for _, test := range []struct{ src, class string }{
		// Names and attributes.
		{"[].x", "AttributeError"},
		{"None.x", "AttributeError"},
		{"'x'.uper()", "AttributeError"},
		{"struct(a = 1).b", "AttributeError"},
		{"getattr(1, 'x')", "AttributeError"},
		{"setattr([], 'x', 1)", "AttributeError"},
		{"json.x", "AttributeError"},
		{"(lambda: later)()", "NameError"},
		{"(lambda: [local for _ in [1] for local in [local]])()", "UnboundLocalError"},

		// Items.
		{"{}['x']", "KeyError"},
		{"{(1, 2): 3}[(1, 3)]", "KeyError"},
		{"{}.pop('x')", "KeyError"},
		{"{}.popitem()", "KeyError"},
		{"set().pop()", "KeyError"},
		{"set([1]).remove(2)", "KeyError"},
		{"'%(x)s' % {}", "KeyError"},
		{"'{x}'.format()", "KeyError"},
		{"[][0]", "IndexError"},
		{"[1][1]", "IndexError"},
		{"(1, 2)[-3]", "IndexError"},
		{"'abc'[5]", "IndexError"},
		{"range(3)[3]", "IndexError"},
		{"[].pop()", "IndexError"},
		{"[1].pop(4)", "IndexError"},
		{"[1][1 << 70]", "IndexError"},
		{"'{}'.format()", "IndexError"},
		{"'{1}'.format(0)", "IndexError"},
		{"[1]['x']", "TypeError"},
		{"(1)[0]", "TypeError"},
		{"(1)[0:1]", "TypeError"},
		{"[1]['a':]", "TypeError"},
		{"[1][::0]", "ValueError"},
		{"{[]: 1}", "TypeError"},
		{"{{}: 1}", "TypeError"},
		{"{set(): 1}", "TypeError"},
		{"set([[]])", "TypeError"},
		{"{}.get([])", "TypeError"},

		// Arithmetic.
		{"1 / 0", "ZeroDivisionError"},
		{"1.0 / 0", "ZeroDivisionError"},
		{"1 // 0", "ZeroDivisionError"},
		{"1.0 // 0", "ZeroDivisionError"},
		{"1 % 0", "ZeroDivisionError"},
		{"1.0 % 0", "ZeroDivisionError"},
		{"1 + 'x'", "TypeError"},
		{"[] + ()", "TypeError"},
		{"-'x'", "TypeError"},
		{"~1.5", "TypeError"},
		{"1 < 'x'", "TypeError"},
		{"{} < {}", "TypeError"},
		{"None < None", "TypeError"},
		{"sorted([1, 'x'])", "TypeError"},
		{"max(1, 'x')", "TypeError"},
		{"1 in 5", "TypeError"},
		{"1 in 'x'", "TypeError"},
		{"1 << -1", "ValueError"},
		{"1 << 513", "OverflowError"},
		{"float(1 << 2000)", "OverflowError"},
		{"(1 << 2000) / 2", "OverflowError"},
		{"int(float('inf'))", "OverflowError"},
		{"int(float('nan'))", "ValueError"},
		{"'x' * (1 << 40)", "OverflowError"},
		{"'xx' * (1 << 30)", "MemoryError"},
		{"[1, 2] * (1 << 30)", "MemoryError"},

		// Conversions.
		{"int('x')", "ValueError"},
		{"int('index 5 out of range')", "ValueError"},
		{"int('1', 99)", "ValueError"},
		{"int('1', 'x')", "TypeError"},
		{"int([])", "TypeError"},
		{"int(1.5, 10)", "TypeError"},
		{"float('x')", "ValueError"},
		{"float('')", "ValueError"},
		{"float([])", "TypeError"},
		{"chr(-1)", "ValueError"},
		{"chr(1 << 30)", "ValueError"},
		{"chr('x')", "TypeError"},
		{"ord('ab')", "TypeError"},
		{"ord(1)", "TypeError"},
		{"bytes([256])", "ValueError"},
		{"bytes(['x'])", "TypeError"},
		{"bytes(1)", "TypeError"},
		{"list(1)", "TypeError"},
		{"tuple(1)", "TypeError"},
		{"set(1)", "TypeError"},
		{"dict(1)", "TypeError"},
		{"dict([1])", "TypeError"},
		{"dict([(1, 2, 3)])", "ValueError"},
		{"{}.update([(1, 2, 3)])", "ValueError"},
		{"abs('x')", "TypeError"},
		{"hash([])", "TypeError"},
		{"len(1)", "TypeError"},
		{"range(1, 2, 0)", "ValueError"},
		{"range('x')", "TypeError"},
		{"zip(1)", "TypeError"},
		{"enumerate(1)", "TypeError"},
		{"reversed(1)", "TypeError"},
		{"min([])", "ValueError"},
		{"max()", "TypeError"},
		{"any(1)", "TypeError"},

		// Strings.
		{"'a'.index('b')", "ValueError"},
		{"'a'.rindex('b')", "ValueError"},
		{"'a'.split('')", "ValueError"},
		{"'a'.split(1)", "TypeError"},
		{"'a'.partition('')", "ValueError"},
		{"','.join([1])", "TypeError"},
		{"'a'.startswith(1)", "TypeError"},
		{"'a'.replace('b')", "TypeError"},
		{"'%d' % 'x'", "TypeError"},
		{"'%f' % 'x'", "TypeError"},
		{"'%c' % 'xx'", "TypeError"},
		{"'%c' % (1 << 30)", "OverflowError"},
		{"'%s'  % ()", "TypeError"},
		{"'' % 1", "TypeError"},
		{"'%y' % 1", "ValueError"},
		{"'%' % 1", "ValueError"},
		{"'%(x)s' % 1", "TypeError"},
		{"'{'.format()", "ValueError"},
		{"'}'.format()", "ValueError"},
		{"'{} {0}'.format(1)", "ValueError"},
		{"'{!x}'.format(1)", "ValueError"},

		// Lists.
		{"[].index(1)", "ValueError"},
		{"[].remove(1)", "ValueError"},
		{"[].extend(1)", "TypeError"},
		{"[].insert('x', 1)", "TypeError"},

		// Calls.
		{"(1)()", "TypeError"},
		{"(lambda: 1)(2)", "TypeError"},
		{"(lambda x: 1)()", "TypeError"},
		{"(lambda x: 1)(1, 2)", "TypeError"},
		{"(lambda x: 1)(1, x = 2)", "TypeError"},
		{"(lambda x: 1)(y = 2)", "TypeError"},
		{"(lambda **k: 1)(**{1: 2})", "TypeError"},
		{"(lambda **k: 1)(**3)", "TypeError"},
		{"(lambda *k: 1)(*3)", "TypeError"},
		{"len()", "TypeError"},
		{"len(1, 2)", "TypeError"},
		{"len(x = 1)", "TypeError"},
		{"sorted([], bad = 1)", "TypeError"},
		{"sorted([], key = 1)", "TypeError"},
		{"sorted(1)", "TypeError"},

		// Statements.
		{"unpack(2, [1])", "ValueError"},
		{"unpack(2, [1, 2, 3])", "ValueError"},
		{"unpack(2, 3)", "TypeError"},
		{"assign_none()", "TypeError"},
		{"loop_int()", "TypeError"},
		{"grow_list()", "RuntimeError"},
		{"grow_dict()", "RuntimeError"},
		{"set_field()", "AttributeError"},
		{"recurse()", "RecursionError"},
		{"deep() == deep()", "RecursionError"},
		{"json.decode('[')", "ValueError"},
		{"json.encode(len)", "TypeError"},
	} {
		t.Run(test.src, func(t *testing.T) {
			r := newRuntime(t)
			_, err := r.run("test.star", helpers+"result = "+test.src+"\nlater = 1\n")
			if err == nil {
				t.Fatal("no error")
			}
			x := r.lib.FromError(err).(*Instance)
			if x.ClassName() != test.class {
				t.Errorf("%v is %s, want %s", err, x.ClassName(), test.class)
			}
			// The text stays go.starlark.net's, or says what CPython's says.
			if s, _ := r.lib.Str(x); s != innermost(err).Error() {
				t.Errorf("text is %q, want %q", s, innermost(err).Error())
			}
		})
	}
}

const helpers = `
def unpack(n, x):
    a, b = x

def assign_none():
    x = None
    x[0] = 1

def loop_int():
    for x in 3:
        pass

def grow_list():
    l = [1]
    for x in l:
        l.append(1)

def grow_dict():
    d = {1: 1}
    for x in d:
        d[x + 1] = 1

def set_field():
    x = []
    x.f = 1

def recurse():
    recurse()

def deep():
    l = []
    for i in range(20):
        l = [l]
    return l

`

func TestMissingKey(t *testing.T) {
	r := newRuntime(t)
	for src, want := range map[string]string{
		"{}['x']":             `("x",)`,
		"{}[3]":               "(3,)",
		"{}[1 << 80]":         "(1208925819614629174706176,)",
		"{}[1.5]":             "(1.5,)",
		"{}[b'x']":            `(b"x",)`,
		"'%(k)s' % {}":        `("k",)`,
		"{}['a not in dict']": `("a not in dict",)`,
		"{}[(1, 2)]":          `("key (1, 2) not in dict",)`,
		"{}.pop('x')":         `("pop: missing key",)`,
	} {
		if got := r.eval(t, "try_(lambda: "+src+").error.args").String(); got != want {
			t.Errorf("%s: args are %s, want %s", src, got, want)
		}
	}
}

func TestGoErrors(t *testing.T) {
	r := newRuntime(t)
	_, notExist := os.Open("/nonexistent/file")
	for _, test := range []struct {
		err         error
		class, text string
	}{
		{wire.Errorf("queue.Empty", ""), "Empty", ""},
		{wire.Errorf("ValueError", "x %d", 1), "ValueError", "x 1"},
		{fmt.Errorf("wrapped: %w", wire.Errorf("KeyError", "no such")), "KeyError", "no such"},
		{wire.Errorf("no.such.Class", "x"), "RuntimeError", "x"},
		{notExist, "FileNotFoundError", "[Errno 2] No such file or directory: '/nonexistent/file'"},
		{syscall.EPIPE, "BrokenPipeError", "[Errno 32] Broken pipe"},
		{fs.ErrExist, "FileExistsError", "[Errno 17] File exists"},
		{os.ErrClosed, "ValueError", "I/O operation on closed file"},
		{io.EOF, "EOFError", ""},
	} {
		x := r.lib.FromError(test.err).(*Instance)
		if s, _ := r.lib.Str(x); x.ClassName() != test.class || s != test.text {
			t.Errorf("%v is %s(%q), want %s(%q)", test.err, x.ClassName(), s, test.class, test.text)
		}
	}
	if r.lib.FromError(nil) != starlark.None {
		t.Error("nil is not None")
	}
}
