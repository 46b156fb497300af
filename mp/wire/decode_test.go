package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"go.starlark.net/starlark"
)

// What has a msgpack form is read by any msgpack library, and what it writes is read here.
func TestOtherLibraries(t *testing.T) {
	v := eval(t, `{"i": [0, -1, 127, 128, -128, -129, 70000, -70000, 1<<40, -(1<<40), (1<<64)-1], "f": 1.5, "n": None, "b": [True, False],
		"s": "é" * 40, "y": b"\x00\xff", "long": list(range(100)), "d": {1: {2: {}}}}`)
	data, _, err := NewCodec().Encode(nil, "obj", v)
	if err != nil {
		t.Fatal(err)
	}
	dec := msgpack.NewDecoder(bytes.NewReader(data))
	dec.SetMapDecoder(func(d *msgpack.Decoder) (any, error) { return d.DecodeUntypedMap() })
	got, err := dec.DecodeInterface()
	if err != nil {
		t.Fatal(err)
	}
	m := got.(map[any]any)
	want := "[0 -1 127 128 -128 -129 70000 -70000 1099511627776 -1099511627776 18446744073709551615]"
	if s := fmt.Sprint(m["i"]); s != want {
		t.Errorf("ints are %s", s)
	}
	for _, tt := range []struct {
		v    any
		want string
	}{
		{map[string]any{"a": []int8{1, -100}}, `{"a": [1, -100]}`},
		{[]any{nil, true, float32(0.5), 2.5, uint16(65535), int32(-70000), "x", []byte("y")}, `[None, True, 0.5, 2.5, 65535, -70000, "x", b"y"]`},
	} {
		data, err := msgpack.Marshal(tt.v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := NewCodec().Decode(data)
		if err != nil || got.String() != tt.want {
			t.Errorf("%v arrived as %v, %v", tt.v, got, err)
		}
	}
}

// Extensions are valid msgpack down to their payloads' values: the library skips over each.
func TestExtensionsAreValid(t *testing.T) {
	c := NewCodec()
	c.Register(objectType())
	l := starlark.NewList(nil)
	v := starlark.Tuple{starlark.Tuple{}, eval(t, "1<<100"), eval(t, "set([1])"), eval(t, "range(3)"), l, l, &object{}, eval(t, "len"), eval(t, "[].pop")}
	data, _, err := c.Encode(nil, "obj", v)
	if err != nil {
		t.Fatal(err)
	}
	dec := msgpack.NewDecoder(bytes.NewReader(data))
	if err := dec.Skip(); err != nil {
		t.Fatal(err)
	}
	if dec.Buffered() != nil {
		if rest, _ := dec.Buffered().(*bytes.Reader); rest != nil && rest.Len() != 0 {
			t.Errorf("%d bytes left over", rest.Len())
		}
	}
}

func TestInvalidMessages(t *testing.T) {
	c := NewCodec()
	c.Register(objectType())
	c.Register(lateType())
	for name, data := range map[string]string{
		"empty":                     "",
		"unused code":               "\xc1",
		"two values":                "\x01\x02",
		"short string":              "\xa5abc",
		"short str32":               "\xdb\xff\xff\xff\xffx",
		"short length":              "\xdb\xff",
		"short bin":                 "\xc6\x7f\xff\xff\xff",
		"short int":                 "\xcf\x01",
		"short float":               "\xcb\x01",
		"short float32":             "\xca\x01",
		"huge array":                "\xdd\xff\xff\xff\xff",
		"huge map":                  "\xdf\xff\xff\xff\xff\x01",
		"half a map":                "\x81\x01",
		"unhashable key":            "\x81\x90\x01",
		"ext without code":          "\xd4",
		"short ext":                 "\xc9\xff\xff\xff\xff\x03",
		"unknown ext":               "\xd4\x63\x00",
		"reference to nothing":      "\xd4\x01\x00",
		"reference ahead":           "\x91\xd4\x01\x05",
		"int without magnitude":     "\xd4\x02\x00",
		"int with zeros":            "\xd5\x02\x00\x00",
		"int with odd sign":         "\xd5\x02\x02\x01",
		"tuple is a map":            "\xd4\x03\x80",
		"tuple left over":           "\xd5\x03\x90\x00",
		"set of lists":              "\xd5\x04\x91\x90",
		"range of strings":          "\xd6\x05\xa1a\x01\x01",
		"range with step 0":         "\xc7\x03\x05\x00\x01\x00",
		"struct with odd name":      "\xc7\x06\x06\xa1s\x81\x01\x01\x01",
		"unknown name":              "\xc7\x03\x07foo",
		"no such method":            "\xd6\x08\x90\xa2no",
		"method of None":            "\xd6\x08\xc0\xa2no",
		"time of the wrong size":    "\xc7\x05\x09\x00\xd2\xff\xff\xff",
		"unknown type":              "\xd5\x0c\xa1x",
		"unknown type by number":    "\xd4\x0c\x07",
		"type without its value":    "\xc7\x07\x0c\xa6object",
		"view of an int":            "\xc7\x07\x0d\xa5elems\x01",
		"view of another method":    "\xc7\x08\x0d\xa5lower\xa1a",
		"undefined":                 "\xc7\x08\x0c\xa4late\xd4\x01\x00",
		"length of type over":       "\xc7\x08\x0c\xa6object\x7f",
		"a handle as a value":       "\xd7\x0b12345678",
		"extension ends in value":   "\xc7\x02\x03\x91\xa5",
		"extension runs into next":  "\x92\xd4\x03\x91\x01",
		"malformed time zone":       "\xc7\x08\x09\x00\x00\xa0\xce\xff\xff\xff\xff",
		"array of more than budget": "\x93\xdc\x00\x05\x01\x01\x01\x01\x01\xdc\x00\x03\x01",
		"tuple in itself":           "\xc7\x04\x03\x91\xd4\x01\x00",
		"tuple in its tuple":        "\xc7\x08\x03\x91\xc7\x04\x03\x91\xd4\x01\x00",
		"struct in itself":          "\xc7\x08\x06\xa1s\x81\xa1f\xd4\x01\x00",
		"struct in its tuple":       "\xc7\x0c\x06\xa1s\x81\xa1f\xc7\x04\x03\x91\xd4\x01\x00",
	} {
		v, err := c.Decode([]byte(data))
		if err == nil {
			t.Errorf("%s: decoded as %v", name, v)
			continue
		}
		if e, ok := err.(*Error); !ok || e.Class != "ValueError" || !strings.HasPrefix(e.Msg, "invalid message") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A decoder that failed is as good as new.
	if got := roundTrip(t, c, eval(t, "[[], (1,)]")); got.String() != "[[], (1,)]" {
		t.Errorf("got %v", got)
	}
}

// Each cut and each changed byte of a good message is an error or another value, never a panic.
func TestDamagedMessages(t *testing.T) {
	c := NewCodec()
	c.Register(objectType())
	c.Register(lateType())
	o := &object{starlark.StringDict{"key": starlark.None}}
	o.attrs["self"] = o
	v := starlark.NewList([]starlark.Value{
		eval(t, `{"a": [1, 2.5, (1<<70, b"x")], (1, 2): set([1, "y"]), 3: range(4)}`), o, &late{o, o}, eval(t, `"abc".elems()`), eval(t, "[].append"),
	})
	data, _, err := c.Encode(nil, "obj", v)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		_, _ = c.Decode(data[:i])
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		bad := bytes.Clone(data)
		for range 1 + rnd.IntN(3) {
			bad[rnd.IntN(len(bad))] = byte(rnd.Uint32())
		}
		_, _ = c.Decode(bad)
	}
}

// Lengths that lie can't make the decoder allocate much more than the message.
func TestMemoryIsBounded(t *testing.T) {
	var lies []byte
	for range 5000 {
		lies = append(lies, 0xdd, 0, 0, 0x40, 0) // an array of 16384
	}
	lies = append(lies, make([]byte, 20000)...)
	maps := bytes.ReplaceAll(lies, []byte{0xdd}, []byte{0xdf})
	for _, data := range [][]byte{lies, maps} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := NewCodec().Decode(data); err == nil {
			t.Error("decoded")
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 200*uint64(len(data)) {
			t.Errorf("%d bytes allocated for %d", n, len(data))
		}
	}
}

// Keys made of references to tuples of references take exponential time to hash.
func TestKeysThatTakeForEver(t *testing.T) {
	v := starlark.Value(starlark.Tuple{starlark.None})
	for range 60 {
		v = starlark.Tuple{v, v}
	}
	data, _, err := NewCodec().Encode(nil, "obj", starlark.NewList([]starlark.Value{v}))
	if err != nil {
		t.Fatal(err)
	}
	data = data[1:] // in place of the list, a dict or set
	for _, head := range []string{"\x81", "\xc9\x00\x00\x00\x00\x04\x91"} {
		bad := append([]byte(head), data...)
		if head[0] == 0x81 {
			bad = append(bad, 0xc0)
		} else {
			binary.BigEndian.PutUint32(bad[1:], uint32(len(bad)-6))
		}
		if _, err := NewCodec().Decode(bad); err == nil || !strings.Contains(err.Error(), "a key with too many values") {
			t.Errorf("got %v", err)
		}
	}
}
