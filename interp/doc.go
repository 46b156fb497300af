// Package interp is the interpreter around go.starlark.net: it runs scripts, gives them their environment, shows their
// errors, and ties the script library (package stdlib) and multiprocessing (package mp) together. It is the starmp
// command, except for a main function, and what a Go program uses to let its own scripts start processes, or to run scripts that it does
// not trust in processes with limits.
//
// # In a Go program
//
// A child process is the program itself, started again. So the first thing in main is [Child], which returns at once in the program, and
// runs the child's part and never returns in a child:
//
//	func main() {
//		interp.Child()
//		rt, err := interp.New(interp.Options{Stdout: os.Stdout, Stderr: os.Stderr})
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer rt.Close()
//		globals, err := rt.ExecFile(ctx, "script.star")
//		...
//		v, err := rt.Call(ctx, globals["f"], starlark.Tuple{starlark.MakeInt(1)}, nil)
//	}
//
// A program that forgets it is told so by the first script that wants to start a process; none is started.
//
// There are three ways to use it, and they go together:
//
//   - A [Runtime] runs scripts of the whole dialect, with classes, exceptions and modules: [Runtime.ExecFile], [Runtime.Exec], [Runtime.Eval] and
//     [Runtime.Call], each until its context ends. They run in this process; [Options] say what they find and may do.
//   - A [Pool] calls functions of scripts in worker processes: on all processors, apart from this one, within [Limits].
//     [Pool.Exec] runs whole scripts there, of which nothing then runs in this process.
//   - A program that runs its scripts with go.starlark.net itself puts [Runtime.Multiprocessing] into their environment.
//
// The programs in example_embed, example_rules, example_server and example_batch show all of them.
//
// # Built-ins and types of the program
//
// What the program gives its scripts is either in Options.Predeclared or in a [Setup]. The first is for values: a function that runs
// in another process finds a copy of those that it reads. The second is for functions written in Go, and for types: they are made in
// each process, and travel by name. A type says in its wire form how its values travel. Several setups, and runtimes with different ones, may be in one
// program. A panic in them is the program's own: here it passes through the call of this package, and in another process it ends that process,
// with its trace on Options.Stderr; who waits for a task gets a WorkerLostError that says what it was.
//
// # Limits
//
// The limits of a pool are kept by the workers themselves, and by the system where that can be. A task that exceeds one ends, and its
// caller gets a [LimitError] that names the limit and the script's line. A script cannot catch it. Where the system has refused memory, the
// process has died of it: then the line is the one where the script was shortly before, and a new worker takes its place. What it printed
// as it died is not shown. A worker that cannot keep its limits on time, because it was stopped or hangs, is ended by the program. Shared memory, of which queues and arrays are made, is limited for the family, by Options.SharedMemory.
//
// A result, which is copied, may need as much memory here as it did in the worker.
//
// Limits keep a script from using too much, and from sending signals to other processes than its own. What it may see is another matter: Setup.Omit
// takes away what scripts that are not trusted should not have, [SystemNames] before all, and Modules the files that load() finds. A script that may
// open any file, such as those of /proc, is as powerful as the program.
//
// # Evaluation
//
// Scripts are parsed and resolved by go.starlark.net and made of its values, but run on an evaluator of this package's own, which is two to six times
// as fast (scripts/bench). Their functions are [starlark.Callable] and not [*starlark.Function]; starlark.Call calls them, in any thread of go.starlark.net's, and a
// built-in of the program finds its callers in the thread's call stack as it would there. A step, of which limits speak, is a statement, a turn of a
// loop or a call. A cancelled thread ends within 512 of them. Functions that the program has go.starlark.net run, see [Runtime.Multiprocessing], stay
// as they are here, and run on this evaluator in other processes.
//
// # Errors
//
// A file that can't be compiled gives a [SyntaxError] with everything that is wrong with it. An error of a running
// script is an [Error], with the exception's class and a [Traceback], outermost frame first; errors.Is and errors.As find its
// cause. The starmp command prints an uncaught one in one write, what happened in other processes included, and ends with status 1.
//
// # Threads
//
// Within a process one Starlark thread of a runtime runs at a time. A thread takes the script lock before it runs a script and gives it
// up while it blocks, and every so many steps if somebody waits; threads get it in the order in which they asked. All
// state that scripts can see is guarded by it: values, loaded modules, functions that travelled. So all methods here may be called from
// any goroutine, while values that scripts may change are the caller's to guard: results of calls, as they are, and globals that are not frozen.
// Several runtimes have nothing in common and run side by side. A built-in of the program runs with the lock; one that takes long brackets that
// part with [Runtime.Leave] and [Runtime.Enter]. So does one that calls methods of the same runtime, or of its pools: those wait for the lock. To
// call a function of the script it uses starlark.Call with the thread that it was given.
//
// Ctrl-C, in the command, cancels the main thread and whatever it waits for. The error that this causes is a KeyboardInterrupt, and once
// a script has seen it as an exception, the thread runs on. The end of a context is no exception.
//
// # The host is left alone
//
// Nothing process-wide is touched: signals, limits, subreaper and the collector are the program's, except in the children, which are
// this package's own; [TuneGC] is what the command does about the collector. What children print comes to the program's writers. Children do not
// outlive the program, even if it is killed, and none is left after [Runtime.Close].
//
// # Compatibility
//
// The exported names of this package, of mp/wire for types, and what their comments promise stay as they are within a major version; fields may be added to
// structs, which should be written with field names. Texts of messages may change, classes of exceptions do not. What a family's processes say to each other
// is for one executable only, and may change at any time. Package mp says which of its names stay.
//
// # Caveats
//
// In the REPL each chunk is a file of its own. Functions see later changes of the globals they read, but one that
// calls itself by its own name goes on calling itself when the name is redefined.
package interp
