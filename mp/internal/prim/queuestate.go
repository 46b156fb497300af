package prim

import "github.com/starmp/starmp/mp/internal/arena"

// queueState is the state word of a queue, W[5]. It changes by compare-and-swap and bit operations, each of which leaves it whole.
//
//	bits 0..26 finished: for how many messages TaskDone was called, modulo 1<<27 as sequence numbers are
//	bit 27 shut: Shutdown was called
//	bit 32 joinable: TaskDone and Join are for use; set by NewJoinable, for ever
//	bit 33 joiners: somebody may sleep in Join; cleared by whoever finishes the last message
//	bit 34 deaf: nobody is left who could get
//	bit 35 mute: nobody is left who could put
//	bits 36..63 rounds: how often the last unfinished message was finished
//
// Deaf and mute are set by the end of a pipe that nobody has any more; see PipeEnd.
type queueState uint64

const (
	stateShut     = 1 << 27
	stateJoinable = 1 << 32
	stateJoiners  = 1 << 33
	stateDeaf     = 1 << 34
	stateMute     = 1 << 35
	stateRound    = 1 << 36 // one round
)

func (q *Queue) state() queueState { return queueState(q.c.W[5].Load()) }

// swapState replaces the state and reports whether it still was old.
func (q *Queue) swapState(old, to queueState) bool {
	return q.c.W[5].CompareAndSwap(uint64(old), uint64(to))
}

// unfinished is how many of the messages put before tail are not finished.
func (s queueState) unfinished(tail position) uint32 { return (tail.seq() - uint32(s)) & seqMask }

// round is the number of rounds that are over.
func (s queueState) round() uint64 { return uint64(s) / stateRound }

// drain takes the messages out of a queue that is deaf: what they carry must not stay. It waits for nobody: somebody else
// at the head is draining too, or puts and will drain.
func drain(m *arena.Member, c *arena.Cell) {
	for lock := &c.F[3]; c.W[1].Load() != c.W[0].Load() && m.TryLock(lock); m.Unlock(lock) {
		dropHead(m, c)
	}
}

// dropHead takes the message at the head out, if there is one, as Get does but for nobody. The caller has the head lock, or
// the queue for itself.
func dropHead(m *arena.Member, c *arena.Cell) {
	head := position(c.W[1].Load())
	if head == position(c.W[0].Load()) {
		return
	}
	a := m.Arena()
	r, skipped := readRecord(a, head)
	consume(m, c, head, &r, skipped, r.handleList(a))
	if skipped != 0 {
		m.GiveChunk(skipped)
	}
	if r.kind == largeRecord {
		giveChain(m, r.first)
	}
}
