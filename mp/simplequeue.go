package mp

import (
	"errors"
	"fmt"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// SimpleQueue is multiprocessing.SimpleQueue: a queue without bound, without timeouts.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.SimpleQueue
//
// Unlike CPython's, put never waits for a reader, and a reader that is killed in get breaks nothing.
type SimpleQueue struct {
	shared
	q      *prim.Queue
	closed bool // by close() in this process; guarded by the script lock
	ends   queueEnds
}

var (
	_ starlark.HasAttrs   = (*SimpleQueue)(nil)
	_ starlark.Comparable = (*SimpleQueue)(nil)
)

// errHandleClosed is what uses of a closed connection or SimpleQueue raise.
var errHandleClosed = wire.Errorf("OSError", "handle is closed")

// makeSimpleQueue is SimpleQueue().
func (rt *Runtime) makeSimpleQueue(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return makeShared(b, args, kwargs, func() (*SimpleQueue, error) {
		return newShared(rt, func(m *arena.Member) (*prim.Queue, error) { return prim.NewQueue(m, 0) }, rt.wrapSimpleQueue)
	})
}

func (rt *Runtime) openSimpleQueue(m *arena.Member, h arena.Handle) (starlark.Value, error) {
	return openShared(m, h, prim.OpenQueue, rt.wrapSimpleQueue)
}

func (rt *Runtime) wrapSimpleQueue(q *prim.Queue) *SimpleQueue {
	o := &SimpleQueue{q: q}
	o.shared = shared{rt: rt, typ: simpleQueueType, h: q.Handle(), self: o}
	own(rt, o, q.Close)
	return o
}

func (q *SimpleQueue) String() string {
	return fmt.Sprintf("<multiprocessing.queues.SimpleQueue object at %#x>", uint64(q.h))
}

// simpleQueueMethod wraps f, a method without parameters that needs the queue open.
func simpleQueueMethod(f func(*starlark.Thread, *SimpleQueue) (starlark.Value, error)) builtinFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		q := b.Receiver().(*SimpleQueue)
		if q.closed {
			return nil, errHandleClosed
		}
		return f(thread, q)
	}
}

var simpleQueueType = &sharedType{"SimpleQueue", []method{
	{"put", simpleQueuePut},
	{"get", simpleQueueMethod(func(thread *starlark.Thread, q *SimpleQueue) (starlark.Value, error) {
		return q.rt.getFrom(thread, q.q, true, seconds{})
	})},
	{"empty", simpleQueueMethod(func(_ *starlark.Thread, q *SimpleQueue) (starlark.Value, error) {
		return starlark.Bool(q.q.Len() == 0), nil
	})},
	{"close", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		b.Receiver().(*SimpleQueue).closed = true
		return starlark.None, noArgs(b, args, kwargs)
	}},
}}

// simpleQueuePut is SimpleQueue.put(obj).
func simpleQueuePut(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var obj starlark.Value
	if len(args) == 1 && len(kwargs) == 0 {
		obj = args[0]
	} else if err := starlark.UnpackArgs(b.Name(), args, kwargs, "obj", &obj); err != nil {
		return nil, err
	}
	q := b.Receiver().(*SimpleQueue)
	if q.closed {
		return nil, errHandleClosed
	}
	return starlark.None, q.rt.putTo(thread, q.q, obj, false, seconds{})
}

// getFrom takes a message out of q and decodes it.
func (rt *Runtime) getFrom(thread *starlark.Thread, q *prim.Queue, block bool, timeout seconds) (starlark.Value, error) {
	buf := takeBuffer()
	defer giveBuffer(buf)
	msg, err := rt.fetch(thread, q, buf, block, timeout)
	if err != nil {
		return nil, scriptError(err)
	}
	return rt.decodedFrom(buf, msg)
}

// fetch takes a message out of q into buf, which it may let grow. The message's data is good until buf is used again.
func (rt *Runtime) fetch(thread *starlark.Thread, q *prim.Queue, buf *[]byte, block bool, timeout seconds) (prim.Msg, error) {
	msg, err := q.GetInto((*buf)[:0], prim.Opt{NoWait: true})
	if block && errors.Is(err, prim.ErrQueueEmpty) {
		msg, err = q.GetInto((*buf)[:0], rt.opt(thread, true, timeout))
	}
	if err == nil {
		*buf = msg.Data
	}
	return msg, err
}
