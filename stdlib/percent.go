package stdlib

import (
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// formatName is the predeclared function that Rewrite puts around format strings. Scripts can't write such a name.
const formatName = "%format"

// beyondPlain reports whether a format string needs more than go.starlark.net's operator % has: %r, which it can't tell from %s for the
// values of other packages, %g, which it writes with a point always, %F, which it leaves as it is, %E of an infinity, and flags, widths and precisions.
func beyondPlain(format string) bool {
	for i := 0; ; {
		j := strings.IndexByte(format[i:], '%')
		if j < 0 {
			return false
		}
		i += j + 1
		if i < len(format) && format[i] == '(' {
			n := strings.IndexByte(format[i:], ')')
			if n < 0 {
				return false
			}
			i += n + 1
		}
		if i >= len(format) {
			return false
		}
		if strings.IndexByte("sdioxXefc%", format[i]) < 0 {
			return true
		}
		i++
	}
}

// builtinFormat is formatName.
func (l *Lib) builtinFormat(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	return &formatString{args[0], l}, nil
}

// formatString is a string that is about to be the left operand of %.
type formatString struct {
	starlark.Value // a String
	lib            *Lib
}

var _ starlark.HasBinary = (*formatString)(nil)

// Binary is Python's operator %. https://docs.python.org/3/library/stdtypes.html#printf-style-string-formatting
func (f *formatString) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if op != syntax.PERCENT || side != starlark.Left {
		return nil, nil
	}
	s, err := f.lib.percentFormat(string(f.Value.(starlark.String)), y)
	return starlark.String(s), err
}

// percentFormat is format % y.
func (l *Lib) percentFormat(format string, y starlark.Value) (string, error) {
	p := &percent{lib: l, values: starlark.Tuple{y}, whole: y}
	if t, ok := y.(starlark.Tuple); ok {
		p.values = t
	}
	return p.format(format)
}

// percent is one use of the operator %.
type percent struct {
	lib    *Lib
	values starlark.Tuple // those that are left
	whole  starlark.Value // the right operand
	keyed  bool           // there was a conversion with a key
}

func (p *percent) format(format string) (string, error) {
	var out strings.Builder
	for at := 0; at < len(format); {
		i := strings.IndexByte(format[at:], '%')
		if i < 0 {
			out.WriteString(format[at:])
			break
		}
		out.WriteString(format[at : at+i])
		text, n, err := p.conversion(format, at+i+1)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		at = n
	}
	if _, isMapping := p.whole.(starlark.Mapping); len(p.values) > 0 && !p.keyed && !isMapping {
		return "", wire.Errorf("TypeError", "not all arguments converted during string formatting")
	}
	return out.String(), nil
}

var errIncomplete = wire.Errorf("ValueError", "incomplete format")

// conversion is the text for the conversion whose percent sign stands before format[at], and the index behind it.
func (p *percent) conversion(format string, at int) (text string, end int, err error) {
	f := spec{fill: ' ', precision: -1}
	var key starlark.Value
	if at < len(format) && format[at] == '(' {
		n := strings.IndexByte(format[at:], ')')
		if n < 0 {
			return "", 0, wire.Errorf("ValueError", "incomplete format key")
		}
		key = starlark.String(format[at+1 : at+n])
		at += n + 1
	}
	zero := false
flags:
	for ; at < len(format); at++ {
		switch c := format[at]; c {
		case '-':
			f.align = '<'
		case '+':
			f.sign = '+'
		case ' ':
			if f.sign == 0 {
				f.sign = ' '
			}
		case '#':
			f.alternate = true
		case '0':
			zero = true
		default:
			break flags
		}
	}
	number := func() (int, error) {
		if at < len(format) && format[at] == '*' {
			at++
			v, err := p.next(nil)
			if err != nil {
				return 0, err
			}
			n, err := starlark.AsInt32(v)
			if err != nil {
				return 0, wire.Errorf("TypeError", "* wants int")
			}
			return n, nil
		}
		n := 0
		for ; at < len(format) && '0' <= format[at] && format[at] <= '9'; at++ {
			if n = 10*n + int(format[at]-'0'); n > widest {
				return 0, wire.Errorf("ValueError", "width too big")
			}
		}
		return n, nil
	}
	if f.width, err = number(); err != nil {
		return "", 0, err
	}
	if f.width < 0 {
		f.align, f.width = '<', -f.width
	}
	if at < len(format) && format[at] == '.' {
		at++
		if f.precision, err = number(); err != nil {
			return "", 0, err
		}
		f.precision = max(f.precision, 0)
	}
	if f.width > widest || f.precision > widest {
		return "", 0, wire.Errorf("ValueError", "width too big")
	}
	if at < len(format) && strings.IndexByte("hlL", format[at]) >= 0 {
		at++
	}
	if at >= len(format) {
		return "", 0, errIncomplete
	}
	conv, size := utf8.DecodeRuneInString(format[at:])
	if conv == '%' && format[at-1] == '%' {
		return "%", at + 1, nil
	}
	v, err := p.next(key)
	if err != nil {
		return "", 0, err
	}
	if conv >= utf8.RuneSelf || strings.IndexByte("diouxXeEfFgGcrsa", byte(conv)) < 0 {
		return "", 0, wire.Errorf("ValueError", "unsupported format character '%c' (0x%x) at index %d", conv, conv, at)
	}
	if zero && f.align == 0 && strings.IndexByte("crsa", byte(conv)) < 0 {
		f.fill, f.align = '0', '='
	}
	text, err = p.one(f, byte(conv), v)
	return text, at + size, err
}

