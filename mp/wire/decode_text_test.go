package wire

import (
	"fmt"
	"strings"
	"testing"

	"go.starlark.net/starlark"
)

// Strings of a message are good whatever becomes of the memory that it was read from, and so are keys that were seen in an earlier one.
func TestDecodeStrings(t *testing.T) {
	c := NewCodec()
	var kept []starlark.Value
	var want []string
	for round := range 4 {
		var elems []starlark.Value
		for n := range 40 { // past short strings, and in all more than a block
			text := strings.Repeat(string(rune('a'+round)), n)
			d := starlark.NewDict(2)
			if err := d.SetKey(starlark.String(text), starlark.String(text+"!")); err != nil {
				t.Fatal(err)
			}
			if err := d.SetKey(starlark.String(fmt.Sprintf("key %d", n*round)), starlark.MakeInt(n)); err != nil {
				t.Fatal(err)
			}
			elems = append(elems, starlark.String(text), starlark.MakeInt(n), d, starlark.Tuple{starlark.String("x"), starlark.String(text)})
		}
		v := starlark.NewList(elems)
		data, _, err := c.Encode(nil, "obj", v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		clear(data)
		kept, want = append(kept, got), append(want, v.String())
	}
	for i, v := range kept {
		if got := v.String(); got != want[i] {
			t.Errorf("message %d is\n%s, want\n%s", i, got, want[i])
		}
	}
}

// One short string of a long message keeps a block from being collected, and not the message.
func TestDecodeStringsBlock(t *testing.T) {
	d := NewCodec().decoder(nil, nil)
	data, _, err := d.c.Encode(nil, "obj", starlark.NewList([]starlark.Value{starlark.String("a"), starlark.String("b"), starlark.Bytes(strings.Repeat("c", 1<<20))}))
	if err != nil {
		t.Fatal(err)
	}
	d.data, d.end, d.budget = data, len(data), len(data)
	if _, err := d.Value(); err != nil || len(d.block) != blockSize {
		t.Errorf("a block of %d bytes, error %v; want %d bytes", len(d.block), err, blockSize)
	}
}
