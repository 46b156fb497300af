package eval

import (
	"strconv"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// conversions splits a format of which go.starlark.net knows all conversions, %s and %d alone, into the texts around them and the conversions' letters.
func conversions(format string) (texts []string, letters string, ok bool) {
	for {
		before, rest, found := strings.Cut(format, "%")
		texts = append(texts, before)
		if !found {
			return texts, letters, letters != ""
		}
		if rest == "" || rest[0] != 's' && rest[0] != 'd' {
			return nil, "", false
		}
		letters += rest[:1]
		format = rest[1:]
	}
}

// formatted compiles "..." % (x, y), or % x, for strings and small integers, which most are. It returns nil for another expression.
func (c *compiler) formatted(e *syntax.BinaryExpr) expr {
	format, ok := literal(e.X).(starlark.String)
	if !ok || e.Op != syntax.PERCENT {
		return nil
	}
	texts, letters, ok := conversions(string(format))
	if !ok {
		return nil
	}
	list := []syntax.Expr{e.Y}
	tuple, isTuple := Unparen(e.Y).(*syntax.TupleExpr)
	if isTuple {
		list = tuple.List
	}
	if len(list) != len(letters) {
		return nil
	}
	args, p := c.exprs(list), at(e.OpPos)
	return func(fr *frame) starlark.Value {
		var buf [8]starlark.Value
		vs := buf[:0]
		for _, a := range args {
			v := a(fr)
			if v == nil {
				return nil
			}
			vs = append(vs, v)
		}
		var space [64]byte
		out := space[:0]
		for i, v := range vs {
			out = append(out, texts[i]...)
			if s, ok := v.(starlark.String); ok && letters[i] == 's' {
				out = append(out, s...)
			} else if n, ok := small(v); ok {
				out = strconv.AppendInt(out, n, 10)
			} else {
				return fr.interpolate(format, vs, isTuple, p)
			}
		}
		return starlark.String(append(out, texts[len(vs)]...))
	}
}

// interpolate is format % vs[0], or % vs.
func (fr *frame) interpolate(format starlark.String, vs []starlark.Value, isTuple bool, p pos) starlark.Value {
	var arg starlark.Value = starlark.Tuple(append([]starlark.Value(nil), vs...))
	if !isTuple {
		arg = vs[0]
	}
	v, err := starlark.Binary(syntax.PERCENT, format, arg)
	if err != nil {
		return fr.fail(p, err)
	}
	return fr.checked(p, v)
}
