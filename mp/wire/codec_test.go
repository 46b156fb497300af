package wire

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// allOptions are the dialect's options.
var allOptions = &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}

// eval evaluates a Starlark expression.
func eval(t testing.TB, expr string) starlark.Value {
	t.Helper()
	v, err := starlark.EvalOptions(allOptions, new(starlark.Thread), "expr", expr, nil)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return v
}

// roundTrip encodes and decodes v.
func roundTrip(t testing.TB, c *Codec, v starlark.Value) starlark.Value {
	t.Helper()
	data, _, err := c.Encode(nil, "obj", v)
	if err != nil {
		t.Fatalf("Encode(%s): %v", short(v), err)
	}
	got, err := c.Decode(data)
	if err != nil {
		t.Fatalf("Decode(Encode(%s)): %v", short(v), err)
	}
	return got
}

func short(v starlark.Value) string {
	s := v.String()
	if len(s) > 100 {
		s = s[:100] + "..."
	}
	return s
}

func TestValues(t *testing.T) {
	for _, expr := range []string{
		"None", "True", "False", "0", "1", "-1", "31", "32", "127", "128", "-32", "-33", "-128", "-129", "255", "256",
		"32767", "32768", "-32768", "-32769", "65535", "65536", "2147483647", "2147483648", "-2147483648", "-2147483649",
		"4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"-9223372036854775809", "18446744073709551615", "18446744073709551616", "1<<500", "-(1<<500)", "-(1<<500) + 1",
		"0.0", "-0.0", "1.5", "1e300", "5e-324", `float("inf")`, `float("-inf")`, `float("nan")`,
		`""`, `"x"`, `"é☃\n\0"`, `"x"*31`, `"x"*32`, `"x"*255`, `"x"*256`, `"x"*65535`, `"x"*65536`,
		`b""`, `b"\xff\x00"`, `b"x"*255`, `b"x"*256`, `b"x"*70000`,
		"[]", "[1]", "[[]]", "list(range(15))", "list(range(16))", "list(range(70000))",
		"()", "(1,)", "((),)", "(1, (2, [3]))", "tuple(range(1000))",
		"{}", `{"a": 1, "b": "x"}`, `{3: 1, 2: 2, 1: 3}`, `{(1, "x"): {}, None: [], True: 1, 1: 2, 2.5: 3, b"k": 4}`,
		"{i: str(i) for i in range(70000)}", "{i: i for i in range(15)}", "{i: i for i in range(16)}",
		"set()", "set([3, 2, 1])", `set([(1, 2), "x"])`, "set(range(1000))",
		"range(0)", "range(10)", "range(3, 10)", "range(10, 3, -2)", "range(5, 5, 7)", "range(-1, -10)",
		`"abc".elems()`, `"aé☃".elems()`, `"abc".elem_ords()`, `"aé☃".codepoints()`, `"aé☃".codepoint_ords()`, `b"ab\xff".elems()`,
		"len", "range", "print", "[].append", `"x".join`,
	} {
		t.Run(expr[:min(len(expr), 30)], func(t *testing.T) {
			v := eval(t, expr)
			got := roundTrip(t, NewCodec(), v)
			if got.String() != v.String() || got.Type() != v.Type() {
				t.Errorf("got %s %s", got.Type(), short(got))
			}
			if f, ok := v.(starlark.Float); ok && math.Float64bits(float64(f)) != math.Float64bits(float64(got.(starlark.Float))) {
				t.Errorf("got other bits: %v", got)
			}
		})
	}
}

func TestStringsByteForByte(t *testing.T) {
	for _, s := range []string{"\xff", "a\x80b", strings.Repeat("\xc3", 300)} {
		if got := roundTrip(t, NewCodec(), starlark.String(s)); got != starlark.String(s) {
			t.Errorf("%q arrived as %q", s, got)
		}
	}
}

