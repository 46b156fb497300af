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

// isUTF8 reports whether an encoding's name is one of UTF-8's; ascii whether it is ASCII's.
func encodingName(name string) (isUTF8, ascii bool) {
	switch strings.ReplaceAll(strings.ToLower(name), "_", "-") {
	case "utf-8", "utf8":
		return true, false
	case "ascii", "us-ascii":
		return false, true
	}
	return false, false
}

// stringEncode is str.encode(encoding="utf-8", errors="strict"), for UTF-8 and ASCII.
func stringEncode(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	encoding, errors := "utf-8", "strict"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "encoding?", &encoding, "errors?", &errors); err != nil {
		return nil, err
	}
	s := string(b.Receiver().(starlark.String))
	isUTF8, ascii := encodingName(encoding)
	switch {
	case isUTF8:
		return starlark.Bytes(s), nil
	case !ascii:
		return nil, wire.Errorf("LookupError", "unknown encoding: %s", encoding)
	}
	var out strings.Builder
	for i, c := range s {
		switch {
		case c < utf8.RuneSelf:
			out.WriteRune(c)
		case errors == "replace":
			out.WriteByte('?')
		case errors != "ignore":
			return nil, wire.Errorf("UnicodeEncodeError", "'ascii' codec can't encode character '\\u%04x' in position %d: ordinal not in range(128)", c, i)
		}
	}
	return starlark.Bytes(out.String()), nil
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

// bytesDecode is bytes.decode(encoding="utf-8", errors="strict"), for UTF-8 and ASCII.
func bytesDecode(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	encoding, errors := "utf-8", "strict"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "encoding?", &encoding, "errors?", &errors); err != nil {
		return nil, err
	}
	data := string(b.Receiver().(starlark.Bytes))
	isUTF8, isASCII := encodingName(encoding)
	if !isUTF8 && !isASCII {
		return nil, wire.Errorf("LookupError", "unknown encoding: %s", encoding)
	}
	var out strings.Builder
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRuneInString(data[i:])
		if c == utf8.RuneError && n == 1 || isASCII && c >= utf8.RuneSelf {
			switch errors {
			case "ignore":
			case "replace":
				out.WriteRune(utf8.RuneError)
			default:
				if isASCII {
					return nil, wire.Errorf("UnicodeDecodeError", "'ascii' codec can't decode byte 0x%02x in position %d: ordinal not in range(128)", data[i], i)
				}
				return nil, wire.Errorf("UnicodeDecodeError", "'utf-8' codec can't decode byte 0x%02x in position %d: invalid start byte", data[i], i)
			}
			i++
			continue
		}
		out.WriteString(data[i : i+n])
		i += n
	}
	return starlark.String(out.String()), nil
}
