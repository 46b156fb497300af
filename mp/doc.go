// Package mp is the multiprocessing module: processes, queues, locks, events, conditions, semaphores, managers and pools
// for Starlark scripts, as in CPython's package of that name.
//
// # In a Go program
//
// A program that runs its scripts with go.starlark.net gets the module from package interp, which has what a child process needs to run
// its part of a script, and puts it into their environment:
//
//	func main() {
//		interp.Child() // at the top of main: a child is this program, started again
//		rt, err := interp.New(interp.Options{Stdout: os.Stdout, Stderr: os.Stderr})
//		...
//		defer rt.Close()
//		env := starlark.StringDict{"multiprocessing": rt.Multiprocessing()}
//		globals, err := starlark.ExecFileOptions(opts, thread, "script.star", nil, env)
//
// The script's *starlark.Function values then are targets of processes and tasks of pools, in plain *starlark.Threads. A call that blocks gives way to
// a [Cancel] in its thread. The values that scripts get are of types of this package, [Queue], [Lock] and so on: a program can tell them
// apart, keep them, and call their methods as a script does, through Attr. What a program needs beside that is [Limits], [LimitError] and
// [PoolOptions], which package interp has as well. [Host] and the rest is for an interpreter around this package.
//
// # Compatibility
//
// Within a major version these stay as they are: [Limits], [Limit] and its constants, [LimitError], [PoolOptions], [MinMemory], [ErrClosed], [Cancel] and
// [CancelKey], and the names of the types of values. Fields may be added to structs, which should be written with field names. Host, Runtime,
// Workers and the functions that take or return them change together with package interp. What scripts see follows CPython 3.13.
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
// queue in the arena, and sends one byte through the socket. After that the socket carries no more than orders to the
// worker of a Go program's pool to stop a task, and what a limited child writes as it crashes: its end of file tells each side that the other is
// gone. Idle children that wait for that byte, spares, are started ahead of need.
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
//	lead.mu
//	script lock -> crew.feeding -> futures.mu -> callbacks.mu
//	crew.feeding -> threads.mine
//	script lock -> threads.mine
//	script lock -> spares.mu
//	script lock -> links.mu
//	script lock -> remotes.mu
//	remote.mu
//	script lock -> listening.mu -> Runtime.mu
//	script lock -> parcels.mu
//	script lock -> listening.mu -> sharing.mu
//
// The locks of the arena are innermost. No lock of this package but the script lock is held while script code runs; none
// is held in a wait, except child.mu, which serialises the wait for a process that is known to have ended.
//
// # What it does not do
//
// COMPATIBILITY.md lists the names of CPython's package, one by one. Of its own tests (test/_test_multiprocessing.py) testdata/mp/README.md says
// where the counterparts are. These have none:
//
//   - fork and forkserver, more than one start method: _TestQueue.test_fork, TestFlags, TestNoForkBomb, TestForkAwareThreadLock,
//     TestCloseFds, _TestProcess.test_child_fd_inflation and test_forkserver_*, TestStartMethod.test_preload_resources,
//     test_mixed_startmethod and test_nested_startmethod.
//   - what exists because something outlives a process: TestResourceTracker, TestNamedResource, the resource tracker's part of
//     _TestSharedMemory.
//   - the feeder thread of a queue: _TestQueue.test_queue_feeder_*; what cannot be sent is an error of put.
//   - pickle, descriptors by number and ctypes: _TestConnection.test_fd_transfer and the like, TestInvalidHandle, structures in
//     _TestSharedCTypes, _TestHeap, SemLockTests (classes written in Go have no subclasses).
//   - signal handlers, threads, destructors, atexit and streams of the script's own: TestIgnoreEINTR, _TestPollEintr, _TestAtExit,
//     _TestFinalize, _TestProcess.test_wait_for_threads, test_process_mainthread_native_id, test_lose_target_ref, test_error_on_stdio_flush_*,
//     TestStdinBadfiledescriptor.test_flushing, _TestPool.test_resource_warning.
//   - the interpreter's own: TestInternalDecorators, _TestQueue.test_no_import_lock_contention,
//     MiscTestCase.test_spawn_sys_executable_none_allows_import.
//
// # Caveats
//
// A cycle of references through the arena (a queue that holds a message with the queue itself) is not collected before
// the root ends. Starlark values are copied when they are sent: a change of the copy is not seen by the sender, except
// through a manager's proxies.
package mp
