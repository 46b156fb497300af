// Package futex waits for a change of a 32-bit word and wakes those who wait, across processes that share the word's
// memory. Everything in the family that blocks on shared memory blocks here.
//
// # The protocol
//
// A waiter reads the word, decides that it must wait, and calls [Wait] with the value it read. Wait sleeps only while
// the word still has that value, so a change between the read and the sleep is never missed. A waker changes the
// word first and calls [Wake] second. Wait returns nil for every reason that is neither the deadline nor
// cancellation: woken, value differs, a signal, no reason at all; the caller reads its condition again.
//
// A waker must change the word: where there are no futexes (see below) the change is all that a waiter sees.
//
// A waker that has something which the woken one will want next, a lock, can [Move] the waiter to the word of that instead: it
// sleeps on until a Wake of that word, rather than wake up to sleep again.
//
// [WaitAny] is for those who wait for whichever of several words changes first.
//
// # Deadlines
//
// A [Deadline] is a point on the kernel's monotonic clock, so a loop of waits needs no arithmetic and time spent between
// them is not lost. The clock is the same for all processes of a machine.
//
// # Cancellation
//
// A [Cancel] ends waits from outside: Ctrl-C, a cancelled context. The canceller cannot change the word, which
// belongs to the other processes too, so a wake alone could come between the waiter's last look and its sleep.
// The waiter therefore registers its word before it looks at the cancel flag, and the canceller wakes the registered
// words again and again until their waiters have left. Waits for something else than a word take part by [Cancel.Notify].
//
// # Platforms
//
// Linux uses the futex system call in its shared form, and futex_waitv for several words; a kernel before 5.16, which has
// none, polls there. Elsewhere, and on Linux with the build tag starmp_portable, a
// wait polls the word with growing pauses of up to a few milliseconds, and Wake does nothing.
//
// The package holds no state in shared memory: a death in any of its functions leaves nothing behind. What the dead
// owed to others (a wake after a change, a wake it had received and not used) is the business of the package arena.
package futex
