package stdlib

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// pyPercent is Python's format % arg with flags, widths and precisions, which Starlark's own operator lacks.
// https://docs.python.org/3/library/stdtypes.html#printf-style-string-formatting
func (l *Lib) pyPercent(format string, arg starlark.Value) (string, error) {
	args, isTuple := arg.(starlark.Tuple)
	if !isTuple {
		args = starlark.Tuple{arg}
	}
	var b strings.Builder
	used, mapped := 0, false
	next := func() (starlark.Value, error) {
		if used >= len(args) {
			return nil, wire.Errorf("TypeError", "not enough arguments for format string")
		}
		used++
		return args[used-1], nil
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		var v starlark.Value
		i++
		if i < len(format) && format[i] == '(' {
			end := strings.IndexByte(format[i:], ')')
			if end < 0 {
				return "", wire.Errorf("ValueError", "incomplete format key")
			}
			m, ok := arg.(starlark.Mapping)
			if !ok {
				return "", wire.Errorf("TypeError", "format requires a mapping")
			}
			key := starlark.String(format[i+1 : i+end])
			got, found, err := m.Get(key)
			if err == nil && !found {
				err = &noKey{key}
			}
			if err != nil {
				return "", err
			}
			v, mapped = got, true
			i += end + 1
		}
		start := i
		for i < len(format) && strings.IndexByte("-+ 0#", format[i]) >= 0 {
			i++
		}
		flags := format[start:i]
		number := func() (string, error) {
			if i < len(format) && format[i] == '*' {
				i++
				v, err := next()
				if err != nil {
					return "", err
				}
				n, err := toIndex(v)
				return strconv.Itoa(n), err
			}
			start := i
			for i < len(format) && '0' <= format[i] && format[i] <= '9' {
				i++
			}
			return format[start:i], nil
		}
		width, err := number()
		if err != nil {
			return "", err
		}
		precision := ""
		if i < len(format) && format[i] == '.' {
			i++
			digits, err := number()
			if err != nil {
				return "", err
			}
			if precision = "." + digits; digits == "" {
				precision = ".0"
			}
		}
		for i < len(format) && strings.IndexByte("hlL", format[i]) >= 0 {
			i++
		}
		if i >= len(format) {
			return "", wire.Errorf("ValueError", "incomplete format")
		}
		if format[i] == '%' {
			b.WriteByte('%')
			continue
		}
		if w, err := strconv.Atoi(width); err == nil && w > 1<<20 {
			return "", wire.Errorf("ValueError", "width too big")
		}
		if v == nil {
			if v, err = next(); err != nil {
				return "", err
			}
		}
		text, err := l.percentVerb(format[i], flags, width, precision, v, i)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	if _, isMapping := arg.(starlark.Mapping); used < len(args) && !mapped && !(isMapping && !isTuple) {
		return "", wire.Errorf("TypeError", "not all arguments converted during string formatting")
	}
	return b.String(), nil
}

func (l *Lib) percentVerb(verb byte, flags, width, precision string, v starlark.Value, at int) (string, error) {
	spec := "%" + flags + width + precision
	switch verb {
	case 's', 'r', 'a':
		text, err := l.repr(v)
		if verb == 's' {
			text, err = l.str(v)
		}
		return fmt.Sprintf("%"+strings.NewReplacer("0", "", "#", "", "+", "", " ", "").Replace(flags)+width+precision+"s", text), err
	case 'd', 'i', 'u', 'x', 'X', 'o':
		n, ok := number(v)
		if !ok {
			return "", wire.Errorf("TypeError", "%%%c format: a real number is required, not %s", verb, pyType(v))
		}
		if f, isFloat := n.(starlark.Float); isFloat {
			if verb == 'x' || verb == 'X' || verb == 'o' {
				return "", wire.Errorf("TypeError", "%%%c format: an integer is required, not float", verb)
			}
			whole, err := floatInt(float64(f))
			if err != nil {
				return "", err
			}
			n = whole
		}
		if verb == 'i' || verb == 'u' {
			verb = 'd'
		}
		if verb == 'o' && strings.Contains(flags, "#") {
			spec, verb = strings.Replace(spec, "#", "", 1), 'O'
		}
		return fmt.Sprintf(spec+string(verb), n.(starlark.Int).BigInt()), nil
	case 'e', 'E', 'f', 'F', 'g', 'G':
		f, err := toFloat(v)
		if err != nil {
			return "", err
		}
		if precision == "" {
			spec += ".6"
		}
		text := fmt.Sprintf(spec+string(verb), f)
		return strings.NewReplacer("+Inf", "inf", "-Inf", "-inf", "NaN", "nan").Replace(text), nil
	case 'c':
		if s, ok := starlark.AsString(v); ok && runes(s) == 1 {
			return fmt.Sprintf("%"+flags+width+"s", s), nil
		}
		n, err := toIndex(v)
		if err != nil {
			return "", wire.Errorf("TypeError", "%%c requires an int or a unicode character, not %s", pyType(v))
		}
		return fmt.Sprintf("%"+flags+width+"s", string(rune(n))), nil
	}
	return "", wire.Errorf("ValueError", "unsupported format character '%c' (0x%x) at index %d", verb, verb, at)
}
