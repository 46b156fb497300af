package mp

import (
	"math"
	"testing"
	"time"

	"go.starlark.net/starlark"
)

func TestSeconds(t *testing.T) {
	for _, test := range []struct {
		in   starlark.Value
		want seconds
	}{
		{starlark.None, seconds{}},
		{starlark.MakeInt(2), seconds{true, 2 * time.Second}},
		{starlark.Float(0.25), seconds{true, 250 * time.Millisecond}},
		{starlark.MakeInt(-1), seconds{true, 0}},
		{starlark.Float(math.Inf(-1)), seconds{true, 0}},
	} {
		var got seconds
		if err := got.Unpack(test.in); err != nil || got != test.want {
			t.Errorf("%s: got %v, %v, want %v", test.in, got, err, test.want)
		}
	}
	var forever seconds
	if err := forever.Unpack(starlark.Float(math.Inf(1))); err != nil || forever.d < 50*365*24*time.Hour {
		t.Errorf("inf: got %v, %v", forever, err)
	}
	for _, bad := range []starlark.Value{starlark.String("1"), starlark.Float(math.NaN()), starlark.NewList(nil)} {
		if err := new(seconds).Unpack(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
