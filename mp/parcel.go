package mp

import (
	"encoding/binary"
	"sync"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
)

// A message with objects of the arena cannot go through a socket as it is: they must be counted on their way. So it is put into a queue
// of its own, a parcel, and the socket carries the parcel's address: parcelMark, the family, the queue's handle. Only a
// member of the family can fetch it, and only as long as the sender lives, who keeps the queue until it is empty.
const parcelMark = 0xc1 // begins no message: msgpack does not use it

const parcelSize = 1 + 16 + 8

// parcels are those that this process has sent and that nobody has fetched yet.
type parcels struct {
	mu   sync.Mutex
	sent []*prim.Queue // guarded by mu
}

// parcel sends data and handles off and returns the message that tells where they are.
func (rt *Runtime) parcel(data []byte, handles []arena.Handle) ([]byte, error) {
	q, err := prim.NewQueue(rt.member, 1)
	if err != nil {
		return nil, scriptError(err)
	}
	if err := q.Put(data, handles, prim.Opt{NoWait: true}); err != nil {
		q.Close()
		return nil, scriptError(err)
	}
	ps := &rt.parcels
	ps.mu.Lock()
	defer ps.mu.Unlock()
	kept := ps.sent[:0]
	for _, old := range ps.sent {
		if old.Len() == 0 {
			old.Close()
		} else {
			kept = append(kept, old)
		}
	}
	clear(ps.sent[len(kept):])
	ps.sent = append(kept, q)
	family := rt.familyID()
	return binary.BigEndian.AppendUint64(append([]byte{parcelMark}, family[:]...), uint64(q.Handle())), nil
}

// unparcel is the message that data is or tells of.
func (rt *Runtime) unparcel(data []byte) (prim.Msg, error) {
	if len(data) != parcelSize || data[0] != parcelMark {
		return prim.Msg{Data: data}, nil
	}
	m, err := rt.mem()
	if err != nil {
		return prim.Msg{}, err
	}
	if family := rt.familyID(); string(data[1:17]) != string(family[:]) {
		return prim.Msg{}, wire.Errorf("RuntimeError", "received a shared object of another family of processes")
	}
	q, err := prim.OpenQueue(m, arena.Handle(binary.BigEndian.Uint64(data[17:])))
	if err == nil {
		defer q.Close()
		var msg prim.Msg
		if msg, err = q.Get(prim.Opt{NoWait: true}); err == nil {
			return msg, nil
		}
	}
	return prim.Msg{}, wire.Errorf("RuntimeError", "received a shared object whose sender has ended: %w", err)
}
