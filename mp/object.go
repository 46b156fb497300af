package mp

import (
	"reflect"
	"sort"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// builtinFunc is the Go body of a script-visible function or method.
type builtinFunc = func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

// sharedType describes the script's side of one kind of shared object.
type sharedType struct {
	name    string
	methods []method
}

type method struct {
	name string
	fn   builtinFunc
}

// shared is what all objects have in common that live in the arena: one cell, known by its handle. Two values with one
// handle are the same object: they are equal, and hash alike. A value holds a reference to its cell until Go's
// collector finds it unused.
type shared struct {
	rt   *Runtime
	typ  *sharedType
	h    arena.Handle
	self starlark.Value      // the value that embeds this
	made []*starlark.Builtin // bound methods, parallel to typ.methods, each made once; guarded by the script lock
}

func (t *sharedType) method(name string) *method {
	for i := range t.methods {
		if m := &t.methods[i]; m.name == name {
			return m
		}
	}
	return nil
}

func (s *shared) kind() *sharedType    { return s.typ }
func (s *shared) Type() string         { return s.typ.name }
func (s *shared) Freeze()              {}
func (s *shared) Truth() starlark.Bool { return true }

// Hash hashes the identity of the shared object.
func (s *shared) Hash() (uint32, error) { return uint32(s.h)*2654435761 ^ uint32(s.h>>32), nil }

func (s *shared) handle() arena.Handle { return s.h }

// CompareSameType makes two values of one shared object equal.
func (s *shared) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	same := s.h == y.(interface{ handle() arena.Handle }).handle()
	switch op {
	case syntax.EQL:
		return same, nil
	case syntax.NEQ:
		return !same, nil
	}
	return false, wire.Errorf("TypeError", "'%s' not supported between instances of '%s' and '%s'", op, s.typ.name, s.typ.name)
}

// Attr returns a bound method: one that was made before costs a call a third of one made at each access.
func (s *shared) Attr(name string) (starlark.Value, error) {
	for i := range s.typ.methods {
		if m := &s.typ.methods[i]; m.name == name {
			if s.made == nil {
				s.made = make([]*starlark.Builtin, len(s.typ.methods))
			}
			if s.made[i] == nil {
				s.made[i] = starlark.NewBuiltin(name, m.fn).BindReceiver(s.self)
			}
			return s.made[i], nil
		}
	}
	return nil, nil
}

// AttrNames lists the methods.
func (s *shared) AttrNames() []string {
	names := make([]string, len(s.typ.methods))
	for i := range names {
		names[i] = s.typ.methods[i].name
	}
	sort.Strings(names)
	return names
}

// registerShared gives the type of sample its wire form, the handle; open makes a value for a received one.
func (rt *Runtime) registerShared(sample starlark.Value, name string, open func(*arena.Member, arena.Handle) (starlark.Value, error)) {
	rt.host.Codec().Register(wire.Type{
		Name: "mp." + name,
		Go:   reflect.TypeOf(sample),
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			if e.Abroad() {
				return errAbroad(v)
			}
			e.Handle(wire.Handle(v.(interface{ handle() arena.Handle }).handle()))
			return nil
		},
		Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			return decodeHandle(rt, d, open)
		},
	})
}

// errAbroad is why v cannot be sent to a program outside of the family.
func errAbroad(v starlark.Value) error {
	return wire.Errorf("TypeError", "a %s belongs to its family of processes and cannot be sent to another program", v.Type())
}

// newShared makes a primitive of the family and the script's value for it.
func newShared[P any, V starlark.Value](rt *Runtime, make func(*arena.Member) (P, error), wrap func(P) V) (v V, err error) {
	m, err := rt.mem()
	if err != nil {
		return v, err
	}
	p, err := make(m)
	if err != nil {
		return v, scriptError(err)
	}
	return wrap(p), nil
}

// decodeHandle reads a handle and opens the primitive that it names.
func decodeHandle[P any](rt *Runtime, d *wire.Decoder, open func(*arena.Member, arena.Handle) (P, error)) (p P, err error) {
	h, err := d.Handle()
	if err != nil {
		return p, err
	}
	m, err := rt.mem()
	if err != nil {
		return p, err
	}
	p, err = open(m, arena.Handle(h))
	return p, scriptError(err)
}

// openShared makes a value for the primitive that h names.
func openShared[P any, V starlark.Value](m *arena.Member, h arena.Handle, open func(*arena.Member, arena.Handle) (P, error), wrap func(P) V) (starlark.Value, error) {
	p, err := open(m, h)
	if err != nil {
		return nil, scriptError(err)
	}
	return wrap(p), nil
}

// makeShared is a constructor without parameters.
func makeShared[V starlark.Value](b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, make func() (V, error)) (starlark.Value, error) {
	if err := noArgs(b, args, kwargs); err != nil {
		return nil, err
	}
	v, err := make()
	if err != nil {
		return nil, err
	}
	return v, nil
}

// noArgs is the check of a method without parameters.
func noArgs(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) error {
	if len(args)+len(kwargs) == 0 {
		return nil
	}
	return starlark.UnpackArgs(b.Name(), args, kwargs)
}
