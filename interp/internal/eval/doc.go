// Package eval runs Starlark, faster than go.starlark.net's interpreter does. The parser, the resolver, the values and the operations on them are
// go.starlark.net's; what a program prints and how it fails are the same (TestRandomPrograms).
//
// # How it works
//
// A resolved syntax tree is compiled to Go closures, one for each expression and statement, when a function is called for the first time. What the
// compiler knows is decided then and not at each execution: which variable a name is, that an operand is a constant, that a loop counts through a
// range. Numbers within a larger expression stay Go's int64 and float64 (arith.go) and become values, which may need memory, at its end.
//
// A call of a script's function by another one takes a frame from the thread's own stack, and arguments are evaluated where the callee has its
// local variables. starlark.Call is for whoever else calls a Function, and for built-ins that may look at the thread's calls (builtin.go).
//
// # Errors
//
// An expression returns nil where it fails; the error is in the thread then. It is a *starlark.EvalError with the positions of all calls that were under
// way, as go.starlark.net makes them (stack.go). Where a running thread is, Caller and Stack say: calls that are under way note their positions.
//
// # Steps and cancellation
//
// Each statement, turn of a loop and call is a step. go.starlark.net keeps to itself whether a thread was cancelled and how many steps it may take: so
// after some steps the thread calls a function there that does nothing, and that looks. Hurry and SetMaxSteps have it look earlier.
//
// # Concurrency
//
// A thread runs on one goroutine at a time, and functions of one module in one thread at a time, as the script lock of package interp sees to. Compiling may
// happen on several at once.
package eval
