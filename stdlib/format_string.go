package stdlib

import (
	"strconv"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// stringFormat is str.format with all of Python's replacement fields: names and indices in them, conversions, and specifications, which
// may have fields of their own. go.starlark.net's has no specifications.
// https://docs.python.org/3/library/string.html#format-string-syntax
func (l *Lib) stringFormat(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := &fields{lib: l, args: args, named: func(name string) (starlark.Value, bool, error) {
		for _, kv := range kwargs {
			if kv[0] == starlark.String(name) {
				return kv[1], true, nil
			}
		}
		return nil, false, nil
	}}
	s, err := f.format(string(b.Receiver().(starlark.String)), 2)
	return starlark.String(s), err
}

// stringFormatMap is str.format_map(mapping).
func (l *Lib) stringFormatMap(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var m starlark.Value
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &m); err != nil {
		return nil, err
	}
	mapping, ok := m.(starlark.Mapping)
	if !ok {
		return nil, wire.Errorf("TypeError", "'%s' object is not subscriptable", pyType(m))
	}
	f := &fields{lib: l, named: func(name string) (starlark.Value, bool, error) {
		v, found, err := mapping.Get(starlark.String(name))
		return v, found, l.Pending(err)
	}}
	s, err := f.format(string(b.Receiver().(starlark.String)), 2)
	return starlark.String(s), err
}

// fields is what replacement fields stand for.
type fields struct {
	lib   *Lib
	args  starlark.Tuple
	named func(name string) (v starlark.Value, found bool, err error)
	auto  int  // the number of the next field without one
	count bool // there has been a field without a number
	given bool // there has been one with a number
}

// format replaces the fields of s, depth levels of them.
func (f *fields) format(s string, depth int) (string, error) {
	if depth == 0 {
		return "", wire.Errorf("ValueError", "Max string recursion exceeded")
	}
	var out strings.Builder
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			out.WriteString(s)
			break
		}
		out.WriteString(s[:i])
		c := s[i]
		s = s[i+1:]
		switch {
		case s != "" && s[0] == c:
			out.WriteByte(c)
			s = s[1:]
			continue
		case c == '}':
			return "", wire.Errorf("ValueError", "Single '}' encountered in format string")
		case s == "":
			return "", wire.Errorf("ValueError", "Single '{' encountered in format string")
		}
		end := fieldEnd(s)
		if end < 0 {
			return "", wire.Errorf("ValueError", "expected '}' before end of string")
		}
		text, err := f.field(s[:end], depth)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		s = s[end+1:]
	}
	return out.String(), nil
}

// fieldEnd finds the brace that closes the field at the start of s.
func fieldEnd(s string) int {
	depth, index := 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '[' && depth == 0 && !strings.ContainsAny(s[:i], ":!"):
			index = true
		case c == ']':
			index = false
		case index:
		case c == '{':
			depth++
		case c == '}':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// field is the text for one replacement field, name!conversion:spec.
func (f *fields) field(s string, depth int) (string, error) {
	name, conversion, format := s, "", ""
	for i, index := 0, false; i < len(s); i++ {
		switch c := s[i]; {
		case c == '[':
			index = true
		case c == ']':
			index = false
		case c == '{' && !index:
			return "", wire.Errorf("ValueError", "unexpected '{' in field name")
		case index || c != '!' && c != ':':
			continue
		default:
			name = s[:i]
			if c == '!' {
				rest := s[i+1:]
				if j := strings.IndexByte(rest, ':'); j >= 0 {
					conversion, format = rest[:j], rest[j+1:]
				} else {
					conversion = rest
				}
				switch {
				case rest == "":
					return "", wire.Errorf("ValueError", "unmatched '{' in format spec")
				case conversion == "":
					return "", wire.Errorf("ValueError", "Unknown conversion specifier :")
				case len(conversion) > 1:
					return "", wire.Errorf("ValueError", "expected ':' after conversion specifier")
				}
			} else {
				format = s[i+1:]
			}
			i = len(s)
		}
	}
	v, err := f.value(name)
	if err != nil {
		return "", err
	}
	switch conversion {
	case "":
	case "s", "r", "a":
		text, err := f.lib.convert(v, conversion[0])
		if err != nil {
			return "", err
		}
		v = starlark.String(text)
	default:
		return "", wire.Errorf("ValueError", "Unknown conversion specifier %s", conversion)
	}
	if strings.ContainsAny(format, "{}") {
		if format, err = f.format(format, depth-1); err != nil {
			return "", err
		}
	}
	return f.lib.format(v, format)
}

// convert is str(v), repr(v) or ascii(v).
func (l *Lib) convert(v starlark.Value, how byte) (string, error) {
	if how == 's' {
		return l.str(v)
	}
	s, err := l.repr(v)
	if how == 'a' && err == nil {
		s = ascii(s)
	}
	return s, err
}

// ascii writes what is not ASCII as Python's ascii does.
func ascii(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c < 0x80:
			b.WriteRune(c)
		case c < 0x100:
			b.WriteString(`\x` + strconv.FormatInt(int64(c), 16))
		case c < 0x10000:
			b.WriteString(`\u` + pad0(strconv.FormatInt(int64(c), 16), 4))
		default:
			b.WriteString(`\U` + pad0(strconv.FormatInt(int64(c), 16), 8))
		}
	}
	return b.String()
}

