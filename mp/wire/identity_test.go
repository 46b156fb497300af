package wire

import (
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// run executes a script and returns its global v.
func run(t testing.TB, script string) starlark.Value {
	t.Helper()
	env := starlark.StringDict{"struct": starlark.NewBuiltin("struct", starlarkstruct.Make)}
	_, prog, err := starlark.SourceProgramOptions(allOptions, "script", script, env.Has)
	if err != nil {
		t.Fatal(err)
	}
	globals, err := prog.Init(new(starlark.Thread), env)
	if err != nil {
		t.Fatal(err)
	}
	return globals["v"]
}

// check runs a script's function check on v.
func check(t *testing.T, script string, v starlark.Value) {
	t.Helper()
	_, prog, err := starlark.SourceProgramOptions(allOptions, "check", script, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	globals, err := prog.Init(new(starlark.Thread), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := starlark.Call(new(starlark.Thread), globals["check"], starlark.Tuple{v}, nil); err != nil {
		t.Errorf("%s: %v", script, err)
	}
}

func TestSharedReferencesAndCycles(t *testing.T) {
	for _, tt := range []struct{ name, make, check string }{
		{"one list twice", "x = [1]; v = [x, x]", "def check(v): v[0].append(2); assert(v[1] == [1, 2])"},
		{"equal lists", "v = [[1], [1]]", "def check(v): v[0].append(2); assert(v[1] == [1])"},
		{"list in itself", "v = [1]; v.append(v)", "def check(v): v.append(5); assert(v[1][1][1][2] == 5)"},
		{"dict in itself", "v = {}; v['v'] = v", "def check(v): v['v']['v']['x'] = 1; assert(v['x'] == 1)"},
		{"tuple through a list", "l = []; v = (l, 7); l.append(v)", "def check(v): v[0].append(5); assert(v[0][0][0][1] == 5 and v[0][0][1] == 7)"},
		{"list through a tuple", "v = []; v.append((v, 7))", "def check(v): v.append(5); assert(v[0][0][1] == 5)"},
		{"set twice", "s = set([1]); v = (s, s)", "def check(v): v[0].add(2); assert(2 in v[1])"},
		{"dict shared by many", "d = {}; v = [d] * 1000", "def check(v): v[0]['x'] = 1; assert(v[999]['x'] == 1)"},
		{"tuple as key and value", "t = (1, 2); v = {t: t}", "def check(v): assert(v[(1, 2)] == (1, 2))"},
		{"slices of a tuple", "t = tuple(range(5)); v = (t[:2], t, t[:2], t[:3])", "def check(v): assert(v == ((0, 1), (0, 1, 2, 3, 4), (0, 1), (0, 1, 2)))"},
		{"struct shared", "s = struct(l=[]); v = [s, s]", "def check(v): v[0].l.append(1); assert(v[1].l == [1])"},
		{"struct in its list", "l = []; v = struct(l=l, x=1); l.append(v)", "def check(v): assert(v.l[0].l[0].x == 1)"},
		{"struct in its dict", "l = {}; v = struct(l=l, x=1); l['k'] = (v,)", "def check(v): assert(v.l['k'][0].x == 1)"},
		{"order of dicts and sets", "v = [{3: 1, 1: 2, 2: 3}, set([3, 1, 2])]", "def check(v): assert(list(v[0]) == [3, 1, 2] and list(v[1]) == [3, 1, 2])"},
		{"many containers", "v = [[i] for i in range(1000)]; v += v", "def check(v): v[999].append(1); assert(v[1999] == [999, 1] and len(v) == 2000)"},
		{"bound methods", "l = []; v = [l.append, l, l.append]", "def check(v): v[0](1); v[2](2); assert(v[1] == [1, 2])"},
		{"method of what it is in", "v = []; v.append(v.append)", "def check(v): v[0](5); assert(v[1] == 5)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checker := "def assert(ok): 1 // (1 if ok else 0)\n" + tt.check
			checker = strings.ReplaceAll(checker, "assert", "ensure")
			check(t, checker, run(t, tt.make))
			check(t, checker, roundTrip(t, NewCodec(), run(t, tt.make)))
		})
	}
}

// Each level of the list has the next one twice, so the number of paths is 2^200.
func TestManyPathsToOneValue(t *testing.T) {
	v := starlark.Value(starlark.NewList(nil))
	for range 200 {
		v = starlark.Tuple{v, starlark.NewList([]starlark.Value{v})}
	}
	data, _, err := NewCodec().Encode(nil, "obj", v)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 5000 {
		t.Errorf("message has %d bytes", len(data))
	}
	if _, err := NewCodec().Decode(data); err != nil {
		t.Error(err)
	}
}

func TestDepth(t *testing.T) {
	nest := func(depth int, wrap func(starlark.Value) starlark.Value) starlark.Value {
		v := starlark.Value(starlark.None)
		for range depth {
			v = wrap(v)
		}
		return v
	}
	wraps := map[string]func(starlark.Value) starlark.Value{
		"list":  func(v starlark.Value) starlark.Value { return starlark.NewList([]starlark.Value{v}) },
		"tuple": func(v starlark.Value) starlark.Value { return starlark.Tuple{v} },
		"dict": func(v starlark.Value) starlark.Value {
			d := starlark.NewDict(1)
			_ = d.SetKey(starlark.String("k"), v)
			return d
		},
		"struct": func(v starlark.Value) starlark.Value {
			return starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{"f": v})
		},
	}
	for name, wrap := range wraps {
		c := NewCodec()
		data, _, err := c.Encode(nil, "obj", nest(MaxDepth, wrap))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := c.Decode(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, _, err = c.Encode(nil, "obj", nest(MaxDepth+1, wrap))
		e, ok := err.(*Error)
		if !ok || e.Class != "RecursionError" || len(e.Msg) > 500 || !strings.HasPrefix(e.Msg, "cannot send "+name+" at obj") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// A message of another sender.
	data := append([]byte(strings.Repeat("\x91", MaxDepth+1)), 0xc0)
	if _, err := NewCodec().Decode(data); err == nil || err.(*Error).Class != "RecursionError" {
		t.Errorf("got %v", err)
	}
}
