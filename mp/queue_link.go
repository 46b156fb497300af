package mp

import (
	"errors"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// queueLink is the link of a queue's _reader and _writer, connections that CPython's queues are made of and that scripts know from
// connection.wait.
type queueLink struct {
	rt *Runtime
	q  *prim.Queue
	numbered
}

// queueEnds are a queue's _reader and _writer, made when asked for, and the same at each time; guarded by the script lock.
type queueEnds struct{ reader, writer *Connection }

// attr is the value of _reader or _writer, nil for another name. Those of a queue that was closed are closed.
func (e *queueEnds) attr(rt *Runtime, h arena.Handle, name string, closed bool) (starlark.Value, error) {
	var end **Connection
	switch name {
	case "_reader":
		end = &e.reader
	case "_writer":
		end = &e.writer
	default:
		return nil, nil
	}
	if *end == nil {
		q, err := prim.OpenQueue(rt.member, h)
		if err != nil {
			return nil, scriptError(err)
		}
		*end = rt.newConnection(&queueLink{rt: rt, q: q}, end == &e.reader, end == &e.writer)
	}
	if closed {
		(*end).close()
	}
	return *end, nil
}

// Attr implements starlark.HasAttrs.
func (q *Queue) Attr(name string) (starlark.Value, error) {
	if v, err := q.shared.Attr(name); v != nil || err != nil {
		return v, err
	}
	return q.ends.attr(q.rt, q.h, name, q.closed && name == "_reader")
}

// Attr implements starlark.HasAttrs.
func (q *SimpleQueue) Attr(name string) (starlark.Value, error) {
	if v, err := q.shared.Attr(name); v != nil || err != nil {
		return v, err
	}
	return q.ends.attr(q.rt, q.h, name, q.closed)
}

func (l *queueLink) send(thread *starlark.Thread, data []byte, handles []arena.Handle) error {
	err := l.q.Put(data, handles, prim.Opt{NoWait: true})
	if errors.Is(err, prim.ErrQueueFull) {
		err = l.q.Put(data, handles, l.rt.opt(thread, true, seconds{}))
	}
	return err
}

func (l *queueLink) recv(thread *starlark.Thread, most int) (prim.Msg, error) {
	msg, err := l.q.Get(prim.Opt{NoWait: true})
	if errors.Is(err, prim.ErrQueueEmpty) {
		msg, err = l.q.Get(l.rt.opt(thread, true, seconds{}))
	}
	return l.rt.limited(msg, err, most)
}

// limited makes a message of more than most bytes an error, if most is not negative.
func (rt *Runtime) limited(msg prim.Msg, err error, most int) (prim.Msg, error) {
	if err == nil && most >= 0 && len(msg.Data) > most {
		msg.Release(rt.member)
		return prim.Msg{}, errTooLong
	}
	return msg, err
}

func (l *queueLink) kind() linkKind { return queueLinkKind }

func (l *queueLink) encode(e *wire.Encoder) error {
	e.Handle(wire.Handle(l.q.Handle()))
	return nil
}

func (rt *Runtime) decodeQueueLink(d *wire.Decoder) (link, error) {
	q, err := decodeHandle(rt, d, prim.OpenQueue)
	if err != nil {
		return nil, err
	}
	return &queueLink{rt: rt, q: q}, nil
}

func (l *queueLink) close() { l.q.Close() }

func (l *queueLink) ready() bool           { return queueSource{l.q}.ready() }
func (l *queueLink) awaited() prim.Awaited { return l.q.Awaited() }
func (l *queueLink) watch() (stop func())  { return func() {} }
