package mp

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"sync"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// remote is the endpoint of a server outside of the family: connections to its address, of which a thread has one for one
// call. On each of them both sides prove that they have the key before anything is decoded; then the client says who it is.
//
// A request is what one in the family is, a reply too; they are messages of a socket, and values are in the form for abroad.
// Requests whose method is decref have no reply.
type remote struct {
	rt      *Runtime
	address starlark.Value
	key     []byte
	name    string // of this process with the server

	mu   sync.Mutex
	idle []*socket // guarded by mu
	gone []uint64  // objects that this process has given up; guarded by mu
}

// remotes are the servers outside of the family that a process knows.
type remotes struct {
	mu   sync.Mutex
	all  map[string]*remote // guarded by mu; by address and key
	sent map[*referent]bool // guarded by mu
}

// pin keeps a reference that was sent to another process for as long as this one lives: nobody says when the other has counted its own.
func (rs *remotes) pin(ref *referent) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.sent == nil {
		rs.sent = map[*referent]bool{}
	}
	rs.sent[ref] = true
}

// remoteAt returns the endpoint for an address.
func (rt *Runtime) remoteAt(address starlark.Value, key []byte) *remote {
	rs := &rt.remotes
	rs.mu.Lock()
	defer rs.mu.Unlock()
	at := address.String() + "\x00" + string(key)
	r := rs.all[at]
	if r == nil {
		var name [16]byte
		rand.Read(name[:])
		r = &remote{rt: rt, address: address, key: bytes.Clone(key), name: hex.EncodeToString(name[:])}
		if rs.all == nil {
			rs.all = map[string]*remote{}
		}
		rs.all[at] = r
	}
	return r
}

// dial opens a connection. Where the server is one of this family, it returns how to reach it through shared memory, and no connection.
func (r *remote) dial(thread *starlark.Thread) (*socket, starlark.Tuple, error) {
	network, addr, err := netAddress("connect", r.address, starlark.None)
	if err != nil {
		return nil, nil, err
	}
	if _, err := r.rt.mem(); err != nil {
		return nil, nil, err
	}
	family := r.rt.familyID()
	hello, err := r.rt.host.Codec().EncodeAbroad(nil, "hello", starlark.Tuple{starlark.String(r.name), starlark.Bytes(family[:])}, r)
	if err != nil {
		return nil, nil, err
	}
	cancel, _ := thread.Local(CancelKey).(*Cancel)
	var s *socket
	var answer []byte
	r.rt.host.Block(thread, func() {
		if s, err = r.rt.dial(network, addr, r.key, cancel); err != nil {
			return
		}
		w := waitFor{cancel: cancel}
		if err = s.transmit(hello, w); err == nil {
			answer, err = s.receive(-1, w)
		}
		if err != nil {
			s.close()
		}
	})
	if err != nil {
		return nil, nil, socketError(err)
	}
	if len(answer) != parcelSize || answer[0] != parcelMark {
		return s, nil, nil
	}
	s.close()
	msg, err := r.rt.unparcel(answer)
	if err != nil {
		return nil, nil, err
	}
	v, err := r.rt.decoded(msg)
	if err != nil {
		return nil, nil, err
	}
	how, ok := v.(starlark.Tuple)
	if !ok || len(how) != 3 {
		return nil, nil, wire.Errorf("ValueError", "bad message from the manager")
	}
	return nil, how, nil
}

// take returns a connection for one call.
func (r *remote) take(thread *starlark.Thread) (*socket, error) {
	r.mu.Lock()
	if n := len(r.idle); n > 0 {
		s := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return s, nil
	}
	r.mu.Unlock()
	s, how, err := r.dial(thread)
	if err == nil && how != nil {
		err = errManagerGone // another server has the address now
	}
	return s, err
}

func (r *remote) give(s *socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, s)
}

func (r *remote) call(thread *starlark.Thread, object uint64, method string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s, err := r.take(thread)
	if err != nil {
		return nil, err
	}
	req := &request{thread: r.rt.threadID(thread), object: object, method: method}
	if len(kwargs) > 0 {
		req.flags |= flagKeywords
	}
	v, root := packArguments(args, kwargs)
	data, err := r.rt.host.Codec().EncodeAbroad(req.append(nil), root, v, r)
	if err != nil {
		r.give(s)
		return nil, err
	}
	cancel, _ := thread.Local(CancelKey).(*Cancel)
	w := waitFor{cancel: cancel}
	var answer []byte
	r.rt.host.Block(thread, func() {
		r.flush(s, w)
		if err = s.transmit(data, w); err == nil {
			answer, err = s.receive(-1, w)
		}
	})
	if err != nil {
		s.close()
		r.hangUp()
		return nil, socketError(err)
	}
	r.give(s)
	if len(answer) == 0 {
		return nil, wire.Errorf("EOFError", "an empty reply from the manager")
	}
	result, err := r.rt.host.Codec().DecodeAbroad(answer[1:], r)
	if err == nil && answer[0] == replyError {
		err = r.rt.host.ToError(result)
	}
	return result, err
}

func (r *remote) same(e endpoint) bool { return endpoint(r) == e }

// flush tells the server which objects this process has given up.
func (r *remote) flush(s *socket, w waitFor) {
	r.mu.Lock()
	gone := r.gone
	r.gone = nil
	r.mu.Unlock()
	for _, id := range gone {
		if s.transmit((&request{object: id, method: "decref"}).append(nil), w) != nil {
			return
		}
	}
}

// hangUp closes the connections that nobody uses: where one has broken, the others may be as old.
func (r *remote) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.idle {
		s.close()
	}
	r.idle = nil
}

// referent is an object of that server. Counted says that the server has counted this process's reference.
func (r *remote) referent(typeid string, id uint64, counted bool) *referent {
	ref := &referent{rt: r.rt, typeid: typeid, id: id, server: r}
	if !counted {
		ref.claim = func() error {
			_, err := r.call(r.rt.host.Current(), 0, "incref", starlark.Tuple{starlark.MakeUint64(id)}, nil)
			return err
		}
	}
	own(r.rt, ref, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.gone = append(r.gone, id)
	})
	return ref
}

// encode writes how another process finds the object. Within the family the key goes along.
func (r *remote) encode(e *wire.Encoder, ref *referent) error {
	r.rt.remotes.pin(ref)
	if err := e.Elem(".address", r.address); err != nil {
		return err
	}
	e.Bool(!e.Abroad())
	if !e.Abroad() {
		e.Bytes(r.key)
	}
	return nil
}

// decodeRemote reads what encode wrote. Without a key it is this process's own.
func (rt *Runtime) decodeRemote(d *wire.Decoder) (*remote, error) {
	address, err := d.Value()
	if err != nil {
		return nil, err
	}
	with, err := d.Bool()
	if err != nil {
		return nil, err
	}
	key := []byte(rt.key())
	if with {
		if key, err = d.Bytes(); err != nil {
			return nil, err
		}
	}
	return rt.remoteAt(address, key), nil
}
