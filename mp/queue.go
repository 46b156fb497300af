package mp

import (
	"errors"
	"fmt"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Queue is multiprocessing.Queue: messages in shared memory, first in first out.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Queue
//
// Unlike CPython's there is no feeder thread: when put returns, the message is in shared memory and survives its
// sender. So join_thread has nothing to wait for, a message is never lost at exit, and joining a process before its
// queue is read does not block. An object that cannot be sent is an error of put, with the path to it.
type Queue struct {
	shared
	q      *prim.Queue
	fed    bool // put() was called in this process; guarded by the script lock, as is closed
	closed bool // by close() in this process
	ends   queueEnds
}

var (
	_ starlark.HasAttrs   = (*Queue)(nil)
	_ starlark.Comparable = (*Queue)(nil)
)

// makeQueue is Queue(maxsize=0); a maxsize below one means no bound.
func (rt *Runtime) makeQueue(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return rt.unpackQueue(b, args, kwargs, prim.NewQueue)
}

// unpackQueue unpacks the parameters of Queue and JoinableQueue.
func (rt *Runtime) unpackQueue(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple, make func(*arena.Member, int) (*prim.Queue, error)) (starlark.Value, error) {
	var size integer
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "maxsize?", &size); err != nil {
		return nil, err
	}
	q, err := rt.newQueueBy(make, int(size))
	if err != nil {
		return nil, err
	}
	return q, nil
}

func (rt *Runtime) newQueue(size int) (*Queue, error) { return rt.newQueueBy(prim.NewQueue, size) }

func (rt *Runtime) newQueueBy(make func(*arena.Member, int) (*prim.Queue, error), size int) (*Queue, error) {
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	q, err := make(m, max(size, 0))
	if err != nil {
		return nil, scriptError(err)
	}
	return rt.wrapQueue(q), nil
}

func (rt *Runtime) openQueue(m *arena.Member, h arena.Handle) (starlark.Value, error) {
	return openShared(m, h, prim.OpenQueue, rt.wrapQueue)
}

func (rt *Runtime) wrapQueue(q *prim.Queue) *Queue {
	o, typ := &Queue{q: q}, queueType
	if q.Joinable() {
		typ = joinableType
	}
	o.shared = shared{rt: rt, typ: typ, h: q.Handle(), self: o}
	own(rt, o, q.Close)
	return o
}

func (q *Queue) String() string {
	return fmt.Sprintf("<multiprocessing.queues.%s object at %#x>", q.typ.name, uint64(q.h))
}

var queueType = &sharedType{"Queue", []method{
	{"put", queuePut},
	{"get", queueGet},
	{"put_nowait", queuePutNowait},
	{"get_nowait", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		return b.Receiver().(*Queue).get(thread, false, seconds{})
	}},
	{"qsize", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.MakeInt(b.Receiver().(*Queue).q.Len()), noArgs(b, args, kwargs)
	}},
	{"empty", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		q := b.Receiver().(*Queue)
		if q.closed && q.fed { // CPython closes the reading end once it has a feeder thread, and so do we, to be the same
			return nil, errHandleClosed
		}
		return starlark.Bool(q.q.Len() == 0), noArgs(b, args, kwargs)
	}},
	{"full", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		q := b.Receiver().(*Queue).q
		return starlark.Bool(q.Max() > 0 && q.Len() >= q.Max()), noArgs(b, args, kwargs)
	}},
	{"close", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		b.Receiver().(*Queue).closed = true
		return starlark.None, noArgs(b, args, kwargs)
	}},
	{"join_thread", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if !b.Receiver().(*Queue).closed {
			return nil, assertion("Queue " + b.Receiver().String() + " not closed")
		}
		return starlark.None, noArgs(b, args, kwargs)
	}},
	{"cancel_join_thread", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.None, noArgs(b, args, kwargs)
	}},
}}

// queuePut is Queue.put(obj, block=True, timeout=None).
func queuePut(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 1 && len(kwargs) == 0 {
		return starlark.None, b.Receiver().(*Queue).put(thread, args[0], true, seconds{})
	}
	var obj starlark.Value
	var timeout seconds
	block := truth(true)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "obj", &obj, "block?", &block, "timeout?", &timeout); err != nil {
		return nil, err
	}
	return starlark.None, b.Receiver().(*Queue).put(thread, obj, bool(block), timeout)
}

func queuePutNowait(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var obj starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "obj", &obj); err != nil {
		return nil, err
	}
	return starlark.None, b.Receiver().(*Queue).put(thread, obj, false, seconds{})
}

// queueGet is Queue.get(block=True, timeout=None).
func queueGet(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	block, timeout, err := blockTimeout(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	return b.Receiver().(*Queue).get(thread, block, timeout)
}

func (q *Queue) checkOpen() error {
	if q.closed {
		return wire.Errorf("ValueError", "Queue %s is closed", q)
	}
	return nil
}

func (q *Queue) put(thread *starlark.Thread, obj starlark.Value, block bool, timeout seconds) error {
	if err := q.checkOpen(); err != nil {
		return err
	}
	q.fed = true
	return q.rt.putTo(thread, q.q, obj, block, timeout)
}

func (q *Queue) get(thread *starlark.Thread, block bool, timeout seconds) (starlark.Value, error) {
	if err := q.checkOpen(); err != nil {
		return nil, err
	}
	return q.rt.getFrom(thread, q.q, block, timeout)
}

// putTo puts obj into q. A long string is copied into the queue from where it is.
func (rt *Runtime) putTo(thread *starlark.Thread, q *prim.Queue, obj starlark.Value, block bool, timeout seconds) error {
	buf := takeBuffer()
	defer giveBuffer(buf)
	data, text, long := wire.EncodeText((*buf)[:0], obj, prim.LongText)
	var handles []wire.Handle
	if !long {
		var err error
		if data, handles, err = rt.host.Codec().Encode((*buf)[:0], "obj", obj); err != nil {
			return err
		}
	}
	*buf = data
	put := func(opt prim.Opt) error {
		if long {
			return q.PutText(data, text, opt)
		}
		return q.Put(data, arenaHandles(handles), opt)
	}
	err := put(prim.Opt{NoWait: true})
	if block && errors.Is(err, prim.ErrQueueFull) {
		err = put(rt.opt(thread, true, timeout))
	}
	return scriptError(err)
}

// encoded hands f the wire form of v, in a buffer that is reused afterwards. root names v in errors.
func (rt *Runtime) encoded(root string, v starlark.Value, f func([]byte, []arena.Handle) error) error {
	buf := takeBuffer()
	defer giveBuffer(buf)
	data, handles, err := rt.host.Codec().Encode((*buf)[:0], root, v)
	if err != nil {
		return err
	}
	*buf = data
	return f(data, arenaHandles(handles))
}

// decodedFrom is decoded for a message in a buffer that is the caller's. If the value keeps the buffer, there is a new one.
func (rt *Runtime) decodedFrom(buf *[]byte, msg prim.Msg) (starlark.Value, error) {
	v, kept, err := rt.host.Codec().DecodeKeeping(msg.Data, arena.Text(msg.Data))
	if kept {
		*buf = nil
	}
	msg.Release(rt.member)
	return v, err
}

// decoded decodes a received message and gives its references back.
func (rt *Runtime) decoded(msg prim.Msg) (starlark.Value, error) {
	v, err := rt.host.Codec().Decode(msg.Data)
	msg.Release(rt.member)
	return v, err
}
