package stdlib

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// spec is a format specification, [[fill]align][sign][z][#][0][width][grouping][.precision][type], of format(), str.format and, in a notation
// of its own, the operator %. https://docs.python.org/3/library/string.html#formatspec
type spec struct {
	fill      rune
	align     byte // '<', '>', '=', '^'; 0 for the type's own
	sign      byte // '+', '-', ' '; 0 for '-'
	noNegZero bool
	alternate bool
	width     int
	grouping  byte // ',', '_' or 0
	precision int  // -1: none
	typ       byte // 0: none
}

// widest bounds widths and precisions: past it the text would fill the memory. CPython's bound is the size of an int.
const widest = 1 << 24

// parseSpec parses a specification for a value of the type that Python calls typ.
func parseSpec(s, typ string) (spec, error) {
	f := spec{fill: ' ', precision: -1}
	rest := s
	filled := false
	isAlign := func(b byte) bool { return b == '<' || b == '>' || b == '=' || b == '^' }
	if c, n := utf8.DecodeRuneInString(rest); n > 0 && len(rest) > n && isAlign(rest[n]) {
		f.fill, f.align, rest, filled = c, rest[n], rest[n+1:], true
	} else if len(rest) > 0 && isAlign(rest[0]) {
		f.align, rest = rest[0], rest[1:]
	}
	take := func(chars string) byte {
		if len(rest) > 0 && strings.IndexByte(chars, rest[0]) >= 0 {
			b := rest[0]
			rest = rest[1:]
			return b
		}
		return 0
	}
	number := func() (n int, found bool, err error) {
		i := 0
		for ; i < len(rest) && '0' <= rest[i] && rest[i] <= '9'; i++ {
			if n = 10*n + int(rest[i]-'0'); n > widest {
				return 0, false, wire.Errorf("ValueError", "Too many decimal digits in format string")
			}
		}
		rest = rest[i:]
		return n, i > 0, nil
	}
	f.sign = take("+- ")
	f.noNegZero = take("z") != 0
	f.alternate = take("#") != 0
	if !filled && take("0") != 0 {
		f.fill = '0'
		if f.align == 0 && typ != "str" {
			f.align = '='
		}
	}
	var err error
	if f.width, _, err = number(); err != nil {
		return f, err
	}
	if f.grouping = take(",_"); f.grouping != 0 && take(",_") != 0 {
		return f, wire.Errorf("ValueError", "Cannot specify both ',' and '_'.")
	}
	if take(".") != 0 {
		n, found, err := number()
		if err != nil {
			return f, err
		}
		if !found {
			return f, wire.Errorf("ValueError", "Format specifier missing precision")
		}
		f.precision = n
	}
	if len(rest) > 1 {
		return f, wire.Errorf("ValueError", "Invalid format specifier '%s' for object of type '%s'", s, typ)
	}
	if len(rest) == 1 {
		f.typ = rest[0]
	}
	if f.grouping != 0 && f.typ != 0 && strings.IndexByte("defgEG%F", f.typ) < 0 && (f.grouping == ',' || strings.IndexByte("boxX", f.typ) < 0) {
		return f, wire.Errorf("ValueError", "Cannot specify '%c' with '%c'.", f.grouping, f.typ)
	}
	return f, nil
}

// format is format(v, text): v as the specification says.
func (l *Lib) format(v starlark.Value, text string) (string, error) {
	if x, ok := v.(*Instance); ok {
		if fn := x.cls.special("__format__"); fn != nil {
			r, err := l.hook(x, fn, starlark.String(text))
			if err != nil {
				return "", err
			}
			s, ok := starlark.AsString(r)
			if !ok {
				return "", wire.Errorf("TypeError", "__format__ must return a str, not %s", pyType(r))
			}
			return s, nil
		}
	}
	if text == "" {
		return l.str(v)
	}
	switch v := v.(type) {
	case date:
		return datetime{date: v}.strftime(text), nil
	case datetime:
		return v.strftime(text), nil
	case clockTime:
		return v.in1900().strftime(text), nil
	case starlark.String, starlark.Int, starlark.Float, starlark.Bool:
		f, err := parseSpec(text, pyType(v))
		if err != nil {
			return "", err
		}
		return f.scalar(v)
	}
	return "", wire.Errorf("TypeError", "unsupported format string passed to %s.__format__", pyType(v))
}

