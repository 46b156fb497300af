package wire

import (
	"errors"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// refusal is why a value can't be sent. It collects the path on its way up, so that messages without errors pay nothing.
type refusal struct {
	what string   // the type of the value at the end of the path
	err  error    // the reason, nil if the type just can't be sent
	path []string // innermost segment first
}

func (r *refusal) Error() string { return "cannot send " + r.what }

// refuse says that v can't be sent, for the reason err if that isn't nil. An error from further inside stays as it is.
func refuse(v starlark.Value, err error) error {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	what := "an unassigned variable"
	if v != nil {
		what = v.Type()
	}
	return &refusal{what: what, err: err}
}

// under adds a segment to the path in err.
func under(err error, segment string) error {
	if r, ok := err.(*refusal); ok {
		r.path = append(r.path, segment)
	}
	return err
}

// rooted turns what the encoder returned into the exception that the sender sees.
func rooted(err error, root string) error {
	r, ok := err.(*refusal)
	if !ok {
		return err
	}
	class := "TypeError"
	var e interface{ ExceptionClass() string }
	if errors.As(r.err, &e) {
		class = e.ExceptionClass()
	}
	text := r.Error()
	if at := strings.TrimPrefix(root+r.where(), "."); at != "" {
		text += " at " + at
	}
	if r.err != nil {
		return Errorf(class, "%s: %w", text, r.err)
	}
	return Errorf(class, "%s", text)
}

// where returns the path, its middle left out if it is very long.
func (r *refusal) where() string {
	const head, tail = 24, 4
	var b strings.Builder
	for i := len(r.path) - 1; i >= 0; i-- {
		if n := len(r.path) - i; n == head && i > tail {
			b.WriteString(" ... ")
			i = tail
		}
		b.WriteString(r.path[i])
	}
	return b.String()
}

func indexSegment(i int) string { return "[" + strconv.Itoa(i) + "]" }

// keySegment is the segment of a dict's value.
func keySegment(k starlark.Value) string { return "[" + text(k) + "]" }

// text is a key as the script would write it, if that is short and simple.
func text(k starlark.Value) string {
	const longest = 60
	switch k := k.(type) {
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float, starlark.String, starlark.Bytes:
		s := k.String()
		if len(s) > longest {
			s = strings.ToValidUTF8(s[:longest], "") + "..."
		}
		return s
	case starlark.Tuple:
		parts := make([]string, len(k))
		for i, x := range k {
			if _, nested := x.(starlark.Tuple); nested || i > 4 {
				return "a tuple"
			}
			parts[i] = text(x)
		}
		if len(k) == 1 {
			return "(" + parts[0] + ",)"
		}
		return "(" + strings.Join(parts, ", ") + ")"
	}
	return "<" + k.Type() + ">"
}
