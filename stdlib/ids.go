package stdlib

import (
	"strconv"
	"weak"
)

// classTable finds classes that have travelled by their ID, so that a class is one object in each process however often it
// arrives. It does not keep them alive.
type classTable struct {
	byID map[string]weak.Pointer[Class]
	last int // of the default ClassID
	next int // size at which dead entries are dropped
}

// idOf returns the class's ID, and gives it one if it has none yet.
func (l *Lib) idOf(c *Class) string {
	if c.id == "" {
		c.id = l.cfg.ClassID()
		l.ids.add(c)
	}
	return c.id
}

func (t *classTable) add(c *Class) {
	const atLeast = 64
	if t.byID == nil {
		t.byID = map[string]weak.Pointer[Class]{}
	}
	if len(t.byID) >= max(t.next, atLeast) {
		for id, p := range t.byID {
			if p.Value() == nil {
				delete(t.byID, id)
			}
		}
		t.next = 2 * len(t.byID)
	}
	t.byID[c.id] = weak.Make(c)
}

// get returns the class with that ID, or nil.
func (t *classTable) get(id string) *Class { return t.byID[id].Value() }

// nextID is the default ClassID.
func (l *Lib) nextID() string {
	l.ids.last++
	return strconv.Itoa(l.ids.last)
}
