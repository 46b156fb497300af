package mp

import (
	"fmt"
	"reflect"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// endpoint is a way to a manager's server.
type endpoint interface {
	// call calls a method of an object there, 0 for the server itself, and waits for the result, without the script lock.
	call(thread *starlark.Thread, object uint64, method string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)
	same(endpoint) bool
}

// referent is an object that a server serves, as a client knows it. The object lives as long as there are any.
type referent struct {
	rt     *Runtime
	typeid string
	h      arena.Handle // 0 for an object of a server outside of the family
	id     uint64       // what the server calls it
	server endpoint
	claim  func() error // counts a reference at a server outside of the family, before the first call; nil once done
}

// The words of a managed object's cell. They are written by the server before anyone else has the handle.
const (
	managedRequests = iota // handle of the queue that takes requests
	managedServer          // slot of the server
	managedGen             // generation of that slot
)

// openReferent opens the served object h of a server in the family.
func (rt *Runtime) openReferent(m *arena.Member, h arena.Handle, typeid string) (*referent, error) {
	c, err := m.Arena().Cell(h, arena.KindManaged)
	if err != nil {
		return nil, scriptError(err)
	}
	requests, err := prim.OpenQueue(m, arena.Handle(c.W[managedRequests].Load()))
	if err != nil {
		return nil, errManagerGone
	}
	if err := m.Retain(h); err != nil {
		requests.Close()
		return nil, scriptError(err)
	}
	server := &familyServer{rt, serverRef{requests, arena.SlotID(c.W[managedServer].Load()), uint32(c.W[managedGen].Load())}}
	r := &referent{rt: rt, typeid: typeid, h: h, id: uint64(h), server: server}
	own(rt, r, func() {
		requests.Close()
		m.Release(h)
	})
	return r, nil
}

// local returns the server that has the object, if it is this process.
func (r *referent) local() *server {
	if s := r.rt.serving; s != nil && r.h != 0 && r.server.(*familyServer).slot == r.rt.self && s.objects[r.h] != nil {
		return s
	}
	return nil
}

// call runs a method of the object.
func (r *referent) call(thread *starlark.Thread, method string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if s := r.local(); s != nil {
		// Script code that runs inside the server, such as a sort key, works on the object itself.
		return s.invoke(s.home(), thread, s.objects[r.h], method, args, kwargs)
	}
	if r.claim != nil {
		if err := r.claim(); err != nil {
			return nil, err
		}
		r.claim = nil
	}
	return r.server.call(thread, r.id, method, args, kwargs)
}

// How a referent travels.
const (
	referentFamily = iota // as a handle
	referentThere         // of a server outside of the sender's family: how to find it
	referentOurs          // of the server that sends it
	referentYours         // of the server that it is sent to
)

// encodeReferent writes what names the object.
func encodeReferent(e *wire.Encoder, r *referent) error {
	e.String(r.typeid)
	far, _ := r.server.(*remote)
	switch peer := e.Peer().(type) {
	case nil:
		if far == nil {
			e.Uint(referentFamily)
			e.Handle(wire.Handle(r.h))
			return nil
		}
	case *client:
		if r.local() == peer.server {
			e.Uint(referentOurs)
			e.Uint(r.id)
			peer.lend(r.h)
			return nil
		}
	case *remote:
		if far == peer {
			e.Uint(referentYours)
			e.Uint(r.id)
			return nil
		}
	}
	if far == nil {
		return wire.Errorf("TypeError", "a proxy of a manager of this family cannot be sent to another program")
	}
	e.Uint(referentThere)
	e.Uint(r.id)
	return far.encode(e, r)
}

// decodeReferent reads what encodeReferent wrote.
func (rt *Runtime) decodeReferent(d *wire.Decoder) (*referent, error) {
	typeid, err := d.String()
	if err != nil {
		return nil, err
	}
	how, err := d.Uint()
	if err != nil {
		return nil, err
	}
	if how == referentFamily {
		return decodeHandle(rt, d, func(m *arena.Member, h arena.Handle) (*referent, error) {
			return rt.openReferent(m, h, typeid)
		})
	}
	id, err := d.Uint()
	if err != nil {
		return nil, err
	}
	switch peer := d.Peer().(type) {
	case *remote:
		if how == referentOurs {
			return peer.referent(typeid, id, true), nil
		}
	case *client:
		if how == referentYours {
			return peer.find(id)
		}
	}
	if how != referentThere {
		return nil, fmt.Errorf("bad message: a proxy of kind %d", how)
	}
	far, err := rt.decodeRemote(d)
	if err != nil {
		return nil, err
	}
	return far.referent(typeid, id, false), nil
}

// Token names a served object, as what a manager's proxy types are called with. It has CPython's attributes typeid, address and id.
type Token struct {
	ref       *referent
	exposed   starlark.Tuple
	proxytype starlark.Value // where the server knows what its clients may not; else None
}

var _ starlark.HasAttrs = (*Token)(nil)

func (t *Token) String() string {
	return fmt.Sprintf("Token(typeid='%s', id='%x')", t.ref.typeid, t.ref.id)
}

// Class is the class that isinstance knows.
func (t *Token) Class() starlark.Value { return t.ref.rt.managerClasses().token }

func (t *Token) Type() string          { return "Token" }
func (t *Token) Freeze()               {}
func (t *Token) Truth() starlark.Bool  { return true }
func (t *Token) Hash() (uint32, error) { return uint32(t.ref.id), nil }

// Attr implements starlark.HasAttrs.
func (t *Token) Attr(name string) (starlark.Value, error) {
	switch name {
	case "typeid":
		return starlark.String(t.ref.typeid), nil
	case "id":
		return starlark.String(fmt.Sprintf("%x", t.ref.id)), nil
	case "address":
		return t.ref.rt.addressOf(t.ref.server)
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (t *Token) AttrNames() []string { return []string{"address", "id", "typeid"} }

func (rt *Runtime) tokenWire() wire.Type {
	return wire.Type{
		Name: "mp.token",
		Go:   reflect.TypeFor[*Token](),
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			t := v.(*Token)
			if err := encodeReferent(e, t.ref); err != nil {
				return err
			}
			if err := e.Elem(".exposed", t.exposed); err != nil {
				return err
			}
			return e.Elem(".proxytype", t.proxytype)
		},
		Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			ref, err := rt.decodeReferent(d)
			if err != nil {
				return nil, err
			}
			exposed, err := d.Value()
			if err != nil {
				return nil, err
			}
			names, ok := exposed.(starlark.Tuple)
			if !ok {
				return nil, fmt.Errorf("bad message: exposed is a %s", exposed.Type())
			}
			proxytype, err := d.Value()
			return &Token{ref, names, proxytype}, err
		},
	}
}
