package ship

import (
	"strconv"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// A function on the wire: module, line, column, start, end, lambda, name, the defaults, the names of free variables, the names
// of globals, and then, when the receiver has the function, the values of both. A value that there isn't is left out:
// a flag before each value says whether it follows.

func (s *Shipper) encodeFunc(e *wire.Encoder, v starlark.Value) error {
	fn := v.(starlark.Callable)
	f, err := s.ev.Describe(fn)
	if err != nil {
		return err
	}
	def, err := f.Module.Def(f.Line, f.Col)
	if err != nil {
		return err
	}
	if def == nil || len(def.Defaults) != len(f.Defaults) {
		return wire.Errorf("TypeError", "no function like it is defined at %s:%d:%d", f.Module.File, f.Line, f.Col)
	}
	if err := e.Value(f.Module); err != nil {
		return err
	}
	e.Int(int64(f.Line))
	e.Int(int64(f.Col))
	e.Int(int64(def.Start))
	e.Int(int64(def.End))
	e.Bool(def.Lambda)
	e.String(def.Name)
	e.Len(len(f.Defaults))
	for i, d := range f.Defaults {
		if err := e.Elem(segment("default", def.Defaults[i]), d); err != nil {
			return err
		}
	}
	e.Len(len(f.Free))
	for _, b := range f.Free {
		e.String(b.Name)
	}
	globals := s.globals(e, fn, f.Module, def)
	e.Len(len(globals))
	for _, b := range globals {
		e.String(b.Name)
	}
	e.Defined(v)
	if err := bindings(e, e.Elem, "free variable", f.Free); err != nil {
		return err
	}
	return bindings(e, e.Field, "global", globals)
}

// globals returns the globals of m that fn reads.
func (s *Shipper) globals(e *wire.Encoder, fn starlark.Callable, m *Module, def *Def) []Binding {
	if len(def.Globals)+len(def.Outer) == 0 {
		return nil
	}
	value := s.ev.Globals(e, m, fn)
	list := make([]Binding, 0, len(def.Globals))
	for _, name := range def.Globals {
		list = append(list, Binding{name, value(name)})
	}
	// A name that the text doesn't define is a global if it was typed before this text, in an interactive session.
	for _, name := range def.Outer {
		if v := value(name); v != nil {
			list = append(list, Binding{name, v})
		}
	}
	return list
}

// bindings writes values with write. Globals are fields: they can be set later than the function is made.
func bindings(e *wire.Encoder, write func(string, starlark.Value) error, kind string, list []Binding) error {
	for _, b := range list {
		e.Bool(b.Value != nil)
		if b.Value == nil {
			continue
		}
		if err := write(segment(kind, b.Name), b.Value); err != nil {
			return err
		}
	}
	return nil
}

// segment is a step of the path in an error: target: global "log".
func segment(kind, name string) string { return ": " + kind + " " + strconv.Quote(name) }

func (s *Shipper) encodeModule(e *wire.Encoder, v starlark.Value) error {
	m := v.(*Module)
	sum := m.Sum()
	s.mu.Lock()
	s.modules[sum] = m
	s.mu.Unlock()
	var h wire.Handle
	if s.blobs != nil && !e.Abroad() {
		var err error
		if h, err = s.blobs.Put(sum, m.Text); err != nil {
			return err
		}
	}
	e.String(m.Name)
	e.String(m.File)
	e.String(m.Session)
	e.Bytes(sum[:])
	e.Bool(h != 0)
	if h != 0 {
		e.Handle(h)
	} else {
		e.Bytes(m.Text)
	}
	return nil
}
