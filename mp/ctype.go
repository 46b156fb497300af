package mp

import (
	"math"
	"math/big"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// ctype is a C type of Value, Array and the like, named by the code that Python's array module gives it.
// https://docs.python.org/3.13/library/array.html
type ctype struct {
	code byte
	name string // ctypes' name
	size int    // bytes
	// load reads the number at byte off, store converts v and writes it.
	load  func(m arena.Mem, off int) starlark.Value
	store func(m arena.Mem, off int, v starlark.Value) error
}

// ctypes are all of them. Sizes are those of a 64-bit Unix; long long is long, as in ctypes there.
var ctypes = [...]ctype{
	{'c', "c_char", 1, loadChar, storeChar},
	{'b', "c_byte", 1, func(m arena.Mem, off int) starlark.Value { return starlark.MakeInt(int(int8(m.Load8(off)))) }, store8},
	{'B', "c_ubyte", 1, func(m arena.Mem, off int) starlark.Value { return starlark.MakeInt(int(m.Load8(off))) }, store8},
	{'u', "c_wchar", 4, loadWide, storeWide},
	{'w', "c_wchar", 4, loadWide, storeWide},
	{'h', "c_short", 2, func(m arena.Mem, off int) starlark.Value { return starlark.MakeInt(int(int16(m.Load16(off)))) }, store16},
	{'H', "c_ushort", 2, func(m arena.Mem, off int) starlark.Value { return starlark.MakeInt(int(m.Load16(off))) }, store16},
	{'i', "c_int", 4, func(m arena.Mem, off int) starlark.Value { return starlark.MakeInt(int(int32(m.Load32(off)))) }, store32},
	{'I', "c_uint", 4, func(m arena.Mem, off int) starlark.Value { return starlark.MakeInt64(int64(m.Load32(off))) }, store32},
	{'l', "c_long", 8, func(m arena.Mem, off int) starlark.Value { return starlark.MakeInt64(int64(m.Load64(off))) }, store64},
	{'L', "c_ulong", 8, func(m arena.Mem, off int) starlark.Value { return starlark.MakeUint64(m.Load64(off)) }, store64},
	{'q', "c_long", 8, func(m arena.Mem, off int) starlark.Value { return starlark.MakeInt64(int64(m.Load64(off))) }, store64},
	{'Q', "c_ulong", 8, func(m arena.Mem, off int) starlark.Value { return starlark.MakeUint64(m.Load64(off)) }, store64},
	{'f', "c_float", 4, func(m arena.Mem, off int) starlark.Value {
		return starlark.Float(math.Float32frombits(m.Load32(off)))
	}, func(m arena.Mem, off int, v starlark.Value) error {
		f, err := realNumber(v)
		if err == nil {
			m.Store32(off, math.Float32bits(float32(f)))
		}
		return err
	}},
	{'d', "c_double", 8, func(m arena.Mem, off int) starlark.Value {
		return starlark.Float(math.Float64frombits(m.Load64(off)))
	}, func(m arena.Mem, off int, v starlark.Value) error {
		f, err := realNumber(v)
		if err == nil {
			m.Store64(off, math.Float64bits(f))
		}
		return err
	}},
}

// ctypeOf is the type with that code, nil if there is none.
func ctypeOf(code byte) *ctype {
	for i := range ctypes {
		if ctypes[i].code == code {
			return &ctypes[i]
		}
	}
	return nil
}

// ctypeArg is the argument typecode_or_type. There are no ctypes to pass, so it must be a code.
func ctypeArg(v starlark.Value) (*ctype, error) {
	if s, ok := v.(starlark.String); ok && len(s) == 1 {
		if t := ctypeOf(s[0]); t != nil {
			return t, nil
		}
	}
	return nil, errNoSize
}

// errNoSize is what CPython says of everything that is no type.
var errNoSize = wire.Errorf("TypeError", "this type has no size")

// pythonType is the name that CPython's messages give v's type.
func pythonType(v starlark.Value) string {
	if _, ok := v.(starlark.String); ok {
		return "str"
	}
	if x, ok := v.(interface{ ClassName() string }); ok {
		return x.ClassName()
	}
	return v.Type()
}

// wrapped is the integer v, its low 64 bits: C's integers silently drop the rest.
func wrapped(v starlark.Value) (uint64, error) {
	switch v := v.(type) {
	case starlark.Int:
		if i, ok := v.Int64(); ok {
			return uint64(i), nil
		}
		if u, ok := v.Uint64(); ok {
			return u, nil
		}
		low := new(big.Int).SetUint64(math.MaxUint64)
		return low.And(low, v.BigInt()).Uint64(), nil
	case starlark.Bool:
		if v {
			return 1, nil
		}
		return 0, nil
	}
	return 0, wire.Errorf("TypeError", "'%s' object cannot be interpreted as an integer", pythonType(v))
}

func store8(m arena.Mem, off int, v starlark.Value) error {
	u, err := wrapped(v)
	if err == nil {
		m.Store8(off, uint8(u))
	}
	return err
}

func store16(m arena.Mem, off int, v starlark.Value) error {
	u, err := wrapped(v)
	if err == nil {
		m.Store16(off, uint16(u))
	}
	return err
}

func store32(m arena.Mem, off int, v starlark.Value) error {
	u, err := wrapped(v)
	if err == nil {
		m.Store32(off, uint32(u))
	}
	return err
}

func store64(m arena.Mem, off int, v starlark.Value) error {
	u, err := wrapped(v)
	if err == nil {
		m.Store64(off, u)
	}
	return err
}

func realNumber(v starlark.Value) (float64, error) {
	switch v := v.(type) {
	case starlark.Float:
		return float64(v), nil
	case starlark.Int:
		f := float64(v.Float())
		if math.IsInf(f, 0) {
			return 0, wire.Errorf("OverflowError", "int too large to convert to float")
		}
		return f, nil
	case starlark.Bool:
		if v {
			return 1, nil
		}
		return 0, nil
	}
	return 0, wire.Errorf("TypeError", "must be real number, not %s", pythonType(v))
}

func loadChar(m arena.Mem, off int) starlark.Value {
	return starlark.Bytes([]byte{m.Load8(off)})
}

func storeChar(m arena.Mem, off int, v starlark.Value) error {
	switch v := v.(type) {
	case starlark.Bytes:
		if len(v) == 1 {
			m.Store8(off, v[0])
			return nil
		}
	case starlark.Int:
		if u, ok := v.Uint64(); ok && u < 256 {
			m.Store8(off, uint8(u))
			return nil
		}
	}
	return wire.Errorf("TypeError", "one character bytes, bytearray or integer expected")
}

func loadWide(m arena.Mem, off int) starlark.Value { return starlark.String(rune(m.Load32(off))) }

func storeWide(m arena.Mem, off int, v starlark.Value) error {
	s, ok := v.(starlark.String)
	if !ok {
		return errNotUnicode(v)
	}
	r, n := utf8.DecodeRuneInString(string(s))
	if n == 0 || n != len(s) {
		return wire.Errorf("TypeError", "one character unicode string expected")
	}
	m.Store32(off, uint32(r))
	return nil
}

func errNotUnicode(v starlark.Value) error {
	return wire.Errorf("TypeError", "unicode string expected instead of %s instance", pythonType(v))
}
