package mp

import (
	"fmt"
	"runtime"

	"go.starlark.net/starlark"
)

// A series is what a generator gives out.
type series interface {
	// next returns the next value; ok is false at the end.
	next(thread *starlark.Thread) (v starlark.Value, ok bool, err error)
	// close gives up what has not been given out. It may be called without the script lock, once.
	close()
}

// generator is what as_completed and Executor.map return: an iterator that a script may also close, as a generator of
// Python. An error, as the end, closes it. One that was begun and that nobody has any more is closed too.
type generator struct {
	rt      *Runtime
	name    string
	state   *generating
	methods [3]*starlark.Builtin
}

// generating is a generator's state, guarded by the script lock until nobody has the generator.
type generating struct {
	series      series
	begun, over bool
}

var (
	_ starlark.Iterable = (*generator)(nil)
	_ starlark.HasAttrs = (*generator)(nil)
)

func (rt *Runtime) newGenerator(name string, s series) *generator {
	g := &generator{rt: rt, name: name, state: &generating{series: s}}
	runtime.AddCleanup(g, func(s *generating) {
		if s.begun { // else it is like Python's, which has not come to its "finally" yet
			s.close()
		}
	}, g.state)
	return g
}

func (s *generating) close() {
	if !s.over {
		s.over = true
		s.series.close()
	}
}

func (g *generator) take(thread *starlark.Thread) (starlark.Value, bool, error) {
	s := g.state
	if s.over {
		return nil, false, nil
	}
	s.begun = true
	v, ok, err := s.series.next(thread)
	if !ok || err != nil {
		s.close()
	}
	return v, ok, err
}

func (g *generator) String() string        { return fmt.Sprintf("<generator object %s at %p>", g.name, g) }
func (g *generator) Type() string          { return "generator" }
func (g *generator) Freeze()               {}
func (g *generator) Truth() starlark.Bool  { return true }
func (g *generator) Hash() (uint32, error) { return starlark.String(g.String()).Hash() }

// Iterate implements starlark.Iterable: what has not been given out. An error ends the loop and is raised.
func (g *generator) Iterate() starlark.Iterator { return generatorLoop{g} }

type generatorLoop struct{ g *generator }

func (l generatorLoop) Next(p *starlark.Value) bool {
	host := l.g.rt.host
	v, ok, err := l.g.take(host.Current())
	if err != nil {
		host.Pending(err)
		return false
	}
	*p = v
	return ok
}

func (l generatorLoop) Done() {}

var generatorMethods = [...]method{
	{"__next__", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		v, ok, err := b.Receiver().(*generator).take(thread)
		if err == nil && !ok {
			err = errStopIteration
		}
		return v, err
	}},
	{"__iter__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return b.Receiver(), noArgs(b, args, kwargs)
	}},
	{"close", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		b.Receiver().(*generator).state.close()
		return starlark.None, nil
	}},
}

// Method returns a special method, as values do that iter() and next() take for iterators.
func (g *generator) Method(name string) starlark.Value {
	v, _ := g.Attr(name)
	return v
}

// Attr implements starlark.HasAttrs.
func (g *generator) Attr(name string) (starlark.Value, error) {
	for i := range generatorMethods {
		if generatorMethods[i].name == name {
			if g.methods[i] == nil {
				g.methods[i] = starlark.NewBuiltin(name, generatorMethods[i].fn).BindReceiver(g)
			}
			return g.methods[i], nil
		}
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (g *generator) AttrNames() []string { return []string{"__iter__", "__next__", "close"} }
