// Package prim has the primitives that a family's processes share, as Go types: [Lock], [RLock], [Semaphore], [Event],
// [Condition], [Barrier], [Queue], [PipeEnd], [Shared] and [Segment]. It knows nothing of scripts.
//
// # Concepts
//
// A primitive is a cell of the arena: six 64-bit words W, four 32-bit words F that may be waited on, and perhaps chunks. What
// the words mean stands with each type. A Go value such as a *Lock is one member's counted reference to the cell; it is made
// with NewX, or with OpenX from a handle, and given back with Close. The Go values have no state that matters: two of them
// for one cell, in one process or in several, are the same lock.
//
// Calls that may wait take an [Opt]. They first try without a system call, then spin a little, and then sleep, with the slot's
// wait record set. Opt.Park and Opt.Pos are called only by those that come to sleep.
//
// # Sleepers
//
// All primitives find out in the same way whether a release must make a system call: a bit in the word that is slept on says that somebody
// may sleep. A sleeper sets it before it sleeps. Who wakes clears it, and wakes one. The one that is woken sets it again,
// whatever it does next, since others may sleep on; and if it leaves something behind that another could have, it wakes the next. So
// the bit is never clear while somebody sleeps and nobody is on the way to set it. Each word's comment says how (owner words,
// semaphores, gates; an event wakes exactly those that it means, and a condition makes them sleepers of its lock).
//
// # Death
//
// A process may be killed between any two instructions. What it leaves, and who puts it right:
//
//   - A Lock or RLock that it had: the reaper frees it, with a warning.
//   - Permits of a bounded semaphore: given back, from a ledger in the cell. Those of a plain one are lost.
//   - Its place in the line of a condition: struck. If it had been notified and did not have its lock back yet, the notification goes to
//     the next in line.
//   - Its wait at a barrier: the barrier is broken, and the errors of the others name it.
//   - A queue: a message is put by the store of the tail word and got by the store of the head word. Whatever else was in
//     hand is finished or undone; see [Queue].
//   - An end of a pipe that nobody else has: it hangs up, and the other end reads what there is and then the end of file. What was on its way
//     to the dead goes.
//   - A message of a joinable queue that it had taken and not finished: stays unfinished.
//   - A wake that it owed to others, or had received and not used: the arena wakes all who sleep on the words F of each object
//     that the dead had. Waiters look again after every wake, so one too many does no harm.
//
// Recovery waits for no lock: the holder may be dead too. Where a live process may be at work in what must be recovered, the
// work is left to it (section).
//
// # Caveats
//
// A semaphore or an event does not know its owner, so a family of processes that lost one while it was to release a plain
// semaphore waits for ever. Fairness is not promised: whoever comes at the right time may take a lock before those that sleep. Only
// a condition has a line.
//
// Lock order: Queue's end locks and a section's lock -> arena.Member.mu -> Cell.life. No call holds two of the first kind, and none is held
// while a script's lock is waited for.
package prim
