package stdlib

import (
	"math"
	"strconv"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// pyType is the name that CPython's messages give v's type.
func pyType(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		return "str"
	case interface{ ClassName() string }:
		return v.ClassName()
	}
	return v.Type()
}

// specialMethod returns the special method of an instance, bound to it; nil for other values and where the class has none.
func specialMethod(v starlark.Value, name string) starlark.Value {
	if x, ok := v.(interface{ Method(string) starlark.Value }); ok {
		return x.Method(name)
	}
	return nil
}

// number returns v where it is a number, a bool as 0 or 1: Python's arithmetic takes them so, Starlark's does not.
func number(v starlark.Value) (starlark.Value, bool) {
	switch v := v.(type) {
	case starlark.Int, starlark.Float:
		return v, true
	case starlark.Bool:
		return boolInt(v), true
	}
	return v, false
}

func boolInt(b starlark.Bool) starlark.Int {
	if b {
		return starlark.MakeInt(1)
	}
	return starlark.MakeInt(0)
}

// toInt returns the integer v, or the TypeError that CPython raises where it needs one.
func toInt(v starlark.Value) (starlark.Int, error) {
	switch v := v.(type) {
	case starlark.Int:
		return v, nil
	case starlark.Bool:
		return boolInt(v), nil
	}
	return starlark.Int{}, wire.Errorf("TypeError", "'%s' object cannot be interpreted as an integer", pyType(v))
}

// toIndex returns v as a Go int, or an OverflowError.
func toIndex(v starlark.Value) (int, error) {
	i, err := toInt(v)
	if err != nil {
		return 0, err
	}
	n, ok := i.Int64()
	if !ok || int64(int(n)) != n {
		return 0, wire.Errorf("OverflowError", "Python int too large to convert to C ssize_t")
	}
	return int(n), nil
}

// toFloat returns v as a float64, or the TypeError or OverflowError that CPython raises where it needs a float.
func toFloat(v starlark.Value) (float64, error) {
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
		return float64(boolInt(v).Float()), nil
	}
	return 0, wire.Errorf("TypeError", "must be real number, not %s", pyType(v))
}

// floatInt returns the integral float f as an int, or the error of CPython's int().
func floatInt(f float64) (starlark.Value, error) {
	switch {
	case math.IsNaN(f):
		return nil, wire.Errorf("ValueError", "cannot convert float NaN to integer")
	case math.IsInf(f, 0):
		return nil, wire.Errorf("OverflowError", "cannot convert float infinity to integer")
	}
	return starlark.NumberToInt(starlark.Float(f))
}

// appendFloat appends f as CPython's repr writes it: the shortest digits that read back as f.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if !strings.ContainsRune(string(dst[start:]), '.') {
		dst = append(dst, ".0"...)
	}
	return dst
}

// pyQuote quotes s as CPython's repr does, for messages.
func pyQuote(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	out := []byte{quote}
	for _, r := range s {
		switch {
		case r == rune(quote) || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\r':
			out = append(out, `\r`...)
		case r == '\t':
			out = append(out, `\t`...)
		case r < ' ' || r == 0x7f:
			out = append(out, `\x`...)
			out = append(out, "0123456789abcdef"[r>>4], "0123456789abcdef"[r&15])
		default:
			out = append(out, string(r)...)
		}
	}
	return string(append(out, quote))
}
