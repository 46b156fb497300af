package wire

import (
	"fmt"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

func fuzzCodec() *Codec {
	c := NewCodec()
	c.Register(objectType())
	c.Register(lateType())
	return c
}

// FuzzDecode decodes any bytes. What they decode to can be sent again, and arrives as the same.
func FuzzDecode(f *testing.F) {
	c := fuzzCodec()
	o := &object{starlark.StringDict{"key": starlark.None}}
	o.attrs["self"] = o
	for _, v := range []starlark.Value{
		starlark.None, eval(f, `{"a": [1, 2.5, (1<<70, b"x")], (1, 2): set([1, "y"]), 3: range(4)}`), o, &late{o, o},
		eval(f, `"abc".elems()`), eval(f, "[].append"), starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{"x": o}),
	} {
		data, _, err := c.Encode(nil, "obj", v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := c.Decode(data)
		if err != nil {
			return
		}
		again, _, err := c.Encode(nil, "obj", v)
		if err != nil {
			return // a method whose receiver doesn't have it, say
		}
		w, err := c.Decode(again)
		if err != nil {
			t.Fatalf("%q is %T, which doesn't arrive: %v", data, v, err)
		}
		if fmt.Sprintf("%T", v) != fmt.Sprintf("%T", w) {
			t.Fatalf("%T arrived as %T", v, w)
		}
	})
}

// builder makes values out of bytes: each is an instruction for a stack machine, so that shared references and cycles
// come about.
type builder struct {
	data  []byte
	stack []starlark.Value
}

func (b *builder) byte() byte {
	if len(b.data) == 0 {
		return 0
	}
	c := b.data[0]
	b.data = b.data[1:]
	return c
}

func (b *builder) pop() starlark.Value {
	if len(b.stack) == 0 {
		return starlark.None
	}
	v := b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
	return v
}

func (b *builder) pick() starlark.Value {
	if len(b.stack) == 0 {
		return starlark.None
	}
	return b.stack[int(b.byte())%len(b.stack)]
}

func (b *builder) build() starlark.Value {
	push := func(v starlark.Value) { b.stack = append(b.stack, v) }
	for len(b.data) > 0 {
		switch b.byte() % 16 {
		case 0:
			push(starlark.MakeInt(int(b.byte())))
		case 1:
			push(starlark.MakeInt(-int(b.byte())).Lsh(uint(b.byte())))
		case 2:
			n := int(b.byte() % 40)
			push(starlark.String(b.data[:min(len(b.data), n)]))
		case 3:
			push(starlark.Float(float64(b.byte()) / 7))
		case 4:
			push(starlark.NewList(nil))
		case 5:
			push(starlark.NewDict(0))
		case 6:
			push(starlark.NewSet(0))
		case 7:
			push(starlark.Tuple{b.pop(), b.pop()})
		case 8:
			push(b.pick())
		case 9:
			push(&object{starlark.StringDict{"key": starlark.MakeInt(int(b.byte()))}})
		case 10:
			push(starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{"f": b.pop()}))
		case 11:
			push(&late{b.pop(), b.pop()})
		case 12:
			push(starlark.Bool(b.byte()%2 == 0))
		default: // put something into something
			into, v := b.pick(), b.pick()
			switch into := into.(type) {
			case *starlark.List:
				_ = into.Append(v)
			case *starlark.Dict:
				if hashable(v) {
					_ = into.SetKey(v, b.pick())
				}
			case *starlark.Set:
				if hashable(v) {
					_ = into.Insert(v)
				}
			case *object:
				into.attrs[fmt.Sprint("a", b.byte()%4)] = v
			case *late:
				into.rest = v
			}
		}
	}
	return starlark.NewList(b.stack)
}

// hashable says whether v can be hashed, in a bearable time. A struct in a cycle can't, at all.
func hashable(v starlark.Value) bool {
	nodes := 0
	var ok func(v starlark.Value) bool
	ok = func(v starlark.Value) bool {
		if nodes++; nodes > 1000 {
			return false
		}
		switch v := v.(type) {
		case starlark.Tuple:
			for _, x := range v {
				if !ok(x) {
					return false
				}
			}
			return true
		case *starlarkstruct.Struct:
			return false
		}
		_, err := v.Hash()
		return err == nil
	}
	return ok(v)
}

// FuzzRoundTrip sends values. What arrives is encoded to the same bytes, so nothing was lost: no value, no order and no
// shared reference.
func FuzzRoundTrip(f *testing.F) {
	c := fuzzCodec()
	f.Add([]byte{4, 0, 1, 13, 0, 1, 13, 0, 0})
	f.Add([]byte{5, 4, 9, 7, 13, 0, 2, 1, 6, 8, 1, 7, 11, 13, 3, 0})
	f.Add([]byte("\x09\x01\x06\x0e\x01\x00\x0d\x00\x01\x02\x05\x0d\x02\x00\x00\x0b\x0a"))
	f.Fuzz(func(t *testing.T, program []byte) {
		v := (&builder{data: program}).build()
		data, _, err := c.Encode(nil, "obj", v)
		if err != nil {
			return // a reference that comes too early, a nesting too deep
		}
		got, err := c.Decode(data)
		if err != nil {
			t.Fatalf("decoding: %v", err)
		}
		again, _, err := c.Encode(nil, "obj", got)
		if err != nil {
			t.Fatalf("encoding again: %v", err)
		}
		if string(again) != string(data) {
			t.Fatalf("%x arrived as %x", data, again)
		}
	})
}
