package stdlib

import (
	"runtime"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// String is the instance's text in go.starlark.net's own formatting: __repr__ inside containers and messages, __str__ where
// % or str.format asks for the instance itself. An error becomes pending.
func (x *Instance) String() string {
	l := x.cls.lib
	s, err := "", error(nil)
	if x.cls.hasOwnStr() && l.callers.formatting() {
		s, err = l.str(x)
	} else {
		s, err = l.repr(x)
	}
	if err != nil {
		l.Fail(err)
		return x.defaultRepr()
	}
	return s
}

// hasOwnStr reports whether __str__ may differ from __repr__.
func (c *Class) hasOwnStr() bool { return c.special("__str__") != nil }

func (x *Instance) defaultRepr() string {
	return "<" + x.cls.Module() + "." + x.cls.name + " object at " + hexAddress(x) + ">"
}

// Str returns the text that str(v) returns in a script. Like Repr it runs __str__ and __repr__ of instances and
// returns their error; it needs the script lock.
func (l *Lib) Str(v starlark.Value) (string, error) { return l.str(v) }

// Repr returns the text that repr(v) returns in a script.
func (l *Lib) Repr(v starlark.Value) (string, error) { return l.repr(v) }

func (l *Lib) str(v starlark.Value) (string, error) {
	switch v := v.(type) {
	case starlark.String:
		return string(v), nil
	case interface{ pyStr() string }: // a value of a module that has a str of its own
		return v.pyStr(), nil
	case proxy:
		s := v.String()
		return s, l.check()
	case *Instance:
		if fn := v.cls.special("__str__"); fn != nil {
			return v.text("__str__", fn)
		}
	}
	return l.repr(v)
}

func (l *Lib) repr(v starlark.Value) (string, error) {
	switch x := v.(type) {
	case *Instance:
		if fn := x.cls.special("__repr__"); fn != nil {
			return x.text("__repr__", fn)
		}
		return x.defaultRepr(), nil
	case proxy:
		return x.Repr(), nil
	}
	s := v.String()
	return s, l.check()
}

// A proxy is a manager's: its String is its str, the text of what it stands for, and so it looks in containers and to Go programs too.
type proxy interface {
	starlark.Value
	Repr() string
}

// text calls __str__ or __repr__.
func (x *Instance) text(name string, fn starlark.Value) (string, error) {
	v, err := x.cls.lib.hook(x, fn)
	if err != nil {
		return "", err
	}
	if s, ok := starlark.AsString(v); ok {
		return s, nil
	}
	return "", wire.Errorf("TypeError", "%s returned non-string (type %s)", name, pyType(v))
}

// callerCache remembers which return addresses lie in go.starlark.net's formatting functions.
//
// interpolate (the % operator) and str.format write their arguments with the same function as a list writes its elements, so the
// caller two frames up is all that tells "%s" % x from "%s" % [x].
type callerCache map[uintptr]bool

// formatting reports whether Instance.String was called for an argument of % or str.format itself.
func (c *callerCache) formatting() bool {
	// Callers, formatting, String, writeValue; then its caller.
	var pcs [1]uintptr
	if runtime.Callers(4, pcs[:]) == 0 {
		return false
	}
	pc := pcs[0]
	is, known := (*c)[pc]
	if !known {
		frame, _ := runtime.CallersFrames(pcs[:]).Next()
		is = strings.HasSuffix(frame.Function, "starlark.interpolate") || strings.HasSuffix(frame.Function, "starlark.string_format")
		if *c == nil {
			*c = callerCache{}
		}
		(*c)[pc] = is
	}
	return is
}
