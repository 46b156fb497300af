package prim

import (
	"runtime"

	"github.com/starmp/starmp/mp/internal/arena"
)

// Queue is a first-in first-out queue of messages. Any member may put and get. A message is in the queue, whole, from the
// moment that Put returns, and out of it when Get returns; a death in between leaves it in or out, never half.
//
// # Structure
//
// A queue is a list of chunks. Messages are records in them (see record), put at the tail and got at the head, each end under
// a lock of its own. The tail and head words are positions; a message is visible when the tail word has been stored, and
// gone when the head word has. Whatever is written beyond the tail nobody sees, so it may be left half done. A message that
// is large lies in chunks of its own (see chain), filled before the lock is taken; only its record goes through the list.
//
// Handles in a message are counted as flights while it is in the queue. Those steps are more than one store: the position of the
// record is noted in pendingPut or pendingGet meanwhile, and how many are done in a word of the record's chunk, from which
// recovery finishes or undoes them.
//
// The cell: W[0] tail, W[1] head, W[2] the largest number of messages (0: no limit), W[3] pendingPut, W[4] pendingGet, W[5] the state (see
// queueState). F[0] and F[1] are the gates "not empty" and "not full", F[2] and F[3] the locks of the tail and the head.
//
// # Who may write what, and what a death leaves
//
// Under the tail lock: W[0], W[3], the memory beyond the tail, the link of the last chunk, chunks in the putter's hand. A
// death with W[0] not yet stored: the message was not put; its flights are dropped, chunks that it was to use go
// back (by hand or, where they were placed already, by recovery). With W[0] stored: it was put; at most the new last chunk is still in
// the dead's hand and is placed.
//
// Under the head lock: W[1], W[4]. A death with W[1] not yet stored: the message was not got; chunks that were grabbed are placed
// again. With W[1] stored: it was got, the rest of its flights are dropped, and its chunks, in the dead's hand, go back.
type Queue struct {
	object
	a        *arena.Arena
	max      uint32 // messages at most, maxLen if there is no limit
	joinable bool   // never changes
}

// maxLen is how many messages a queue can have at all: one less than sequence numbers tell apart.
const maxLen = seqMask

// Msg is a message. Its handles are retained for the member that got it.
type Msg struct {
	Data    []byte
	Handles []arena.Handle
}

// Release gives the message's handles back, once their objects have been opened, which takes references of its own.
func (msg *Msg) Release(m *arena.Member) {
	for _, h := range msg.Handles {
		m.Release(h)
	}
	msg.Handles = nil
}

// NewQueue makes an empty queue for up to maxsize messages, or as many as memory holds if maxsize is 0 or less. It returns an
// error if the arena is full.
func NewQueue(m *arena.Member, maxsize int) (*Queue, error) { return newQueue(m, maxsize, 0) }

func newQueue(m *arena.Member, maxsize int, state queueState) (*Queue, error) {
	h, c, err := m.NewCell(arena.KindQueue)
	if err != nil {
		return nil, err
	}
	q := &Queue{a: m.Arena()}
	q.init(m, h, c)
	c.W[2].Store(uint64(max(0, min(maxsize, maxLen))))
	c.W[5].Store(uint64(state))
	q.readLimits()
	ch, err := takeZeroed(m, h, recordsStart)
	if err != nil {
		q.Close()
		return nil, err
	}
	start := makePosition(ch, recordsStart, 0)
	c.W[0].Store(uint64(start))
	c.W[1].Store(uint64(start)) // last: a queue without a head was never finished
	m.Place(ch, h)
	return q, nil
}

// OpenQueue opens the queue h for m. It returns arena.ErrStale or arena.ErrKind if h names no queue.
func OpenQueue(m *arena.Member, h arena.Handle) (*Queue, error) {
	q := &Queue{a: m.Arena()}
	if err := q.open(m, h, arena.KindQueue); err != nil {
		return nil, err
	}
	q.readLimits()
	return q, nil
}

// readLimits reads what never changes.
func (q *Queue) readLimits() {
	q.joinable = q.state()&stateJoinable != 0
	q.max = uint32(q.c.W[2].Load())
	if q.max == 0 {
		q.max = maxLen
	}
}

// Max is the largest number of messages in the queue; 0 if there is no limit.
func (q *Queue) Max() int {
	if q.max == maxLen {
		return 0
	}
	return int(q.max)
}

// Len is the number of messages in the queue at some moment of the call; 0 after Close. It does not block.
func (q *Queue) Len() int {
	if q.closed.Load() {
		return 0
	}
	defer runtime.KeepAlive(q)
	head := q.head()
	for range 10 {
		tail := q.tail()
		again := q.head()
		if again == head {
			return int(tail.from(head))
		}
		head = again
	}
	// Busy getters: the tail may belong to a later moment than head, so this is at most too much, never below 0.
	return int(min(q.tail().from(head), q.max))
}

func (q *Queue) tail() position { return position(q.c.W[0].Load()) }
func (q *Queue) head() position { return position(q.c.W[1].Load()) }
func (q *Queue) empty() bool    { return q.head() == q.tail() }

// ready is whether a Get would not wait: there is a message, or never will be.
func (q *Queue) ready() bool { return !q.empty() || q.state()&(stateMute|stateShut) != 0 }

// roomy is whether a Put would not wait: there is room, or never will be.
func (q *Queue) roomy() bool { return !q.full() || q.state()&stateShut != 0 }

// full must be asked with the head read first: seen from an older head the queue is at most longer.
func (q *Queue) full() bool {
	head := q.head()
	return q.tail().from(head) >= q.max
}

func (q *Queue) notEmpty() gate { return gate{&q.c.F[0]} }
func (q *Queue) notFull() gate  { return gate{&q.c.F[1]} }
