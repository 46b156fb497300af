// Package mp is the multiprocessing module: processes, queues, locks, events, conditions, semaphores, managers and pools
// for Starlark scripts, as in CPython's package of that name.
//
// # Concepts
//
// A family is a root process and all processes started below it. They share one arena (package internal/arena), memory
// that every member maps: shared objects are cells in it, messages are bytes in it. A [Runtime] is one process's part of
// the family. Values travel as msgpack (package wire), functions and classes as source (package ship). The interpreter is
// reached through [Host] only; this package runs no script code by itself.
//
// A child is the same executable started again: [Child], called first thing in main, recognises it. It inherits the
// arena and one end of a control socket. The parent encodes all that the child needs, puts it into the child's inbox, a
// queue in the arena, and sends one byte through the socket. After that the socket carries nothing: its end of file tells
// each side that the other is gone. Idle children that wait for that byte, spares, are started ahead of need.
//
// # Invariants
//
//   - Nothing starts before everything that it needs has been encoded: an unsendable argument is an error of start().
//   - A message that put() has returned for is in shared memory: it outlives its sender.
//   - Every process is buried by its parent (waited for, its slot recovered and freed) or, if the parent died, by
//     whoever buries the parent. What the dead one owned is given back then, with one warning for each thing.
//   - Orphans end by themselves as soon as their parent's socket has ended, so nothing outlives the root.
//
// # Locks
//
// The script lock, which [Host.Enter] takes, serialises script code and everything marked as guarded by it. Below it come,
// in this order and never the other way round:
//
//	script lock -> child.mu -> pool.mu -> Runtime.mu
//	script lock -> threads.mine
//	script lock -> spares.mu
//	script lock -> links.mu
//	script lock -> listening.mu -> Runtime.mu
//	script lock -> parcels.mu
//	script lock -> listening.mu -> sharing.mu
//
// The locks of the arena are innermost. No lock of this package but the script lock is held while script code runs; none
// is held in a wait, except child.mu, which serialises the wait for a process that is known to have ended.
//
// # Caveats
//
// A cycle of references through the arena (a queue that holds a message with the queue itself) is not collected before
// the root ends. Starlark values are copied when they are sent: a change of the copy is not seen by the sender, except
// through a manager's proxies.
package mp
