package stdlib

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// jsonReader parses one JSON text.
type jsonReader struct {
	lib    *Lib
	thread *starlark.Thread
	s      string
	pos    int
	depth  int
	hooks  jsonHooks
}

// jsonHooks are the functions that make values; nil where a value of its own kind is made.
type jsonHooks struct{ object, pairs, float, int, constant starlark.Value }

// jsonLoads is loads(s, *, object_hook=None, parse_float=None, parse_int=None, parse_constant=None, object_pairs_hook=None). Integers without fraction and exponent are ints of any size.
func (l *Lib) jsonLoads(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text starlark.Value
	var h jsonHooks
	if err := bind("loads", args, kwargs, "s", &text, "*", "object_hook?", &h.object, "parse_float?", &h.float, "parse_int?", &h.int,
		"parse_constant?", &h.constant, "object_pairs_hook?", &h.pairs); err != nil {
		return nil, err
	}
	for _, f := range []*starlark.Value{&h.object, &h.pairs, &h.float, &h.int, &h.constant} {
		if *f == starlark.None {
			*f = nil
		}
	}
	r := &jsonReader{lib: l, thread: thread, hooks: h}
	switch text := text.(type) {
	case starlark.String:
		r.s = string(text)
		if strings.HasPrefix(r.s, "\ufeff") {
			return nil, r.fail("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0)
		}
	case starlark.Bytes:
		r.s = strings.TrimPrefix(string(text), "\ufeff")
	default:
		return nil, wire.Errorf("TypeError", "the JSON object must be str, bytes or bytearray, not %s", pyType(text))
	}
	r.space()
	v, err := r.value()
	if err != nil {
		return nil, err
	}
	if r.space(); r.pos < len(r.s) {
		return nil, r.fail("Extra data", r.pos)
	}
	return v, nil
}

// fail is the error at a byte offset. CPython counts characters.
func (r *jsonReader) fail(what string, at int) error {
	before := r.s[:at]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	pos := utf8.RuneCountInString(before)
	return r.lib.errorWith("json.JSONDecodeError", fmt.Sprintf("%s: line %d column %d (char %d)", what, line, column, pos),
		"msg", what, "doc", r.s, "pos", pos, "lineno", line, "colno", column)
}

func (r *jsonReader) space() {
	for r.pos < len(r.s) && strings.IndexByte(" \t\n\r", r.s[r.pos]) >= 0 {
		r.pos++
	}
}

// peek returns the next byte, 0 at the end.
func (r *jsonReader) peek() byte {
	if r.pos < len(r.s) {
		return r.s[r.pos]
	}
	return 0
}

func (r *jsonReader) value() (starlark.Value, error) {
	switch c := r.peek(); c {
	case '"':
		s, err := r.string()
		return starlark.String(s), err
	case '{', '[':
		kind, read := "object", r.object
		if c == '[' {
			kind, read = "array", r.array
		}
		if r.depth++; r.depth > jsonDepth {
			return nil, wire.Errorf("RecursionError", "maximum recursion depth exceeded while decoding a JSON %s from a unicode string", kind)
		}
		defer func() { r.depth-- }()
		return read()
	}
	for _, word := range []struct {
		text string
		v    starlark.Value
	}{
		{"null", starlark.None}, {"true", starlark.True}, {"false", starlark.False}, {"NaN", starlark.Float(math.NaN())},
		{"Infinity", starlark.Float(math.Inf(1))}, {"-Infinity", starlark.Float(math.Inf(-1))},
	} {
		if strings.HasPrefix(r.s[r.pos:], word.text) {
			r.pos += len(word.text)
			if _, ok := word.v.(starlark.Float); ok && r.hooks.constant != nil {
				return r.lib.call(r.thread, r.hooks.constant, starlark.String(word.text))
			}
			return word.v, nil
		}
	}
	return r.number()
}

// digits returns the offset after the digits at i.
func (r *jsonReader) digits(i int) int {
	for i < len(r.s) && r.s[i] >= '0' && r.s[i] <= '9' {
		i++
	}
	return i
}

func (r *jsonReader) number() (starlark.Value, error) {
	start, i := r.pos, r.pos
	if r.peek() == '-' {
		i++
	}
	end := r.digits(i)
	if end == i {
		return nil, r.fail("Expecting value", start)
	}
	if r.s[i] == '0' {
		end = i + 1
	}
	isFloat := false
	if end < len(r.s) && r.s[end] == '.' {
		if frac := r.digits(end + 1); frac > end+1 {
			end, isFloat = frac, true
		}
	}
	if end < len(r.s) && r.s[end]|0x20 == 'e' {
		i := end + 1
		if i < len(r.s) && (r.s[i] == '+' || r.s[i] == '-') {
			i++
		}
		if exp := r.digits(i); exp > i {
			end, isFloat = exp, true
		}
	}
	text := r.s[start:end]
	r.pos = end
	switch {
	case isFloat && r.hooks.float != nil:
		return r.lib.call(r.thread, r.hooks.float, starlark.String(text))
	case !isFloat && r.hooks.int != nil:
		return r.lib.call(r.thread, r.hooks.int, starlark.String(text))
	case isFloat:
		f, _ := strconv.ParseFloat(text, 64) // out of range is an infinity, as in CPython
		return starlark.Float(f), nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return starlark.MakeInt64(n), nil
	}
	n, _ := new(big.Int).SetString(text, 10) // digits alone
	return starlark.MakeBigInt(n), nil
}

func (r *jsonReader) array() (starlark.Value, error) {
	r.pos++
	var items []starlark.Value
	if r.space(); r.peek() == ']' {
		r.pos++
		return starlark.NewList(nil), nil
	}
	for {
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		comma := r.skipSpace()
		switch r.peek() {
		case ']':
			r.pos++
			return starlark.NewList(items), nil
		case ',':
			r.pos++
		default:
			return nil, r.fail("Expecting ',' delimiter", comma)
		}
		if r.space(); r.peek() == ']' {
			return nil, r.fail("Illegal trailing comma before end of array", comma)
		}
	}
}

// skipSpace skips it and returns where the next token is.
func (r *jsonReader) skipSpace() int {
	r.space()
	return r.pos
}

func (r *jsonReader) object() (starlark.Value, error) {
	r.pos++
	d := new(starlark.Dict)
	var pairs []starlark.Value // in place of d where the script wants them
	if r.space(); r.peek() == '}' {
		r.pos++
		return r.hooked(d, pairs)
	}
	for {
		if r.peek() != '"' {
			return nil, r.fail("Expecting property name enclosed in double quotes", r.pos)
		}
		key, err := r.string()
		if err != nil {
			return nil, err
		}
		if r.space(); r.peek() != ':' {
			return nil, r.fail("Expecting ':' delimiter", r.pos)
		}
		r.pos++
		r.space()
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		if r.hooks.pairs != nil {
			pairs = append(pairs, starlark.Tuple{starlark.String(key), v})
		} else if err := d.SetKey(starlark.String(key), v); err != nil {
			return nil, err
		}
		comma := r.skipSpace()
		switch r.peek() {
		case '}':
			r.pos++
			return r.hooked(d, pairs)
		case ',':
			r.pos++
		default:
			return nil, r.fail("Expecting ',' delimiter", comma)
		}
		if r.space(); r.peek() == '}' {
			return nil, r.fail("Illegal trailing comma before end of object", comma)
		}
	}
}

// hooked is what becomes of an object.
func (r *jsonReader) hooked(d *starlark.Dict, pairs []starlark.Value) (starlark.Value, error) {
	switch {
	case r.hooks.pairs != nil:
		return r.lib.call(r.thread, r.hooks.pairs, starlark.NewList(pairs))
	case r.hooks.object != nil:
		return r.lib.call(r.thread, r.hooks.object, d)
	}
	return d, nil
}

func (r *jsonReader) string() (string, error) {
	start := r.pos
	r.pos++
	var out []byte
	for {
		i := strings.IndexFunc(r.s[r.pos:], func(c rune) bool { return c == '"' || c == '\\' || c < ' ' })
		if i < 0 {
			return "", r.fail("Unterminated string starting at", start)
		}
		out = append(out, r.s[r.pos:r.pos+i]...)
		r.pos += i
		switch r.s[r.pos] {
		case '"':
			r.pos++
			return string(out), nil
		case '\\':
			c, err := r.escape(start)
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, c)
		default:
			return "", r.fail("Invalid control character at", r.pos)
		}
	}
}

