package stdlib

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// charset is how text becomes bytes. https://docs.python.org/3/library/codecs.html#standard-encodings
//
// There are three: UTF-8, ASCII and Latin-1. A string of a script holds UTF-8, or what else came out of a file: that stays as it is, byte for
// byte, where CPython has surrogates.
type charset struct {
	name string
	end  rune // the first code point that it does not have
}

var (
	utf8Charset  = &charset{"utf-8", utf8.MaxRune + 1}
	asciiCharset = &charset{"ascii", 0x80}
	latinCharset = &charset{"latin-1", 0x100}
)

// charsetNamed returns the encoding of that name, or a LookupError.
func charsetNamed(name string) (*charset, error) {
	switch strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(name)) {
	case "utf-8", "utf8", "u8", "cp65001":
		return utf8Charset, nil
	case "ascii", "us-ascii", "646":
		return asciiCharset, nil
	case "latin-1", "latin1", "latin", "l1", "iso-8859-1", "iso8859-1", "8859", "cp819":
		return latinCharset, nil
	}
	return nil, wire.Errorf("LookupError", "unknown encoding: %s", name)
}

// textForm is the encoding of a stream. Nil stands for UTF-8 where nobody looks for mistakes.
type textForm struct {
	*charset
	given   string // the encoding's name, as the script gave it
	onError string
}

// newTextForm returns what the arguments encoding and errors of fn say; each may be nil or None.
func newTextForm(fn string, encoding, onError starlark.Value) (*textForm, error) {
	encoding, onError = given(encoding), given(onError)
	if encoding == nil && onError == nil {
		return nil, nil
	}
	f := &textForm{utf8Charset, "UTF-8", "strict"}
	for _, arg := range []struct {
		name  string
		v     starlark.Value
		given *string
	}{{"encoding", encoding, &f.given}, {"errors", onError, &f.onError}} {
		if arg.v == nil {
			continue
		}
		var ok bool
		if *arg.given, ok = starlark.AsString(arg.v); !ok {
			return nil, wire.Errorf("TypeError", "%s argument '%s' must be str or None, not %s", fn, arg.name, pyType(arg.v))
		}
	}
	var err error
	f.charset, err = charsetNamed(f.given)
	return f, err
}

// bytewise reports whether each character is one byte.
func (f *textForm) bytewise() bool { return f != nil && f.charset != utf8Charset }

func (f *textForm) decoded(data string) (string, error) {
	if f == nil {
		return data, nil
	}
	return f.decode(data, f.onError)
}

func (f *textForm) encoded(text string) (string, error) {
	if f == nil {
		return text, nil
	}
	return f.encode(text, f.onError)
}

// encode returns text in the encoding. onError is what becomes of what it does not have.
func (e *charset) encode(text, onError string) (string, error) {
	if e == utf8Charset {
		return text, nil
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRuneInString(text[i:])
		stray := c == utf8.RuneError && n == 1
		if !stray && c < e.end {
			out.WriteByte(byte(c))
			i += n
			continue
		}
		end := e.lacks(text, i)
		replaced, err := encodeReplacement(text[i:end], onError)
		if err != nil {
			return "", err
		}
		if replaced == nil {
			at := utf8.RuneCountInString(text[:i]) // counted as CPython does
			what := fmt.Sprintf("character '%s' in position %d", escapedRune(c), at)
			if stray {
				what = fmt.Sprintf("character '\\udc%02x' in position %d", text[i], at)
			}
			if n < end-i {
				what = fmt.Sprintf("characters in position %d-%d", at, at+utf8.RuneCountInString(text[i:end])-1)
			}
			return "", wire.Errorf("UnicodeEncodeError", "'%s' codec can't encode %s: ordinal not in range(%d)", e.name, what, e.end)
		}
		out.WriteString(*replaced)
		i = end
	}
	return out.String(), nil
}