// One codec serves all goroutines of a process, also while names are added.
func TestConcurrentUse(t *testing.T) {
	c := NewCodec()
	c.Register(objectType())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			v := starlark.Tuple{eval(t, `{"a": [1, 2, (3, "x")]}`), starlark.Universe["len"], &object{starlark.StringDict{"key": starlark.None}}}
			for j := range 200 {
				data, _, err := c.Encode(nil, "obj", v)
				if err == nil {
					_, err = c.Decode(data)
				}
				if err != nil {
					t.Error(err)
					return
				}
				if j%50 == 0 {
					c.Name(fmt.Sprint("name", i, j), starlark.NewBuiltin("b", nil))
				}
			}
		})
	}
	wg.Wait()
}

func TestAppendElements(t *testing.T) {
	c := NewCodec()
	shared := starlark.NewList([]starlark.Value{starlark.MakeInt(7)})
	loop := starlark.NewList(nil)
	loop.Append(loop)
	tuple := starlark.Tuple{starlark.NewList(nil)}
	tuple[0].(*starlark.List).Append(tuple)
	r, err := starlark.Call(new(starlark.Thread), starlark.Universe["range"], starlark.Tuple{starlark.MakeInt(3), starlark.MakeInt(9), starlark.MakeInt(2)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []starlark.Value{
		starlark.NewList(nil),
		starlark.NewList([]starlark.Value{starlark.MakeInt(1), starlark.MakeInt(-1), starlark.String("x"), starlark.MakeInt64(1 << 40), starlark.MakeInt64(1<<32 - 1), starlark.None}),
		starlark.NewList([]starlark.Value{shared, shared, tuple, loop}),
		starlark.Tuple{starlark.MakeInt(1), shared},
		r,
	} {
		data, _, err := c.Encode(nil, "v", v)
		if err != nil {
			t.Fatal(err)
		}
		before := starlark.String("before")
		got, err := c.AppendElements([]starlark.Value{before}, data)
		if err != nil || got[0] != before || len(got)-1 != starlark.Len(v) {
			t.Errorf("%v: %v, %v", v, got, err)
			continue
		}
		for i, x := range got[1:] {
			if want := v.(starlark.Indexable).Index(i); x.String() != want.String() || x.Type() != want.Type() {
				t.Errorf("%v: element %d is %v", v, i, x)
			}
		}
		if v.Type() == "list" && len(got) > 1 && got[1].Type() == "list" && got[1] != got[2] {
			t.Error("what was one object is two")
		}
		for n := range data {
			if _, err := c.AppendElements(nil, data[:n]); err == nil {
				t.Errorf("%v: no error for %d of %d bytes", v, n, len(data))
			}
		}
	}
	data, _, _ := c.Encode(nil, "v", starlark.MakeInt(1))
	if _, err := c.AppendElements(nil, data); err == nil {
		t.Error("an int has elements")
	}
}

// A long string that is most of a message may be a part of it; all others are copies.
func TestDecodeKeeping(t *testing.T) {
	c := NewCodec()
	long := strings.Repeat("0123456789abcdef", longText/16)
	for _, test := range []struct {
		v    starlark.Value
		kept bool
	}{
		{starlark.String(long), true},
		{starlark.Bytes(long), true},
		{starlark.Tuple{starlark.MakeInt(1), starlark.Bytes(long + long)}, true},
		{starlark.NewList([]starlark.Value{starlark.String(long), starlark.String(long + "x"), starlark.String(long + "y")}), false},
		{starlark.String(long[1:]), false},
		{starlark.MakeInt(7), false},
	} {
		data, _, err := c.Encode(nil, "v", test.v)
		if err != nil {
			t.Fatal(err)
		}
		for _, roomy := range []bool{false, true} {
			buf := slices.Clip(slices.Clone(data))
			if roomy {
				buf = slices.Grow(buf, 2*len(buf)) // not worth being kept
			}
			got, kept, err := c.DecodeKeeping(buf, string(buf))
			if err != nil || got.String() != test.v.String() || kept != (test.kept && !roomy) {
				t.Errorf("%.30s, %v: %.30s, %v, %v", test.v, roomy, got, kept, err)
			}
		}
	}
}
