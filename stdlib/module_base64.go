package stdlib

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// base64Module makes the members of the module base64. https://docs.python.org/3/library/base64.html
// binascii.Error is base64.Error here too.
func (l *Lib) base64Module() starlark.StringDict {
	encode := func(name string, f func([]byte) string) goFunc {
		return func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var v, alt starlark.Value = nil, starlark.None
			params := []any{"s", &v}
			if name == "b64encode" {
				params = append(params, "altchars?", &alt)
			}
			if err := bind(name, args, kwargs, params...); err != nil {
				return nil, err
			}
			data, ok := v.(starlark.Bytes)
			switch {
			case ok:
			case name == "encodebytes":
				return nil, wire.Errorf("TypeError", "expected bytes-like object, not %s", pyType(v))
			case name == "b32encode":
				return nil, wire.Errorf("TypeError", "memoryview: a bytes-like object is required, not '%s'", pyType(v))
			default:
				return nil, wire.Errorf("TypeError", "a bytes-like object is required, not '%s'", pyType(v))
			}
			text := f([]byte(data))
			chars, _ := alt.(starlark.Bytes)
			if alt != starlark.None && len(chars) != 2 {
				return nil, wire.Errorf("AssertionError", "%s", alt)
			}
			if alt != starlark.None {
				text = strings.NewReplacer("+", string(chars[0]), "/", string(chars[1])).Replace(text)
			}
			return starlark.Bytes(text), nil
		}
	}
	decode := func(name string, f func(s string, strict bool) ([]byte, error)) goFunc {
		return func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var v, alt, map01 starlark.Value = nil, starlark.None, starlark.None
			validate, casefold := false, false
			params := []any{"s", &v}
			switch name {
			case "b64decode":
				params = append(params, "altchars?", &alt, "validate?", &validate)
			case "b32decode":
				params = append(params, "casefold?", &casefold, "map01?", &map01)
			case "b16decode":
				params = append(params, "casefold?", &casefold)
			}
			if err := bind(name, args, kwargs, params...); err != nil {
				return nil, err
			}
			s, ok := textOf(v)
			if _, isBytes := v.(starlark.Bytes); !isBytes && name == "decodebytes" {
				return nil, wire.Errorf("TypeError", "expected bytes-like object, not %s", pyType(v))
			}
			if !ok {
				return nil, wire.Errorf("TypeError", "argument should be a bytes-like object or ASCII string, not '%s'", pyType(v))
			}
			for i := range len(s) {
				if s[i] >= 0x80 && v.Type() == "string" {
					return nil, wire.Errorf("ValueError", "string argument should contain only ASCII characters")
				}
			}
			chars, _ := textOf(alt)
			if alt != starlark.None && len(chars) != 2 {
				return nil, wire.Errorf("AssertionError", "%s", alt)
			}
			if alt != starlark.None {
				s = strings.NewReplacer(chars[:1], "+", chars[1:], "/").Replace(s)
			}
			if one, ok := textOf(map01); ok && len(one) == 1 {
				s = strings.NewReplacer("0", "O", "1", one).Replace(s)
			}
			if casefold {
				s = strings.ToUpper(s)
			}
			data, err := f(s, validate)
			return orError(starlark.Bytes(data), err)
		}
	}
	std := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	members := functions(map[string]goFunc{
		"b64encode": encode("b64encode", std), "standard_b64encode": encode("standard_b64encode", std),
		"urlsafe_b64encode": encode("urlsafe_b64encode", base64.URLEncoding.EncodeToString),
		"b32encode":         encode("b32encode", base32.StdEncoding.EncodeToString),
		"b16encode":         encode("b16encode", func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }),
		"encodebytes": encode("encodebytes", func(b []byte) string {
			var out strings.Builder
			for len(b) > 0 {
				n := min(57, len(b))
				out.WriteString(std(b[:n]) + "\n")
				b = b[n:]
			}
			return out.String()
		}),
		"b64decode": decode("b64decode", base64Decode), "standard_b64decode": decode("standard_b64decode", base64Decode),
		"decodebytes": decode("decodebytes", base64Decode),
		"urlsafe_b64decode": decode("urlsafe_b64decode", func(s string, strict bool) ([]byte, error) {
			return base64Decode(strings.NewReplacer("-", "+", "_", "/").Replace(s), strict)
		}),
		"b32decode": decode("b32decode", func(s string, _ bool) ([]byte, error) {
			if len(s)%8 != 0 {
				return nil, wire.Errorf("base64.Error", "Incorrect padding")
			}
			data, err := base32.StdEncoding.DecodeString(s)
			if err != nil {
				return nil, wire.Errorf("base64.Error", "Non-base32 digit found")
			}
			return data, nil
		}),
		"b16decode": decode("b16decode", func(s string, _ bool) ([]byte, error) {
			if strings.Trim(s, "0123456789ABCDEF") != "" {
				return nil, wire.Errorf("base64.Error", "Non-base16 digit found")
			}
			data, err := hex.DecodeString(s)
			if err != nil {
				return nil, wire.Errorf("base64.Error", "Odd-length string")
			}
			return data, nil
		}),
	})
	members["Error"] = l.moduleException("base64.Error", "ValueError")
	return members
}

// base64Decode skips what is no digit, unless strict, as CPython does.
func base64Decode(s string, strict bool) ([]byte, error) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var out []byte
	bits, n, pads := 0, 0, 0
	for i := range len(s) {
		c := s[i]
		if c == '=' {
			pads++
			switch {
			case strict && i == 0:
				return nil, wire.Errorf("base64.Error", "Leading padding not allowed")
			case strict && n == 0:
				return nil, wire.Errorf("base64.Error", "Excess padding not allowed")
			}
			if n >= 2 && n+pads >= 4 {
				if strict && i+1 < len(s) {
					return nil, wire.Errorf("base64.Error", "Excess data after padding")
				}
				return out, nil
			}
			continue
		}
		d := strings.IndexByte(digits, c)
		if d < 0 {
			if strict {
				return nil, wire.Errorf("base64.Error", "Only base64 data is allowed")
			}
			continue
		}
		if strict && pads > 0 {
			return nil, wire.Errorf("base64.Error", "Discontinuous padding not allowed")
		}
		pads = 0
		bits = bits<<6 | d
		switch n++; n {
		case 2:
			out = append(out, byte(bits>>4))
		case 3:
			out = append(out, byte(bits>>2))
		case 4:
			out = append(out, byte(bits))
			bits, n = 0, 0
		}
	}
	switch n {
	case 0:
		return out, nil
	case 1:
		return nil, wire.Errorf("base64.Error", "Invalid base64-encoded string: number of data characters (%d) cannot be 1 more than a multiple of 4", len(out)/3*4+1)
	}
	return nil, wire.Errorf("base64.Error", "Incorrect padding")
}
