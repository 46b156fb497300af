package arena

import (
	"fmt"
	"time"
)

// A WaitOp says what a process waits for an object to do. The numbers are part of the layout.
type WaitOp uint32

// The operations that block.
const (
	OpNone WaitOp = iota
	OpAcquire
	OpWait
	OpGet
	OpPut
	OpJoin
	OpSend
	OpRecv
	OpPoll
	OpCall // of a manager
	numOps
)

var opNames = [numOps]string{"nothing", "acquire", "wait", "get", "put", "join", "send", "recv", "poll", "call"}

func (op WaitOp) String() string {
	if op < numOps {
		return opNames[op]
	}
	return fmt.Sprintf("operation %d", uint32(op))
}

// A WaitRecord says what a process is blocked in.
type WaitRecord struct {
	Obj   Handle // 0 for a wait for a process
	Op    WaitOp
	Since time.Time
	Until time.Time // zero: no timeout
	Pos   string    // file:line of the script, at most 120 bytes (the end is kept)
}

// SetWait notes what this process is about to sleep on. Of several threads the last one wins. It returns a ticket for ClearWait. Only
// the slot's own process calls it.
func (s *Slot) SetWait(r WaitRecord) (ticket uint32) {
	w := &s.wait
	if n := len(r.Pos) - 8*len(w.pos); n > 0 {
		r.Pos = r.Pos[n:]
	}
	return write(&w.seq, func() {
		w.obj.Store(uint64(r.Obj))
		w.op.Store(uint32(r.Op))
		w.since.Store(r.Since.UnixNano())
		until := int64(0)
		if !r.Until.IsZero() {
			until = r.Until.UnixNano()
		}
		w.until.Store(until)
		w.size.Store(uint32(len(r.Pos)))
		store(w.pos[:], r.Pos)
	})
}

// ClearWait notes that the wait of the ticket is over. If another thread has written since, its record stays.
func (s *Slot) ClearWait(ticket uint32) {
	w := &s.wait
	if w.seq.CompareAndSwap(ticket, ticket+1) {
		w.op.Store(uint32(OpNone))
		w.seq.Store(ticket + 2)
	}
}

// SetPos notes where the process is, as file:line, without a wait. Only the slot's own process calls it.
func (s *Slot) SetPos(pos string) {
	s.SetWait(WaitRecord{Op: OpNone, Pos: pos})
}

// Pos is the last position that SetWait or SetPos has noted, empty if there is none that can be read. It stays after the wait, and after the
// process's death.
func (s *Slot) Pos() string {
	w := &s.wait
	pos, _ := read(&w.seq, func() string {
		var b [120]byte
		load(b[:], w.pos[:])
		return string(b[:min(int(w.size.Load()), len(b))])
	})
	return pos
}

// Waiting is what the process is blocked in, if it is and can be read. Anybody may ask.
func (s *Slot) Waiting() (WaitRecord, bool) {
	w := &s.wait
	r, ok := read(&w.seq, func() WaitRecord {
		r := WaitRecord{Obj: Handle(w.obj.Load()), Op: WaitOp(w.op.Load()), Since: time.Unix(0, w.since.Load())}
		if until := w.until.Load(); until != 0 {
			r.Until = time.Unix(0, until)
		}
		var b [120]byte
		load(b[:], w.pos[:])
		r.Pos = string(b[:min(int(w.size.Load()), len(b))])
		return r
	})
	return r, ok && r.Op != OpNone
}
