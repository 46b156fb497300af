package wire

import (
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"go.starlark.net/starlark"
)

var benchValues = []struct{ name, expr string }{
	{"int", "12345"},
	{"str", `"hello, world"`},
	{"tuple", `(1, "x")`},
	{"dict", `{"a": 1, "b": "x"}`},
	{"ints1000", "list(range(1000))"},
	{"nested", `[{"id": i, "name": "n%d" % i, "tags": ["a", "b"], "pos": (i, i)} for i in range(100)]`},
}

func BenchmarkEncode(b *testing.B) {
	for _, bb := range benchValues {
		b.Run(bb.name, func(b *testing.B) {
			v, c := eval(b, bb.expr), NewCodec()
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf, _, _ = c.Encode(buf[:0], "obj", v)
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, bb := range benchValues {
		b.Run(bb.name, func(b *testing.B) {
			c := NewCodec()
			data, _, err := c.Encode(nil, "obj", eval(b, bb.expr))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkIdentities shows where a map beats a scan: the constant scan.
func BenchmarkIdentities(b *testing.B) {
	for _, n := range []int{1, 4, 8, 16, 31, 33, 64} {
		lists := make([]*starlark.List, n)
		for i := range lists {
			lists[i] = starlark.NewList(nil)
		}
		b.Run(starlark.MakeInt(n).String(), func(b *testing.B) {
			var ids identities
			for b.Loop() {
				for _, l := range lists {
					id := identity{p: l}
					if _, ok := ids.find(id); !ok {
						ids.add(id, false)
					}
				}
				ids.reset()
			}
		})
	}
}

// BenchmarkLibrary is msgpack's own decoder of the same bytes, for comparison.
func BenchmarkLibrary(b *testing.B) {
	data, _, _ := NewCodec().Encode(nil, "obj", eval(b, "list(range(1000))"))
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := msgpack.Unmarshal(data, &v); err != nil {
			b.Fatal(err)
		}
	}
}
