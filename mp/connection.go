package mp

import (
	"fmt"
	"reflect"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Connection is multiprocessing.connection.Connection: one end of a Pipe, or of a socket between a Client and a Listener.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.connection.Connection
//
// Each value is a hold on its end, as a file descriptor is in CPython: close gives up this one, and the other side sees the end of
// file when no process and no message on its way has any. A value that nobody can reach any more is closed when the
// collector finds it. Unlike CPython's, send into a Pipe never waits for a reader: what it sends is in shared memory.
type Connection struct {
	shared
	link     link // nil once closed; guarded by the script lock, as the rest
	readable bool
	writable bool
}

// link is what carries the messages of a connection.
type link interface {
	// send sends a message. It may block, without the script lock.
	send(thread *starlark.Thread, data []byte, handles []arena.Handle) error
	// recv waits for a message: errTooLong for one of more than most bytes, if most is not negative.
	recv(thread *starlark.Thread, most int) (prim.Msg, error)
	// fileno is a number for the connection, which no other open one of this process has.
	fileno() (int, error)
	close()
	source
	// kind says how encode writes what another process needs to have the link too.
	kind() linkKind
	encode(e *wire.Encoder) error
}

var (
	_ starlark.HasAttrs   = (*Connection)(nil)
	_ starlark.Comparable = (*Connection)(nil)
)

var errTooLong = wire.Errorf("OSError", "bad message length")

func (rt *Runtime) newConnection(l link, readable, writable bool) *Connection {
	c := &Connection{link: l, readable: readable, writable: writable}
	c.shared = shared{rt: rt, typ: connectionType, self: c}
	own(rt, c, l.close)
	return c
}

func (c *Connection) String() string {
	return fmt.Sprintf("<multiprocessing.connection.Connection object at %p>", c)
}

// Hash hashes the identity of the value: two holds on one end are two connections.
func (c *Connection) Hash() (uint32, error) { return pointerHash(c), nil }

// CompareSameType compares identities.
func (c *Connection) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	return compareIdentity(op, c == y.(*Connection), c.Type())
}

// Attr implements starlark.HasAttrs.
func (c *Connection) Attr(name string) (starlark.Value, error) {
	switch name {
	case "closed":
		return starlark.Bool(c.link == nil), nil
	case "readable":
		return starlark.Bool(c.readable), nil
	case "writable":
		return starlark.Bool(c.writable), nil
	}
	return c.shared.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (c *Connection) AttrNames() []string {
	return append(c.shared.AttrNames(), "closed", "readable", "writable")
}

func (c *Connection) close() {
	if l := c.link; l != nil {
		c.link = nil
		l.close()
	}
}

// reader is the link, for a call that receives.
func (c *Connection) reader() (link, error) {
	switch {
	case c.link == nil:
		return nil, errHandleClosed
	case !c.readable:
		return nil, wire.Errorf("OSError", "connection is write-only")
	}
	return c.link, nil
}

// writer is the link, for a call that sends.
func (c *Connection) writer() (link, error) {
	switch {
	case c.link == nil:
		return nil, errHandleClosed
	case !c.writable:
		return nil, wire.Errorf("OSError", "connection is read-only")
	}
	return c.link, nil
}

// receive waits for a message of up to most bytes, or any if most is negative. After one that is longer the connection cannot be read any
// more.
func (c *Connection) receive(thread *starlark.Thread, most int) (prim.Msg, error) {
	l, err := c.reader()
	if err != nil {
		return prim.Msg{}, err
	}
	msg, err := l.recv(thread, most)
	if err == errTooLong {
		if c.writable {
			c.readable = false
		} else {
			c.close()
		}
	}
	return msg, scriptError(err)
}

// connectionWire is the wire form of a Connection: a hold of its own on the same end.
func (rt *Runtime) connectionWire() wire.Type {
	return wire.Type{
		Name:   "mp.connection",
		Go:     reflect.TypeFor[*Connection](),
		Shared: true,
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			c := v.(*Connection)
			if c.link == nil {
				return errHandleClosed
			}
			e.Uint(uint64(c.link.kind()))
			e.Bool(c.readable)
			e.Bool(c.writable)
			return c.link.encode(e)
		},
		Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			kind, err := d.Uint()
			if err != nil {
				return nil, err
			}
			readable, err := d.Bool()
			if err != nil {
				return nil, err
			}
			writable, err := d.Bool()
			if err != nil {
				return nil, err
			}
			l, err := rt.decodeLink(d, linkKind(kind))
			if err != nil {
				return nil, err
			}
			return rt.newConnection(l, readable, writable), nil
		},
	}
}

// linkKind says on the wire what a connection's link is.
type linkKind uint64

const (
	pipeLink linkKind = iota
	queueLinkKind
	socketLink
)

// decodeLink reads what a link's encode wrote.
func (rt *Runtime) decodeLink(d *wire.Decoder, kind linkKind) (link, error) {
	switch kind {
	case pipeLink:
		return rt.decodePipe(d)
	case queueLinkKind:
		return rt.decodeQueueLink(d)
	case socketLink:
		return rt.decodeSocket(d)
	}
	return nil, fmt.Errorf("connection of kind %d", kind)
}
