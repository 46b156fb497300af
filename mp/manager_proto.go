package mp

import (
	"encoding/binary"
	"fmt"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// A request to a manager is a fixed head, the method's name, and the encoded arguments, so that a server decodes a
// value only where it needs it. All numbers are little-endian.
//
//	0  uint32 connection, 0 for hello
//	4  uint8  flags
//	5  uint8  length of the method's name
//	6  uint32 the client's thread, so that one that has acquired an RLock is known when it comes to release it
//	10 uint64 object, 0 for the manager itself
//	18 name, then the arguments: a tuple, or a tuple (args, kwargs) if flagKeywords is set
//
// hello's arguments are the queue for replies and the client's slot with its generation; its reply is the number of the new
// connection. A reply is one byte, its
// replyKind, and an encoded value: the result, or the exception.
type request struct {
	conn   uint32
	flags  uint8
	thread uint32
	object uint64
	method string
	args   []byte
}

const requestHead = 18

const flagKeywords = 1

const (
	replyValue byte = iota
	replyError
	replyGone // from the client's own watch: the server has ended
)

func (r *request) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, r.conn)
	dst = append(dst, r.flags, byte(len(r.method)))
	dst = binary.LittleEndian.AppendUint32(dst, r.thread)
	dst = binary.LittleEndian.AppendUint64(dst, r.object)
	return append(dst, r.method...)
}

func parseRequest(b []byte) (request, error) {
	if len(b) < requestHead || len(b) < requestHead+int(b[5]) {
		return request{}, fmt.Errorf("manager: request of %d bytes is too short", len(b))
	}
	return request{
		conn:   binary.LittleEndian.Uint32(b),
		flags:  b[4],
		thread: binary.LittleEndian.Uint32(b[6:]),
		object: binary.LittleEndian.Uint64(b[10:]),
		method: string(b[requestHead : requestHead+int(b[5])]),
		args:   b[requestHead+int(b[5]):],
	}, nil
}

// arguments decodes the arguments of r, which came from peer, nil for a member of the family.
func (r *request) arguments(c *wire.Codec, peer any) (args starlark.Tuple, kwargs []starlark.Tuple, err error) {
	v, err := c.DecodeAbroad(r.args, peer)
	if err != nil {
		return nil, nil, err
	}
	args, ok := v.(starlark.Tuple)
	if ok && r.flags&flagKeywords != 0 && len(args) == 2 {
		var d *starlark.Dict
		d, ok = args[1].(*starlark.Dict)
		if ok {
			kwargs = d.Items()
			args, ok = args[0].(starlark.Tuple)
		}
	}
	if !ok {
		return nil, nil, fmt.Errorf("manager: arguments of %s are a %s", r.method, v.Type())
	}
	return args, kwargs, nil
}

// packArguments is the value that travels for a call's arguments, and its name in error messages.
func packArguments(args starlark.Tuple, kwargs []starlark.Tuple) (v starlark.Value, root string) {
	if len(kwargs) == 0 {
		return args, "args"
	}
	d := starlark.NewDict(len(kwargs))
	for _, kv := range kwargs {
		d.SetKey(kv[0], kv[1])
	}
	return starlark.Tuple{args, d}, "arguments"
}
