package mp

import (
	"maps"
	"weak"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// source is something that connection.wait waits for.
type source interface {
	// ready reports whether it is, without blocking.
	ready() bool
	// awaited is what to sleep on until it may be ready.
	awaited() prim.Awaited
	// watch sees to it that the awaited word is woken, until stop is called.
	watch() (stop func())
}

// connectionWait is connection.wait(object_list, timeout=None). Beside what CPython takes it takes queues themselves.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.connection.wait
func (rt *Runtime) connectionWait(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var list starlark.Iterable
	var timeout seconds
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "object_list", &list, "timeout?", &timeout); err != nil {
		return nil, err
	}
	if _, err := rt.mem(); err != nil {
		return nil, err
	}
	var objects []starlark.Value
	var sources []source
	iter := list.Iterate()
	defer iter.Done()
	for x := starlark.Value(nil); iter.Next(&x); {
		s, err := rt.sourceOf(x)
		if err != nil {
			return nil, err
		}
		objects, sources = append(objects, x), append(sources, s)
	}
	if _, err := rt.await(thread, sources, timeout); err != nil {
		return nil, err
	}
	var ready []starlark.Value
	for i, s := range sources {
		if s.ready() {
			ready = append(ready, objects[i])
		}
	}
	return starlark.NewList(ready), nil
}

// sourceOf is what x has to wait for.
func (rt *Runtime) sourceOf(x starlark.Value) (source, error) {
	switch x := x.(type) {
	case *Connection:
		return x.reader()
	case *Listener:
		return x.l, nil
	case *Queue:
		return queueSource{x.q}, nil
	case *SimpleQueue:
		if x.closed {
			return nil, errHandleClosed
		}
		return queueSource{x.q}, nil
	case starlark.Int:
		if n, err := starlark.AsInt32(x); err == nil {
			if n == parentSentinel && rt.parent != nil {
				return parentSource{rt.parent}, nil
			}
			if c := rt.sentinels.child(n); c != nil {
				return childSource{c}, nil
			}
		}
	}
	return nil, wire.Errorf("ValueError", "Invalid file object: %s", x)
}

// await blocks until one of the sources is ready, and reports whether one is; false means that the timeout is over.
func (rt *Runtime) await(thread *starlark.Thread, sources []source, timeout seconds) (bool, error) {
	all := make([]prim.Awaited, len(sources))
	for i, s := range sources {
		if s.ready() {
			return true, nil
		}
		all[i] = s.awaited()
	}
	if timeout.set && timeout.d == 0 {
		return false, nil
	}
	for _, s := range sources {
		defer s.watch()()
	}
	ok, err := prim.Await(rt.member, all, rt.opt(thread, true, timeout))
	return ok, scriptError(err)
}

// queueSource waits for a message in a queue.
type queueSource struct{ q *prim.Queue }

func (s queueSource) ready() bool           { a := s.q.Awaited(); return a.Ready() }
func (s queueSource) awaited() prim.Awaited { return s.q.Awaited() }
func (s queueSource) watch() (stop func())  { return func() {} }

// childSource waits for the end of a child.
type childSource struct{ c *child }

func (s childSource) ready() bool { return s.c.ended() }

func (s childSource) awaited() prim.Awaited {
	// Dead is set before the slot can be another's, see await.
	c := s.c
	state := &c.rt.slot(c.slot).State
	return prim.AwaitWord(state, func() bool { return state.Load() >= arena.SlotExited || c.dead.Load() })
}

func (s childSource) watch() (stop func()) { return func() {} }

// parentSource waits for the end of the parent.
type parentSource struct{ link *parentLink }

func (s parentSource) ready() bool           { return s.link.gone.Load() != 0 }
func (s parentSource) awaited() prim.Awaited { return prim.AwaitWord(&s.link.gone, s.ready) }
func (s parentSource) watch() (stop func())  { return func() {} }

// sentinels are the numbers that stand for started processes, given out when asked for. In CPython they are descriptors,
// good for wait alone; these are never used twice, so that the number of a process that ended is not another's.
type sentinels struct {
	last  int                         // guarded by the script lock, as the rest
	byNum map[int]weak.Pointer[child] // of a child that is gone nil
	prune int                         // how many make it time to look for such
}

const (
	firstSentinel  = 1 << 25
	parentSentinel = firstSentinel // parent_process()'s; those of children come after it
)

// of is the number of c.
func (s *sentinels) of(c *child) int {
	if c.sentinel == 0 {
		if s.byNum == nil {
			s.byNum = map[int]weak.Pointer[child]{}
		}
		if len(s.byNum) >= s.prune {
			maps.DeleteFunc(s.byNum, func(_ int, p weak.Pointer[child]) bool { return p.Value() == nil })
			s.prune = 2*len(s.byNum) + 64
		}
		s.last++
		c.sentinel = firstSentinel + s.last
		s.byNum[c.sentinel] = weak.Make(c)
	}
	return c.sentinel
}

// child is the child with number n, nil if there is none.
func (s *sentinels) child(n int) *child { return s.byNum[n].Value() }
