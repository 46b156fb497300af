package prim

import (
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
)

// object is what all primitives have in common: a member's counted reference to one cell.
type object struct {
	m *arena.Member
	h arena.Handle
	c *arena.Cell

	// users counts the owner of the object (until Close) and the calls that sleep in it: the reference goes back with the
	// last of them, so that nobody sleeps on the words of a cell that has become something else.
	users  atomic.Int32
	closed atomic.Bool
	last   func() // called when the reference has gone back; may be nil
}

// init takes over one local reference to h that the caller has.
func (o *object) init(m *arena.Member, h arena.Handle, c *arena.Cell) {
	o.m, o.h, o.c = m, h, c
	o.users.Store(1)
}

// open takes a local reference to h of its own.
func (o *object) open(m *arena.Member, h arena.Handle, k arena.Kind) error {
	if err := m.Retain(h); err != nil {
		return err
	}
	c, err := m.Arena().Cell(h, k)
	if err != nil {
		m.Release(h)
		return err
	}
	o.init(m, h, c)
	return nil
}

// Handle names the object to other members. It does not count as a reference.
func (o *object) Handle() arena.Handle { return o.h }

// Close gives the object's reference back: the last reference in the family frees it. Calls that come later return
// arena.ErrStale, calls that sleep in the object go on and keep it alive. Closing twice does nothing. Close must not be
// called while another goroutine is inside a method that is not asleep.
func (o *object) Close() {
	if !o.closed.Swap(true) {
		o.leave()
	}
}

// enter keeps the reference until leave, also if Close comes in between.
func (o *object) enter() error {
	for {
		n := o.users.Load()
		if n == 0 {
			return arena.ErrStale
		}
		if o.users.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

func (o *object) leave() {
	if o.users.Add(-1) == 0 {
		o.m.Release(o.h)
		if o.last != nil {
			o.last()
		}
	}
}

// thisSlot is the slot of the object's member plus one, as owner words have it: 0 is nobody.
func (o *object) thisSlot() uint32 { return uint32(o.m.ID()) + 1 }