// scalar formats a string or a number.
func (f spec) scalar(v starlark.Value) (string, error) {
	typ := pyType(v)
	switch x := v.(type) {
	case starlark.String:
		return f.text(string(x))
	case starlark.Bool:
		v = boolInt(x)
	}
	switch f.typ {
	case 0, 'b', 'c', 'd', 'n', 'o', 'x', 'X':
		if i, ok := v.(starlark.Int); ok {
			return f.integer(i.BigInt())
		}
	}
	switch f.typ {
	case 0, 'e', 'E', 'f', 'F', 'g', 'G', 'n', '%':
		x, ok := starlark.AsFloat(v)
		if i, isInt := v.(starlark.Int); isInt && (!ok || math.IsInf(x, 0)) {
			return "", wire.Errorf("OverflowError", "int too large to convert to float: %d digits", len(i.String()))
		}
		return f.float(x)
	}
	return "", f.unknown(typ)
}

func (f spec) unknown(typ string) error {
	return wire.Errorf("ValueError", "Unknown format code '%c' for object of type '%s'", f.typ, typ)
}

// text formats a string.
func (f spec) text(s string) (string, error) {
	switch {
	case f.typ != 0 && f.typ != 's':
		return "", f.unknown("str")
	case f.sign == ' ':
		return "", wire.Errorf("ValueError", "Space not allowed in string format specifier")
	case f.sign != 0:
		return "", wire.Errorf("ValueError", "Sign not allowed in string format specifier")
	case f.noNegZero:
		return "", wire.Errorf("ValueError", "Negative zero coercion (z) not allowed in string format specifier")
	case f.alternate:
		return "", wire.Errorf("ValueError", "Alternate form (#) not allowed in string format specifier")
	case f.grouping != 0:
		return "", wire.Errorf("ValueError", "Cannot specify '%c' with 's'.", f.grouping)
	case f.align == '=':
		return "", wire.Errorf("ValueError", "'=' alignment not allowed in string format specifier")
	}
	if f.precision >= 0 {
		n := 0
		for i := range s {
			if n == f.precision {
				s = s[:i]
				break
			}
			n++
		}
	}
	return f.pad("", s, '<'), nil
}

// integer formats an int.
func (f spec) integer(x *big.Int) (string, error) {
	if f.precision >= 0 {
		return "", wire.Errorf("ValueError", "Precision not allowed in integer format specifier")
	}
	if f.noNegZero {
		return "", wire.Errorf("ValueError", "Negative zero coercion (z) not allowed in integer format specifier")
	}
	if f.typ == 'c' {
		switch {
		case f.sign != 0:
			return "", wire.Errorf("ValueError", "Sign not allowed with integer format specifier 'c'")
		case f.alternate:
			return "", wire.Errorf("ValueError", "Alternate form (#) not allowed with integer format specifier 'c'")
		case !x.IsInt64() || x.Int64() < 0 || x.Int64() > utf8.MaxRune:
			return "", wire.Errorf("OverflowError", "%%c arg not in range(0x110000)")
		}
		return f.pad("", string(rune(x.Int64())), '>'), nil
	}
	base, prefix, group := 10, "", 3
	switch f.typ {
	case 'b':
		base, prefix, group = 2, "0b", 4
	case 'o':
		base, prefix, group = 8, "0o", 4
	case 'x', 'X':
		base, prefix, group = 16, "0"+string(f.typ), 4
	}
	digits := new(big.Int).Abs(x).Text(base)
	if f.typ == 'X' {
		digits = strings.ToUpper(digits)
	}
	sign := f.signOf(x.Sign() < 0)
	if f.alternate {
		sign += prefix
	}
	return f.number(sign, digits, "", group), nil
}

func (f spec) signOf(negative bool) string {
	switch {
	case negative:
		return "-"
	case f.sign == '+' || f.sign == ' ':
		return string(f.sign)
	}
	return ""
}

// float formats a float.
func (f spec) float(x float64) (string, error) {
	sign := f.signOf(math.Signbit(x) && !math.IsNaN(x))
	digits := floatDigits(math.Abs(x), f.typ, f.precision, f.alternate)
	if f.noNegZero && sign == "-" && !strings.ContainsAny(digits, "123456789inIN") {
		sign = f.signOf(false)
	}
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return f.pad(sign, digits, '>'), nil
	}
	whole, tail := digits, ""
	if i := strings.IndexAny(digits, ".eE%"); i >= 0 {
		whole, tail = digits[:i], digits[i:]
	}
	return f.number(sign, whole, tail, 3), nil
}

