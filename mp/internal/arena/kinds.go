package arena

import "fmt"

// A Kind says what an object is. The numbers are part of the layout.
type Kind uint8

// The kinds of objects.
const (
	KindNone Kind = iota
	KindLock
	KindRLock
	KindSemaphore
	KindBounded
	KindCondition
	KindEvent
	KindQueue
	KindBlob
	KindManaged
	KindBarrier
	KindPipe
	KindShared
	KindTest // for tests of packages below mp
	numKinds
)

var kindNames = [numKinds]string{"none", "lock", "rlock", "semaphore", "bounded semaphore", "condition", "event", "queue",
	"blob", "managed object", "barrier", "pipe", "shared memory", "test object"}

func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Ops is what a kind of object adds to the life of its cells. Each of them may be nil.
//
// They run in whatever process it falls to, with no lock of this package held. A death in the middle of one has it called
// again in another process, so each must be able to take up its own work where it stopped.
type Ops struct {
	// Recover repairs c after the death of a process that had the object: it completes or undoes half-done work under locks
	// that HeldBy says the dead holds, gives those back with UnlockFor, and returns a Warning (Kind and Handle suffice) for
	// each thing the dead one owned. It must not wait for any lock, since the holder may be dead too and be
	// waiting for this very goroutine; the functions of this package that it needs (Grab, Place, GiveChunk, AddFlight,
	// DropFlight, Release) are fine. Chunks that are in c's structure and still in the dead's hand must be put
	// right here, with Place or Grab, and chunks that were placed stay reachable (see the package's doc).
	// Waiters of the F words are woken by the caller afterwards.
	//
	// Leave calls it too, with the leaving process's own slot as dead, where Holds says that something is left.
	Recover func(m *Member, h Handle, c *Cell, dead SlotID) []Warning

	// Holds reports whether slot owns something in c that Recover would give back. The last Release of a process asks it, with the
	// life lock held, so that the process keeps the object for its Recover; and so does Leave.
	Holds func(c *Cell, slot SlotID) bool

	// Orphan is called for each chunk that the dead had in hand for h, an object of the kind that still exists, before the chunk is
	// freed: for counts (flights) that are noted in it. Locks of h may not be waited for.
	Orphan func(m *Member, ch Chunk, h Handle, c *Cell, dead SlotID)

	// Free takes the object apart when nobody has it any more: drops flights of handles in it, gives its chunks back. Nobody
	// else is at work in c. Chunks may be in the hand of a dead predecessor; Grab takes them.
	Free func(m *Member, h Handle, c *Cell)

	// Check looks for inconsistencies while nobody is at work, and calls reach for each chunk in c's structure.
	Check func(a *Arena, h Handle, c *Cell, reach func(Chunk)) error
}

var kinds [numKinds]Ops

// RegisterKind says how objects of kind k are recovered, freed and checked. It is called by the package that implements k when
// it is initialised, before any arena is used.
func RegisterKind(k Kind, ops Ops) { kinds[k] = ops }

// A Warning tells of one thing that a process owned when it died, and that was given back.
type Warning struct {
	Kind     Kind
	Handle   Handle
	DeadName string // the process's name
	DeadPid  int
}