// next takes the value of the next conversion, or of one with a key.
func (p *percent) next(key starlark.Value) (starlark.Value, error) {
	if key != nil {
		m, ok := p.whole.(starlark.Mapping)
		if !ok {
			return nil, wire.Errorf("TypeError", "format requires a mapping")
		}
		p.keyed = true
		v, found, err := m.Get(key)
		if err = p.lib.Pending(err); err == nil && !found {
			err = &noKey{key}
		}
		return v, err
	}
	if len(p.values) == 0 {
		return nil, wire.Errorf("TypeError", "not enough arguments for format string")
	}
	v := p.values[0]
	p.values = p.values[1:]
	return v, nil
}

// one is the text for v.
func (p *percent) one(f spec, conv byte, v starlark.Value) (string, error) {
	switch conv {
	case 's', 'r', 'a':
		s, err := p.lib.convert(v, conv)
		if err != nil {
			return "", err
		}
		if f.align == 0 {
			f.align = '>'
		}
		return spec{fill: ' ', align: f.align, width: f.width, precision: f.precision}.text(s)
	case 'c':
		return p.character(f, v)
	}
	x, ok := number(v)
	if !ok {
		if conv == 'x' || conv == 'X' || conv == 'o' {
			return "", wire.Errorf("TypeError", "%%%c format: an integer is required, not %s", conv, pyType(v))
		}
		if strings.IndexByte("diu", conv) >= 0 {
			return "", wire.Errorf("TypeError", "%%%c format: a real number is required, not %s", conv, pyType(v))
		}
		return "", wire.Errorf("TypeError", "must be real number, not %s", pyType(v))
	}
	if f.typ = conv; strings.IndexByte("eEfFgG", conv) >= 0 {
		return f.scalar(x)
	}
	i, isInt := x.(starlark.Int)
	switch {
	case isInt:
	case conv == 'x' || conv == 'X' || conv == 'o':
		return "", wire.Errorf("TypeError", "%%%c format: an integer is required, not float", conv)
	default:
		whole, err := floatInt(float64(x.(starlark.Float)))
		if err != nil {
			return "", err
		}
		i = whole.(starlark.Int)
	}
	if conv == 'i' || conv == 'u' {
		f.typ = 'd'
	}
	return f.padded(i.BigInt())
}

// padded is integer, with zeros up to the precision.
func (f spec) padded(x *big.Int) (string, error) {
	n := f.precision
	f.precision = -1
	if n < 0 {
		return f.integer(x)
	}
	digits := f
	digits.width, digits.sign, digits.alternate = n, 0, false
	digits.fill, digits.align = '0', '='
	s, err := digits.integer(new(big.Int).Abs(x))
	if err != nil {
		return "", err
	}
	sign := f.signOf(x.Sign() < 0)
	if f.alternate && f.typ != 'd' {
		sign += "0" + string(f.typ)
	}
	return f.number(sign, s, "", 3), nil
}

// character is the text for %c.
func (p *percent) character(f spec, v starlark.Value) (string, error) {
	if s, ok := starlark.AsString(v); ok && utf8.RuneCountInString(s) == 1 {
		if f.align == 0 {
			f.align = '>'
		}
		return spec{fill: ' ', align: f.align, width: f.width, precision: -1}.text(s)
	}
	n, _ := number(v)
	i, ok := n.(starlark.Int)
	if !ok {
		return "", wire.Errorf("TypeError", "%%c requires int or char")
	}
	if f.align == 0 {
		f.align = '>'
	}
	return spec{fill: ' ', align: f.align, width: f.width, precision: -1, typ: 'c'}.integer(i.BigInt())
}
