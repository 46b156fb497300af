// Package interp is the interpreter around go.starlark.net: it runs scripts, gives them their environment, shows their
// errors, and ties the script library (package stdlib) and multiprocessing (package mp) together. It is the starmp
// command, except for a main function, and what a Go program uses to let its own scripts start processes.
//
// # The pieces
//
// A [Runtime] is one interpreter. It implements mp.Host, through which mp calls back into scripts. [Main] adds to it what makes a
// command: arguments, signals, exit statuses, and a REPL. [Child] is the same for a child process.
//
// # Threads
//
// Within a process one Starlark thread runs at a time. A thread takes the script lock before it runs a script and gives it
// up while it blocks, and every so many steps if somebody waits; threads get it in the order in which they asked. All
// state that scripts can see is guarded by it: values, loaded modules, functions that travelled.
//
// Ctrl-C cancels the main thread and whatever it waits for. The error that this causes is a KeyboardInterrupt, and once
// a script has seen it as an exception, the thread runs on.
//
// # Errors
//
// A file that can't be compiled gives a [SyntaxError] with everything that is wrong with it. An error of a running
// script has a [Traceback], outermost frame first. An uncaught one is printed in one write, what happened in other processes
// included, and ends the script with status 1.
//
// # Embedding
//
// A Go program calls [Child] at the top of main and puts [Runtime.Multiprocessing] into the environment of its scripts; see the
// program in example_embed. Nothing process-wide is touched unless the program asks for it: signals and the collector are the
// host's, except in the children, which are this package's own. A script lock cannot be taken behind the host's back:
// if mp runs callbacks in goroutines of its own while the host's thread runs, the host brackets its calls with
// [Runtime.Enter] and [Runtime.Leave].
//
// # Caveats
//
// In the REPL each chunk is a file of its own. Functions see later changes of the globals they read, but one that
// calls itself by its own name goes on calling itself when the name is redefined.
package interp
