// Package arena is the shared memory of a family of processes: who is in it, which objects exist, who has them, and the memory
// they are made of. It knows nothing of what the objects do; kinds plug in with [RegisterKind].
//
// # Concepts
//
// An [Arena] is a piece of memory that all members map. It has a table of processes ([Slot]), a table of objects ([Cell],
// named by a [Handle]) and chunks of 64 KiB for what does not fit a cell. A [Member] is this process in the arena.
//
// An object lives as long as a process or a message on its way has it. Each process counts its own uses in its own memory
// ([Member.Retain], [Member.Release]) and shows one bit to the others; messages are counted in the cell ([Member.AddFlight],
// [Member.DropFlight]). Whether an object is dead is decided under the cell's life lock, and whoever
// finds it dead frees it. A queue that is in a message in itself is not found: it stays until the family ends.
//
// # Death
//
// A process may die between any two instructions. So everything that it may have in its hands names it: a lock word holds
// its slot, a cell that is being made or freed and a chunk that is in no structure do too. Its parent calls [Member.Reap], which
// walks the tables and puts right what stands in the dead's name. The rules that make this work:
//
//   - The state of a thing is one word, and changes by one store or compare-and-swap.
//   - Two words that must agree (a flight count and the mark that it was counted) have an undo record around the change.
//   - A chunk that is reachable from a structure is Placed, or in the hand of a process that holds the kind's lock: link, then
//     [Member.Place]; [Member.Grab], then unlink. A chunk that is Placed is reachable. Recover restores both.
//   - A step of a recovery leaves the dead's name in place until the step is done, so a reaper may die as well: its own
//     reaper starts over.
//   - A wake that the dead owed, or received and did not use, is given again by the reaper: at lock words of Lock from
//     a note in the slot, at a kind's F words for every object that the dead had.
//
// Memory that must be in one piece is a run of chunks, taken from the end of the chunks, away from the single ones ([Member.TakeRun]). Each
// of its chunks has its own state, so a death leaves nothing more to do than with single chunks.
//
// What finds free cells and chunks quickly are hints; a death may leave them wrong, the states never.
//
// # Locks
//
// Member.mu -> Cell.life. The life lock is the innermost lock of the family: nothing is waited for while it is held.
// Kinds' own lock words (by [Member.Lock]) are taken before either.
//
// # Caveats
//
// Locks here are for short critical sections: they take no timeout. A member that is stopped (SIGSTOP) inside one stops
// those who need it. Memory that the system cannot provide when a page is first touched ends the process that touched it.
// [Arena.Close] unmaps: no pointer into the arena may be used after it.
package arena