// lacks returns where the characters end that begin at i and that the encoding does not have.
func (e *charset) lacks(text string, i int) int {
	for i < len(text) {
		c, n := utf8.DecodeRuneInString(text[i:])
		if c < e.end {
			break
		}
		i += n
	}
	return i
}

// encodeReplacement is what stands for text, which an encoding lacks; nil for an error.
func encodeReplacement(text, onError string) (*string, error) {
	var each func(c rune) string
	switch onError {
	case "strict":
		return nil, nil
	case "ignore":
		each = func(rune) string { return "" }
	case "replace":
		each = func(rune) string { return "?" }
	case "backslashreplace":
		each = escapedRune
	case "xmlcharrefreplace":
		each = func(c rune) string { return fmt.Sprintf("&#%d;", c) }
	case "surrogateescape":
		if strings.ToValidUTF8(text, "") != "" {
			return nil, nil // there is more than stray bytes
		}
		return &text, nil
	default:
		return nil, wire.Errorf("LookupError", "unknown error handler name '%s'", onError)
	}
	var out strings.Builder
	for _, c := range text {
		out.WriteString(each(c))
	}
	s := out.String()
	return &s, nil
}

// escapedRune is c as Python escapes it in text.
func escapedRune(c rune) string {
	switch {
	case c < 0x100:
		return fmt.Sprintf("\\x%02x", c)
	case c < 0x10000:
		return fmt.Sprintf("\\u%04x", c)
	}
	return fmt.Sprintf("\\U%08x", c)
}

// decode returns the text that data in the encoding is. onError is what becomes of what is none.
func (e *charset) decode(data, onError string) (string, error) {
	if e == utf8Charset && utf8.ValidString(data) {
		return data, nil
	}
	var out strings.Builder
	for i := 0; i < len(data); {
		c, n := rune(data[i]), 1
		if e == utf8Charset {
			c, n = utf8.DecodeRuneInString(data[i:])
		}
		if c < e.end && (c != utf8.RuneError || n > 1) {
			out.WriteRune(c)
			i += n
			continue
		}
		reason := "ordinal not in range(128)"
		if e == utf8Charset {
			n, reason = notUTF8(data[i:])
		}
		switch onError {
		case "ignore":
		case "replace":
			out.WriteRune(utf8.RuneError)
		case "backslashreplace":
			for _, b := range []byte(data[i : i+n]) {
				out.WriteString(escapedRune(rune(b)))
			}
		case "surrogateescape":
			out.WriteString(data[i : i+n])
		case "strict":
			what := fmt.Sprintf("byte 0x%02x in position %d", data[i], i)
			if n > 1 {
				what = fmt.Sprintf("bytes in position %d-%d", i, i+n-1)
			}
			return "", wire.Errorf("UnicodeDecodeError", "'%s' codec can't decode %s: %s", e.name, what, reason)
		default:
			return "", wire.Errorf("LookupError", "unknown error handler name '%s'", onError)
		}
		i += n
	}
	return out.String(), nil
}

// notUTF8 says how many bytes at the start of s, which is no UTF-8, are one mistake, and which. See "maximal subpart" in the Unicode Standard, 3.9.
func notUTF8(s string) (n int, reason string) {
	least, most, size := byte(0x80), byte(0xBF), 0
	switch b := s[0]; {
	case b < 0xC2 || b > 0xF4:
		return 1, "invalid start byte"
	case b < 0xE0:
		size = 2
	case b < 0xF0:
		size = 3
	default:
		size = 4
	}
	switch s[0] {
	case 0xE0:
		least = 0xA0
	case 0xED:
		most = 0x9F
	case 0xF0:
		least = 0x90
	case 0xF4:
		most = 0x8F
	}
	for n = 1; n < size; n++ {
		if n == len(s) {
			return n, "unexpected end of data"
		}
		if s[n] < least || s[n] > most {
			break
		}
		least, most = 0x80, 0xBF
	}
	return n, "invalid continuation byte"
}
