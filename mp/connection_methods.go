package mp

import (
	"runtime"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

var connectionType = &sharedType{"Connection", []method{
	{"send", connectionSend},
	{"recv", connectionRecv},
	{"poll", connectionPoll},
	{"send_bytes", connectionSendBytes},
	{"recv_bytes", connectionRecvBytes},
	{"recv_bytes_into", connectionRecvBytesInto},
	{"fileno", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		c := b.Receiver().(*Connection)
		if c.link == nil {
			return nil, errHandleClosed
		}
		n, err := c.link.fileno()
		return starlark.MakeInt(n), err
	}},
	{"close", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		b.Receiver().(*Connection).close()
		return starlark.None, nil
	}},
	{"__enter__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return b.Receiver(), noArgs(b, args, kwargs)
	}},
	{"__exit__", func(_ *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		b.Receiver().(*Connection).close()
		return starlark.None, nil
	}},
}}

// connectionSend is Connection.send(obj).
func connectionSend(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var obj starlark.Value
	if len(args) == 1 && len(kwargs) == 0 {
		obj = args[0]
	} else if err := starlark.UnpackArgs(b.Name(), args, kwargs, "obj", &obj); err != nil {
		return nil, err
	}
	c := b.Receiver().(*Connection)
	l, err := c.writer()
	if err != nil {
		return nil, err
	}
	return starlark.None, scriptError(c.rt.encoded("obj", obj, func(data []byte, handles []arena.Handle) error {
		return l.send(thread, data, handles)
	}))
}

// connectionRecv is Connection.recv().
func connectionRecv(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := noArgs(b, args, kwargs); err != nil {
		return nil, err
	}
	c := b.Receiver().(*Connection)
	msg, err := c.receive(thread, -1)
	if err != nil {
		return nil, err
	}
	return c.rt.decoded(msg)
}

// connectionPoll is Connection.poll(timeout=0.0). At the end of file there is something to be had: the EOFError.
func connectionPoll(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	timeout := seconds{set: true}
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "timeout?", &timeout); err != nil {
		return nil, err
	}
	c := b.Receiver().(*Connection)
	l, err := c.reader()
	if err != nil {
		return nil, err
	}
	if l.ready() {
		return starlark.True, nil
	}
	ready, err := c.rt.await(thread, []source{l}, timeout)
	return starlark.Bool(ready), err
}

// connectionSendBytes is Connection.send_bytes(buf, offset=0, size=None).
func connectionSendBytes(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var buf starlark.Value
	var size starlark.Value = starlark.None
	offset := 0
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "buf", &buf, "offset?", &offset, "size?", &size); err != nil {
		return nil, err
	}
	c := b.Receiver().(*Connection)
	l, err := c.writer()
	if err != nil {
		return nil, err
	}
	data, err := bytesOf(b.Name(), buf)
	if err != nil {
		return nil, err
	}
	switch {
	case offset < 0:
		return nil, wire.Errorf("ValueError", "offset is negative")
	case offset > len(data):
		return nil, wire.Errorf("ValueError", "buffer length < offset")
	}
	data = data[offset:]
	if size != starlark.None {
		var n int
		if err := starlark.AsInt(size, &n); err != nil {
			return nil, wire.Errorf("TypeError", "%s: size: got %s, want int or None", b.Name(), size.Type())
		}
		switch {
		case n < 0:
			return nil, wire.Errorf("ValueError", "size is negative")
		case n > len(data):
			return nil, wire.Errorf("ValueError", "buffer length < offset + size")
		}
		data = data[:n]
	}
	defer runtime.KeepAlive(buf)
	return starlark.None, scriptError(l.send(thread, data, nil))
}

// connectionRecvBytes is Connection.recv_bytes(maxlength=None).
func connectionRecvBytes(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var limit starlark.Value = starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "maxlength?", &limit); err != nil {
		return nil, err
	}
	c := b.Receiver().(*Connection)
	if _, err := c.reader(); err != nil {
		return nil, err
	}
	most := -1
	if limit != starlark.None {
		if err := starlark.AsInt(limit, &most); err != nil {
			return nil, wire.Errorf("TypeError", "%s: maxlength: got %s, want int or None", b.Name(), limit.Type())
		}
		if most < 0 {
			return nil, wire.Errorf("ValueError", "negative maxlength")
		}
	}
	data, err := c.receiveBytes(thread, most)
	return starlark.Bytes(data), err
}

// receiveBytes receives a message without decoding it.
func (c *Connection) receiveBytes(thread *starlark.Thread, most int) ([]byte, error) {
	msg, err := c.receive(thread, most)
	if err != nil {
		return nil, err
	}
	msg.Release(c.rt.member) // of a message that was sent as an object
	return msg.Data, nil
}

// connectionRecvBytesInto is Connection.recv_bytes_into(buf, offset=0). A message that does not fit is lost from the connection, and is
// the argument of the BufferTooShort.
func connectionRecvBytesInto(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var into starlark.Value
	offset := 0
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "buf", &into, "offset?", &offset); err != nil {
		return nil, err
	}
	c := b.Receiver().(*Connection)
	if _, err := c.reader(); err != nil {
		return nil, err
	}
	buf, ok := into.(byteBuffer)
	if !ok {
		return nil, wire.Errorf("TypeError", "%s: buf: got %s, want an Array, a RawArray or shared memory's buf", b.Name(), into.Type())
	}
	defer runtime.KeepAlive(buf)
	p, err := buf.memory()
	if err != nil {
		return nil, err
	}
	switch {
	case offset < 0:
		return nil, wire.Errorf("ValueError", "negative offset")
	case offset > len(p):
		return nil, wire.Errorf("ValueError", "offset too large")
	}
	data, err := c.receiveBytes(thread, -1)
	if err != nil {
		return nil, err
	}
	// Another thread may have closed the memory meanwhile.
	if p, err = buf.memory(); err != nil {
		return nil, err
	}
	if offset+len(data) > len(p) {
		short := c.rt.host.Exception("multiprocessing.BufferTooShort")
		exc, err := c.rt.host.Call(thread, short, starlark.Tuple{starlark.Bytes(data)}, nil)
		if err == nil {
			err = c.rt.host.ToError(exc)
		}
		return nil, err
	}
	return starlark.MakeInt(copy(p[offset:], data)), nil
}

// byteBuffer is a value made of bytes in shared memory, which stay where they are as long as the value is reachable.
type byteBuffer interface{ memory() ([]byte, error) }

func (a *RawArray) memory() ([]byte, error)          { return a.mem.Bytes(), nil }
func (a *SynchronizedArray) memory() ([]byte, error) { return a.raw.mem.Bytes(), nil }

func (v *memoryView) memory() ([]byte, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	if v.step != 1 {
		return nil, wire.Errorf("ValueError", "a memoryview with steps is not contiguous")
	}
	return v.mem.Bytes()[v.start : v.start+v.n], nil
}

// bytesOf is the content of v, bytes or a byteBuffer, to be used while v is reachable.
func bytesOf(fn string, v starlark.Value) ([]byte, error) {
	switch v := v.(type) {
	case starlark.Bytes:
		return []byte(v), nil
	case byteBuffer:
		return v.memory()
	}
	return nil, wire.Errorf("TypeError", "%s: a bytes-like object is required, not '%s'", fn, v.Type())
}
