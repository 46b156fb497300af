package prim

import (
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
)

// Opt says how a blocking call waits. The zero Opt waits for ever.
type Opt struct {
	NoWait   bool           // do not wait at all; Deadline and Cancel do not matter then
	Deadline futex.Deadline // give up at this point in time; 0 = never
	Cancel   *futex.Cancel  // gives up with futex.ErrCanceled once canceled; may be nil
	Thread   uint32         // the thread within the process, for owners; 0 = main
	Pos      func() string  // file:line of the caller for the wait record; called only before a sleep, may be nil
	Park     func(sleep func())
	// Park, if set, is called around the part of a call that may sleep and must call its argument, once: a caller gives up
	// its script lock there. It is not called where the call need not sleep.
}

// sleep runs f, which may sleep for as long as opt allows, with the wait record set: this slot waits for h in op.
func (o *object) sleep(opt *Opt, h arena.Handle, op arena.WaitOp, f func()) {
	sleepIn(o.m, opt, h, op, f)
}

func sleepIn(m *arena.Member, opt *Opt, h arena.Handle, op arena.WaitOp, f func()) {
	r := arena.WaitRecord{Obj: h, Op: op, Since: time.Now()}
	if opt.Deadline != 0 {
		r.Until = r.Since.Add(opt.Deadline.Remaining())
	}
	if opt.Pos != nil {
		r.Pos = opt.Pos()
	}
	slot := m.Slot()
	ticket := slot.SetWait(r)
	defer slot.ClearWait(ticket)
	if opt.Park != nil {
		opt.Park(f)
	} else {
		f()
	}
}

// wait sleeps on w while it is old, as opt allows.
func (opt *Opt) wait(w *atomic.Uint32, old uint32) error {
	return futex.Wait(w, old, opt.Deadline, opt.Cancel)
}
