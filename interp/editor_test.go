package interp

import (
	"slices"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

func TestComplete(t *testing.T) {
	module := &starlarkstruct.Module{Name: "multiprocessing", Members: starlark.StringDict{
		"Process": starlark.None, "Pool": starlark.None, "_private": starlark.None, "pi": starlark.Float(3),
		"pool": &starlarkstruct.Module{Name: "pool", Members: starlark.StringDict{"ThreadPool": starlark.None}},
	}}
	env := starlark.StringDict{"multiprocessing": module, "my_value": starlark.String("x"), "x": starlark.MakeInt(1), setName: starlark.None}
	for _, test := range []struct {
		line   string
		length int
		want   []string
	}{
		{"", 0, []string{"    "}},
		{"    ", 0, []string{"    "}},
		{"multi", 5, []string{"processing"}},
		{"f(my", 2, []string{"_value"}},
		{"m", 1, []string{"ax", "in", "ultiprocessing", "y_value"}},
		{"multiprocessing.", 0, []string{"Pool", "Process", "pi", "pool"}},
		{"x = [multiprocessing.P", 1, []string{"ool", "rocess"}},
		{"multiprocessing._", 1, []string{"private"}},
		{"multiprocessing.pool.T", 1, []string{"hreadPool"}},
		{"multiprocessing.pi.", 0, nil},
		{"multiprocessing.nosuch.x", 1, nil},
		{"my_value.starts", 6, []string{"with"}},
		{"x.m", 1, nil},
		{"f().m", 1, nil},
		{"f(", 0, nil},
		{"nosuch", 6, nil},
		{".", 0, nil},
		{"ä+m", 1, []string{"ax", "in", "ultiprocessing", "y_value"}},
	} {
		got, n := complete(test.line, env)
		if !slices.Equal(got, test.want) || n != test.length {
			t.Errorf("%q: got %q, %d, want %q, %d", test.line, got, n, test.want, test.length)
		}
	}
}
