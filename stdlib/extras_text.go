package stdlib

import (
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// https://docs.python.org/3/library/stdtypes.html#string-methods
func extraOfString(name string) extraMethod {
	switch name {
	case "format":
		return (*Lib).stringFormat
	case "format_map":
		return (*Lib).stringFormatMap
	case "ljust", "rjust", "center":
		return stringJust
	case "zfill":
		return stringZfill
	case "encode":
		return stringEncode
	case "expandtabs":
		return stringExpandtabs
	case "casefold":
		return stringMap(func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "ß", "ss")) })
	case "swapcase":
		return stringMap(func(s string) string {
			return strings.Map(func(c rune) rune {
				if unicode.IsUpper(c) {
					return unicode.ToLower(c)
				}
				return unicode.ToUpper(c)
			}, s)
		})
	case "isascii":
		return stringIs(true, func(c rune) bool { return c < utf8.RuneSelf })
	case "isprintable":
		return stringIs(true, func(c rune) bool { return unicode.IsPrint(c) })
	case "isdecimal":
		return stringIs(false, func(c rune) bool { return unicode.Is(unicode.Nd, c) })
	case "isnumeric":
		return stringIs(false, unicode.IsNumber)
	case "isidentifier":
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			s := string(b.Receiver().(starlark.String))
			ok := s != ""
			for i, c := range s {
				ok = ok && (c == '_' || unicode.IsLetter(c) || i > 0 && unicode.IsDigit(c))
			}
			return starlark.Bool(ok), starlark.UnpackArgs(b.Name(), args, kwargs)
		}
	}
	return nil
}

// stringMap is a method without parameters that returns another string.
func stringMap(f func(string) string) extraMethod {
	return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.String(f(string(b.Receiver().(starlark.String)))), starlark.UnpackArgs(b.Name(), args, kwargs)
	}
}

// stringIs is a method that asks whether all characters are of a kind; empty is its answer for none.
func stringIs(empty bool, is func(rune) bool) extraMethod {
	return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		s := string(b.Receiver().(starlark.String))
		ok := s != "" || empty
		for _, c := range s {
			ok = ok && is(c)
		}
		return starlark.Bool(ok), starlark.UnpackArgs(b.Name(), args, kwargs)
	}
}

// stringJust is str.ljust, str.rjust and str.center(width, fillchar=" ").
func stringJust(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	width, fill := 0, " "
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &width, &fill); err != nil {
		return nil, err
	}
	c, n := utf8.DecodeRuneInString(fill)
	if n == 0 || n != len(fill) {
		return nil, wire.Errorf("TypeError", "The fill character must be exactly one character long")
	}
	if width > widest {
		return nil, wire.Errorf("OverflowError", "%s: width %d is too large", b.Name(), width)
	}
	s := string(b.Receiver().(starlark.String))
	f := spec{fill: c, width: width, align: map[string]byte{"ljust": '<', "rjust": '>', "center": '^'}[b.Name()]}
	if missing := width - utf8.RuneCountInString(s); b.Name() == "center" && missing > 0 && missing&width&1 == 1 {
		s = fill + s // CPython puts the odd one to the left where the width is odd
	}
	return starlark.String(f.pad("", s, '<')), nil
}

func stringZfill(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	width := 0
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &width); err != nil {
		return nil, err
	}
	if width > widest {
		return nil, wire.Errorf("OverflowError", "zfill: width %d is too large", width)
	}
	s := string(b.Receiver().(starlark.String))
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, s = s[:1], s[1:]
	}
	return starlark.String(spec{fill: '0', align: '=', width: width}.pad(sign, s, '=')), nil
}

// stringEncode is str.encode(encoding="utf-8", errors="strict").
func stringEncode(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	text, err := recode(b, args, kwargs, string(b.Receiver().(starlark.String)), (*charset).encode)
	return starlark.Bytes(text), err
}

// recode encodes or decodes text as its two optional arguments, encoding and errors, say.
func recode(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, text string, code func(e *charset, text, onError string) (string, error)) (string, error) {
	name, onError := "utf-8", "strict"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "encoding?", &name, "errors?", &onError); err != nil {
		return "", err
	}
	e, err := charsetNamed(name)
	if err != nil {
		return "", err
	}
	return code(e, text, onError)
}

func stringExpandtabs(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	size := 8
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "tabsize?", &size); err != nil {
		return nil, err
	}
	if size > 1<<10 {
		return nil, wire.Errorf("OverflowError", "expandtabs: tabsize %d is too large", size)
	}
	var out strings.Builder
	col := 0
	for _, c := range string(b.Receiver().(starlark.String)) {
		switch {
		case c == '\t' && size > 0:
			n := size - col%size
			out.WriteString(strings.Repeat(" ", n))
			col += n
		case c == '\t':
		default:
			out.WriteRune(c)
			if col++; c == '\n' || c == '\r' {
				col = 0
			}
		}
	}
	return starlark.String(out.String()), nil
}

// https://docs.python.org/3/library/stdtypes.html#bytes-and-bytearray-operations
func extraOfBytes(name string) extraMethod {
	switch name {
	case "decode":
		return bytesDecode
	case "hex":
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.String(hex.EncodeToString([]byte(b.Receiver().(starlark.Bytes)))), starlark.UnpackArgs(b.Name(), args, kwargs)
		}
	}
	return nil
}

// bytesDecode is bytes.decode(encoding="utf-8", errors="strict").
func bytesDecode(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	text, err := recode(b, args, kwargs, string(b.Receiver().(starlark.Bytes)), (*charset).decode)
	return starlark.String(text), err
}
