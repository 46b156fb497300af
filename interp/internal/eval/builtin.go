package eval

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A built-in of a host's may look at the thread's calls: it is called so that it finds its caller there. Those of this project and of
// go.starlark.net don't, and are called directly, in less than half the time.

// callBuiltin calls what is no function of this package.
func (fr *frame) callBuiltin(f starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple, own bool, p pos) starlark.Value {
	fr.at = p
	thread := fr.th.thread
	var v starlark.Value
	var err error
	standIns := 0
	if b, ok := f.(*starlark.Builtin); ok && own {
		v, err = b.CallInternal(thread, args, kwargs)
	} else if c, ok := f.(starlark.Callable); !ok {
		err = fmt.Errorf("invalid call of non-function (%s)", f.Type())
	} else if own {
		v, err = c.CallInternal(thread, args, kwargs)
	} else {
		s := &site{fr: fr, callee: c, args: args, kwargs: kwargs}
		_, _ = starlark.Call(thread, s, nil, nil)
		v, err, standIns = s.result, s.err, s.standIns
	}
	switch {
	case err != nil:
		fr.th.err = locate(thread, err, standIns)
		return nil
	case v == nil:
		return fr.fail(p, fmt.Errorf("internal error: nil (not None) returned from %s", f))
	case fr.th.urgent && !fr.look(p):
		return nil
	}
	return v
}

// site is a call by a script's function of something that may look at the thread's calls: it stands for the caller there.
type site struct {
	fr     *frame
	callee starlark.Callable
	args   starlark.Tuple
	kwargs []starlark.Tuple

	result   starlark.Value
	err      error
	standIns int // calls on the thread's stack that are none
}

var _ starlark.Callable = (*site)(nil)

func (s *site) String() string            { return s.fr.fn.String() }
func (s *site) Type() string              { return "function" }
func (s *site) Freeze()                   {}
func (s *site) Truth() starlark.Bool      { return true }
func (s *site) Hash() (uint32, error)     { return s.fr.fn.Hash() }
func (s *site) Name() string              { return s.fr.fn.Name() }
func (s *site) Position() syntax.Position { return s.fr.frame().Pos }
func (s *site) CallInternal(thread *starlark.Thread, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if _, ok := s.callee.(*starlark.Function); ok {
		s.standIns = 1
		s.result, s.err = starlark.Call(thread, s.callee, s.args, s.kwargs)
		return starlark.None, nil
	}
	s.standIns = 2
	return starlark.Call(thread, (*callee)(s), nil, nil)
}

// callee stands for what a site calls.
type callee site

func (s *callee) String() string        { return s.callee.String() }
func (s *callee) Type() string          { return s.callee.Type() }
func (s *callee) Freeze()               {}
func (s *callee) Truth() starlark.Bool  { return true }
func (s *callee) Hash() (uint32, error) { return s.callee.Hash() }
func (s *callee) Name() string          { return s.callee.Name() }

// CallInternal keeps the outcome to itself: an error would get a stack here in which positions are missing.
func (s *callee) CallInternal(thread *starlark.Thread, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	s.result, s.err = s.callee.CallInternal(thread, s.args, s.kwargs)
	return starlark.None, nil
}

// trusts reports whether f, an attribute of recv where that is not nil, is known not to look at the thread's calls. known is the built-in that the
// name stands for by which f is called, nil if it is no name.
func (th *state) trusts(f, recv starlark.Value, known *starlark.Builtin) bool {
	b, ok := f.(*starlark.Builtin)
	if !ok {
		_, plain := f.(*starlark.Function)
		return !plain && ownerOf(reflect.TypeOf(f)) != ownerHost // a class, a bound method: what they call, they call with starlark.Call
	}
	t := reflect.TypeOf(recv)
	for i := range th.owners {
		if o := &th.owners[i]; o.typ == t && t != nil {
			return o.made(b, recv)
		}
	}
	switch recv := recv.(type) {
	case nil:
		return b == known && b != nil
	case *starlark.List, *starlark.Dict, *starlark.Set, starlark.Tuple, starlark.String, starlark.Bytes, starlark.Int, starlark.Float:
		return true
	case interface{ Trusted() bool }: // a module
		return recv.Trusted()
	}
	o := typeOwner{t, ownerOf(t)}
	th.owners[th.nextOwner%len(th.owners)] = o
	th.nextOwner++
	return o.made(b, recv)
}

// typeOwner is a type and whose it is.
type typeOwner struct {
	typ   reflect.Type
	owner owner
}

// made reports whether b, an attribute of recv, whose type this is, is a method that the type has made.
func (o *typeOwner) made(b *starlark.Builtin, recv starlark.Value) bool {
	switch o.owner {
	case ownerMP: // a Condition's acquire is its lock's
		return b.Receiver() != nil
	case ownerOther:
		return b.Receiver() == recv
	}
	return false
}

// owner tells whose a type is.
type owner uint8

const (
	ownerHost  owner = iota
	ownerMP          // package mp's
	ownerOther       // go.starlark.net's, or another one of this project
)

// owners has the owners of types that were asked for.
var owners sync.Map

// ownerOf tells whose a type is. What is no pointer is said to be the host's.
func ownerOf(t reflect.Type) owner {
	if o, ok := owners.Load(t); ok {
		return o.(owner)
	}
	o := ownerHost
	if t.Kind() == reflect.Pointer {
		switch path := t.Elem().PkgPath(); {
		case strings.HasPrefix(path, "github.com/starmp/starmp/mp"):
			o = ownerMP
		case strings.HasPrefix(path, "github.com/starmp/starmp/stdlib") || path == "go.starlark.net/starlark":
			o = ownerOther
		}
	}
	owners.Store(t, o)
	return o
}
