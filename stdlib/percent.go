package stdlib

import (
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// formatName is the predeclared function that Rewrite puts around format strings. Scripts can't write such a name.
const formatName = "%format"

// Rewrite changes a parsed file, before it is resolved, so that "%r" % x uses __repr__: go.starlark.net's own operator can't tell %r
// from %s for the values of other packages. Only string literals with %r are touched, and nothing where predeclared says that what
// Lib.Predeclared returns is not there.
func Rewrite(n syntax.Node, predeclared func(name string) bool) {
	if !predeclared(formatName) {
		return
	}
	syntax.Walk(n, func(n syntax.Node) bool {
		b, ok := n.(*syntax.BinaryExpr)
		if !ok || b.Op != syntax.PERCENT {
			return true
		}
		lit, ok := b.X.(*syntax.Literal)
		if !ok || lit.Token != syntax.STRING || !hasReprVerb(lit.Value.(string)) {
			return true
		}
		b.X = &syntax.CallExpr{
			Fn:     &syntax.Ident{NamePos: lit.TokenPos, Name: formatName},
			Lparen: lit.TokenPos,
			Args:   []syntax.Expr{lit},
			Rparen: lit.TokenPos,
		}
		return true
	})
}

func hasReprVerb(format string) bool {
	for v := range verbs(format) {
		if v.conv == 'r' {
			return true
		}
	}
	return false
}

// verb is one conversion in a format string: format[start:end] is "%r" or "%(key)r".
type verb struct {
	start, end int
	key        string
	keyed      bool
	conv       byte
}

// verbs walks the conversions of a format string as go.starlark.net reads it, %% left out, up to the first malformed one.
func verbs(format string) func(yield func(verb) bool) {
	return func(yield func(verb) bool) {
		for i := 0; ; {
			j := strings.IndexByte(format[i:], '%')
			if j < 0 {
				return
			}
			v := verb{start: i + j}
			i = v.start + 1
			if i < len(format) && format[i] == '(' {
				n := strings.IndexByte(format[i:], ')')
				if n < 0 {
					return
				}
				v.keyed, v.key = true, format[i+1:i+n]
				i += n + 1
			}
			if i >= len(format) {
				return
			}
			v.conv = format[i]
			i++
			v.end = i
			if v.conv == '%' && !v.keyed {
				continue
			}
			if !yield(v) {
				return
			}
		}
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

// Binary writes the instances that are wanted as %r into the format, and leaves the rest to the string.
func (f *formatString) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if op != syntax.PERCENT || side != starlark.Left {
		return nil, nil
	}
	format := string(f.Value.(starlark.String))
	tuple, isTuple := y.(starlark.Tuple)
	if !isTuple {
		tuple = starlark.Tuple{y}
	}
	var out strings.Builder
	var rest starlark.Tuple
	done, next, replaced := 0, 0, false
	for v := range verbs(format) {
		var arg starlark.Value
		if v.keyed {
			if m, ok := y.(starlark.Mapping); ok {
				arg, _, _ = m.Get(starlark.String(v.key))
			}
		} else if next < len(tuple) {
			arg = tuple[next]
			next++
		}
		x, ok := arg.(*Instance)
		if !ok || v.conv != 'r' {
			if !v.keyed && arg != nil {
				rest = append(rest, arg)
			}
			continue
		}
		s, err := f.lib.repr(x)
		if err != nil {
			return nil, err
		}
		out.WriteString(format[done:v.start])
		out.WriteString(strings.ReplaceAll(s, "%", "%%"))
		done, replaced = v.end, true
	}
	if !replaced {
		return starlark.Binary(op, f.Value, y)
	}
	out.WriteString(format[done:])
	if _, ok := y.(starlark.Mapping); ok && next == 0 {
		return starlark.Binary(op, starlark.String(out.String()), y)
	}
	if next < len(tuple) {
		return nil, wire.Errorf("TypeError", "too many arguments for format string")
	}
	return starlark.Binary(op, starlark.String(out.String()), rest)
}