// escape reads an escape sequence of the string that began at start. Half a surrogate pair becomes U+FFFD.
func (r *jsonReader) escape(start int) (rune, error) {
	at := r.pos
	r.pos++
	if r.pos == len(r.s) {
		return 0, r.fail("Unterminated string starting at", start)
	}
	c := r.s[r.pos]
	if c == 'u' {
		u, ok := r.unit(r.pos + 1)
		if !ok {
			return 0, r.fail(`Invalid \uXXXX escape`, r.pos)
		}
		r.pos += 5
		if utf16.IsSurrogate(u) && strings.HasPrefix(r.s[r.pos:], `\u`) {
			if u2, ok := r.unit(r.pos + 2); ok {
				if c := utf16.DecodeRune(u, u2); c != utf8.RuneError {
					r.pos += 6
					return c, nil
				}
			}
		}
		return u, nil
	}
	i := strings.IndexByte(`"\/bfnrt`, c)
	if i < 0 {
		return 0, r.fail(`Invalid \escape`, at)
	}
	r.pos++
	return rune("\"\\/\b\f\n\r\t"[i]), nil
}

// unit reads four hexadecimal digits.
func (r *jsonReader) unit(at int) (rune, bool) {
	if at+4 > len(r.s) {
		return 0, false
	}
	u, err := strconv.ParseUint(r.s[at:at+4], 16, 16)
	return rune(u), err == nil && r.s[at] != '+'
}
