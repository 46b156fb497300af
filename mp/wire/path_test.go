package wire

import (
	"reflect"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// file can't be sent.
type file struct{ starlark.NoneType }

func (file) Type() string   { return "file" }
func (file) String() string { return "<file>" }

func TestPaths(t *testing.T) {
	c := NewCodec()
	c.Register(objectType())
	c.Register(Type{Name: "closed", Go: reflect.TypeFor[*late](),
		Encode: func(*Encoder, starlark.Value) error { return Errorf("ValueError", "queue is closed") }})
	dict := func(k, v starlark.Value) starlark.Value {
		d := starlark.NewDict(1)
		if err := d.SetKey(k, v); err != nil {
			t.Fatal(err)
		}
		return d
	}
	str := func(s string) starlark.Value { return starlark.String(s) }
	list := func(vs ...starlark.Value) starlark.Value { return starlark.NewList(vs) }
	set := starlark.NewSet(1)
	_ = set.Insert(file{})
	for _, tt := range []struct {
		root  string
		v     starlark.Value
		class string
		want  string
	}{
		{"obj", file{}, "TypeError", "cannot send file at obj"},
		{"", file{}, "TypeError", "cannot send file"},
		{"args", starlark.Tuple{dict(str("log"), file{})}, "TypeError", `cannot send file at args[0]["log"]`},
		{"obj", list(str("x"), list(file{})), "TypeError", "cannot send file at obj[1][0]"},
		{"obj", dict(starlark.MakeInt(3), file{}), "TypeError", "cannot send file at obj[3]"},
		{"obj", dict(starlark.Tuple{str("a"), starlark.None}, file{}), "TypeError", `cannot send file at obj[("a", None)]`},
		{"obj", dict(file{}, str("x")), "TypeError", "cannot send file at obj: key <file>"},
		{"obj", set, "TypeError", "cannot send file at obj: key <file>"},
		{"obj", &object{starlark.StringDict{"attr": list(file{})}}, "TypeError", "cannot send file at obj.attr[0]"},
		{"", &object{starlark.StringDict{"attr": file{}}}, "TypeError", "cannot send file at attr"},
		{"obj", starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{"f": file{}}), "TypeError", "cannot send file at obj.f"},
		{"obj", list(&late{}), "ValueError", "cannot send late at obj[0]: queue is closed"},
		{"obj", starlark.NewBuiltin("f", nil), "TypeError", "cannot send builtin_function_or_method at obj: built-in function f has no name that other processes know"},
		{"obj", &starlarkstruct.Module{Name: "m"}, "TypeError", "cannot send module at obj: module m has no name that other processes know"},
		{"obj", nil, "TypeError", "cannot send an unassigned variable at obj"},
	} {
		dst := []byte("kept")
		data, handles, err := c.Encode(dst, tt.root, tt.v)
		e, ok := err.(*Error)
		if !ok || e.Class != tt.class || e.Msg != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
		if string(data) != "kept" || handles != nil {
			t.Errorf("%s: data %q, handles %v", tt.want, data, handles)
		}
	}
	// An encoder that failed is as good as new.
	if got := roundTrip(t, c, list(list(), list())); got.String() != "[[], []]" {
		t.Errorf("got %v", got)
	}
}