// floatDigits writes x, which is not negative, as typ says; 0 stands for what str does, and for g with at least one digit after the
// point if there is a precision.
func floatDigits(x float64, typ byte, precision int, alternate bool) string {
	upper := typ == 'E' || typ == 'F' || typ == 'G'
	var s string
	switch {
	case math.IsInf(x, 0):
		s = "inf"
	case math.IsNaN(x):
		s = "nan"
	default:
		switch typ {
		case 'e', 'E', 'f', 'F', '%':
			if precision < 0 {
				precision = 6
			}
			verb := byte('f')
			if typ == 'e' || typ == 'E' {
				verb = 'e'
			}
			if typ == '%' {
				x *= 100
			}
			s = strconv.FormatFloat(x, verb, precision, 64)
			if alternate && precision == 0 {
				s = withPoint(s)
			}
		case 0:
			if precision < 0 {
				s = string(appendFloat(nil, x))
				break
			}
			s = general(x, max(precision, 1), alternate, true)
		default:
			if precision < 0 {
				precision = 6
			}
			s = general(x, max(precision, 1), alternate, false)
		}
	}
	if upper {
		s = strings.ToUpper(s)
	}
	if typ == '%' {
		s += "%"
	}
	return s
}

// withPoint puts a point behind the digits, before the exponent.
func withPoint(s string) string {
	if i := strings.IndexByte(s, 'e'); i >= 0 {
		return s[:i] + "." + s[i:]
	}
	return s + "."
}

// general is the format g. With point, the fixed notation has a digit after the point at least, and gives way to the exponent one digit
// earlier, as the empty type has it.
func general(x float64, precision int, alternate, point bool) string {
	exp := strconv.FormatFloat(x, 'e', precision-1, 64)
	i := strings.IndexByte(exp, 'e')
	e, _ := strconv.Atoi(exp[i+1:])
	most := precision
	if point {
		most--
	}
	trim := func(s string) string {
		if !alternate && strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return s
	}
	if e < -4 || e >= most {
		mantissa := exp[:i]
		if alternate && !strings.Contains(mantissa, ".") {
			mantissa += "."
		}
		return trim(mantissa) + exp[i:]
	}
	s := trim(strconv.FormatFloat(x, 'f', max(precision-1-e, 0), 64))
	if alternate && !strings.Contains(s, ".") {
		s += "."
	}
	if point && !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// number puts sign, digits and what follows them together, with separators, and pads. Zeros between the sign and the digits are grouped
// with them.
func (f spec) number(sign, digits, tail string, group int) string {
	if f.align == '=' && f.fill == '0' {
		room := f.width - len(sign) - len(tail)
		if f.grouping == 0 {
			digits = strings.Repeat("0", max(0, room-len(digits))) + digits
		} else {
			for len(digits)+(len(digits)-1)/group < room {
				digits = "0" + digits
			}
		}
	}
	if f.grouping != 0 {
		var b strings.Builder
		for i, d := range []byte(digits) {
			if i > 0 && (len(digits)-i)%group == 0 {
				b.WriteByte(f.grouping)
			}
			b.WriteByte(d)
		}
		digits = b.String()
	}
	return f.pad(sign, digits+tail, '>')
}

// pad fills up to the width. Align is the type's own alignment.
func (f spec) pad(sign, body string, align byte) string {
	if f.align != 0 {
		align = f.align
	}
	n := f.width - utf8.RuneCountInString(sign) - utf8.RuneCountInString(body)
	if n <= 0 {
		return sign + body
	}
	fill := func(n int) string { return strings.Repeat(string(f.fill), n) }
	switch align {
	case '<':
		return sign + body + fill(n)
	case '=':
		return sign + fill(n) + body
	case '^':
		return fill(n/2) + sign + body + fill(n-n/2)
	}
	return fill(n) + sign + body
}

// builtinFormatValue is format(value, format_spec=""). https://docs.python.org/3/library/functions.html#format
func (l *Lib) builtinFormatValue(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value
	var text string
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &v, &text); err != nil {
		return nil, err
	}
	s, err := l.format(v, text)
	return starlark.String(s), err
}