func pad0(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }

// value is what a field's name stands for: an argument, then attributes and elements of it.
func (f *fields) value(name string) (starlark.Value, error) {
	end := strings.IndexAny(name, ".[")
	if end < 0 {
		end = len(name)
	}
	v, err := f.argument(name[:end])
	for rest := name[end:]; err == nil && rest != ""; {
		switch {
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			if end == 1 {
				return nil, wire.Errorf("ValueError", "Empty attribute in format string")
			}
			var found bool
			var missing error
			v, found, missing, err = f.lib.attribute(v, rest[1:end])
			if err == nil && !found {
				err = missing
			}
			rest = rest[end:]
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, wire.Errorf("ValueError", "Missing ']' in format string")
			}
			if end == 1 {
				return nil, wire.Errorf("ValueError", "Empty attribute in format string")
			}
			v, err = f.lib.element(v, rest[1:end])
			rest = rest[end+1:]
		default:
			return nil, wire.Errorf("ValueError", "Only '.' or '[' may follow ']' in format field specifier")
		}
	}
	return v, err
}

// argument is the argument that a number, a name or, for "", the order stands for.
func (f *fields) argument(name string) (starlark.Value, error) {
	n, isNumber := fieldNumber(name)
	switch {
	case name == "":
		if f.given {
			return nil, wire.Errorf("ValueError", "cannot switch from manual field specification to automatic field numbering")
		}
		n, f.count = f.auto, true
		f.auto++
	case isNumber:
		if f.count {
			return nil, wire.Errorf("ValueError", "cannot switch from automatic field numbering to manual field specification")
		}
		f.given = true
	default:
		v, found, err := f.named(name)
		if err == nil && !found {
			err = keyError{starlark.String(name)}
		}
		return v, err
	}
	if n >= len(f.args) {
		return nil, wire.Errorf("IndexError", "Replacement index %d out of range for positional args tuple", n)
	}
	return f.args[n], nil
}

// fieldNumber is the number that a field's name or key is: digits alone, without a sign.
func fieldNumber(s string) (n int, ok bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && strings.IndexFunc(s, func(c rune) bool { return c < '0' || c > '9' }) < 0
}

// element is v[key], the key a number where it looks like one.
func (l *Lib) element(v starlark.Value, key string) (starlark.Value, error) {
	var k starlark.Value = starlark.String(key)
	n, isNumber := fieldNumber(key)
	if isNumber {
		k = starlark.MakeInt(n)
	}
	switch v := v.(type) {
	case starlark.Mapping:
		x, found, err := v.Get(k)
		if err = l.Pending(err); err == nil && !found {
			err = keyError{k}
		}
		return x, err
	case starlark.Indexable:
		if !isNumber {
			return nil, wire.Errorf("TypeError", "%s indices must be integers or slices, not str", pyType(v))
		}
		if n >= v.Len() {
			return nil, wire.Errorf("IndexError", "%s index out of range", pyType(v))
		}
		x := v.Index(n)
		return x, l.Pending(nil)
	}
	return nil, wire.Errorf("TypeError", "'%s' object is not subscriptable", pyType(v))
}
