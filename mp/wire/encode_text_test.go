package wire

import (
	"strings"
	"testing"

	"go.starlark.net/starlark"
)

func TestEncodeText(t *testing.T) {
	c := NewCodec()
	for _, n := range []int{32, 255, 256, 65535, 65536, 1 << 20} {
		s := strings.Repeat("x", n)
		for _, v := range []starlark.Value{starlark.String(s), starlark.Bytes(s)} {
			want, _, err := c.Encode([]byte("head"), "obj", v)
			if err != nil {
				t.Fatal(err)
			}
			data, text, ok := EncodeText([]byte("head"), v, 32)
			if !ok || text != s || string(data)+text != string(want) {
				t.Errorf("%s of %d: %v, head %q, want %q", v.Type(), n, ok, data, want[:len(data)])
			}
			if data, text, ok := EncodeText([]byte("head"), v, n+1); ok || string(data) != "head" || text != "" {
				t.Errorf("%s of %d, where %d are wanted: %v", v.Type(), n, n+1, ok)
			}
		}
	}
	if _, _, ok := EncodeText(nil, starlark.NewList(nil), 32); ok {
		t.Error("a list is no text")
	}
}
