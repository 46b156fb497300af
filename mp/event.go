package mp

import (
	"fmt"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"go.starlark.net/starlark"
)

// Event is multiprocessing.Event: a flag that processes wait for.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Event
//
// Unlike CPython's, wait returns True also when the event was set and cleared again before the waiter woke up.
type Event struct {
	shared
	e *prim.Event
}

var (
	_ starlark.HasAttrs   = (*Event)(nil)
	_ starlark.Comparable = (*Event)(nil)
)

// makeEvent is Event().
func (rt *Runtime) makeEvent(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return makeShared(b, args, kwargs, func() (*Event, error) { return newShared(rt, prim.NewEvent, rt.wrapEvent) })
}

func (rt *Runtime) openEvent(m *arena.Member, h arena.Handle) (starlark.Value, error) {
	return openShared(m, h, prim.OpenEvent, rt.wrapEvent)
}

func (rt *Runtime) wrapEvent(e *prim.Event) *Event {
	o := &Event{e: e}
	o.shared = shared{rt: rt, typ: eventType, h: e.Handle(), self: o}
	own(rt, o, e.Close)
	return o
}

func (e *Event) String() string {
	state := "unset"
	if e.e.IsSet() {
		state = "set"
	}
	return fmt.Sprintf("<Event at %#x %s>", uint64(e.h), state)
}

var eventType = &sharedType{"Event", []method{
	{"is_set", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.Bool(b.Receiver().(*Event).e.IsSet()), noArgs(b, args, kwargs)
	}},
	{"set", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		b.Receiver().(*Event).e.Set()
		return starlark.None, nil
	}},
	{"clear", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		b.Receiver().(*Event).e.Clear()
		return starlark.None, nil
	}},
	{"wait", eventWait},
}}

// eventWait is Event.wait(timeout=None).
func eventWait(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	e := b.Receiver().(*Event)
	timeout, err := onlyTimeout(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	if e.e.IsSet() {
		return starlark.True, nil
	}
	ok, err := e.e.Wait(e.rt.opt(thread, true, timeout))
	return starlark.Bool(ok), scriptError(err)
}
