package mp

import (
	"os"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Host is what mp needs of the interpreter around it. mp starts processes, moves values and blocks; running script
// code, exceptions, classes and tracebacks belong to the interpreter.
//
// All methods may be called from any goroutine unless they say otherwise.
type Host interface {
	// Codec is the codec that knows the wire forms of this runtime's values.
	Codec() *wire.Codec

	// SetMaxSteps is thread.SetMaxExecutionSteps.
	SetMaxSteps(thread *starlark.Thread, n uint64)

	// Call calls fn in thread. The caller has the script lock.
	Call(thread *starlark.Thread, fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)
	// NewThread makes a thread for script code that mp runs itself: a child's main function, a callback, a server.
	// It carries a *Cancel under CancelKey.
	NewThread(name string) *starlark.Thread
	// Partake tells that by, which has the script lock, has started thread, which has not run yet and ends with what by is part of.
	Partake(thread, by *starlark.Thread)
	// Enter takes the script lock for thread, Leave gives it up. Script code runs only between them.
	Enter(thread *starlark.Thread)
	Leave(thread *starlark.Thread)
	// Block runs f, which may block, without the script lock. The caller has it, before and after.
	Block(thread *starlark.Thread, f func())
	// Interruptible makes thread the one that Interrupt interrupts; nil for none. It reports whether the thread before it had an
	// interrupt that it has not seen.
	Interruptible(thread *starlark.Thread) (unseen bool)
	// Interrupt raises KeyboardInterrupt in that thread, wherever it is. It reports false if there is none.
	Interrupt() bool
	// Current is the thread that has the script lock, for operators, which go.starlark.net calls without a thread.
	Current() *starlark.Thread
	// Pending makes err surface at the script's next step, for operators that cannot return an error.
	Pending(err error)
	// Repr is repr(v) in a script.
	Repr(v starlark.Value) (string, error)
	// Augmented reports whether the operator that thread is at is an assignment as well, such as +=, which go.starlark.net
	// does not tell.
	Augmented(thread *starlark.Thread) bool
	// Pos says where thread is, as file:line.
	Pos(thread *starlark.Thread) string

	// NewClass makes a class whose methods may be *starlark.Builtin (self is their first argument), whose class
	// methods are values with ClassMethod() and whose properties are values with Get(self) and Set(self, v). It is a ClassValue.
	NewClass(name string, bases []starlark.Value, attrs starlark.StringDict) (starlark.Value, error)
	// NewModule makes a module whose members make is asked for when the first of them is. It belongs to what holds the script
	// lock.
	NewModule(name string, make func() starlark.StringDict) starlark.Value
	// Exception returns an exception class by its qualified name, such as "ValueError" or "queue.Empty".
	Exception(class string) starlark.Value
	// FromError returns the exception object that a script would see for err; ToError the error that raises it.
	FromError(err error) starlark.Value
	ToError(exc starlark.Value) error
	// ExitStatus interprets err as SystemExit: the status to exit with and a line for standard error, "" for none.
	// ok is false for any other error.
	ExitStatus(err error) (code int, message string, ok bool)
	// Traceback formats err as an uncaught error is shown, ending in a newline.
	Traceback(err error) string

	// CPUCount is the number of processors that the system has, as os.cpu_count().
	CPUCount() int

	// LimitMemory makes the collector work harder where the process has more memory than n bytes.
	LimitMemory(n int64)

	// Argv is the script's own argument list, which children see as sys.argv; SetArgv sets it in a child. Both are called with the
	// script lock held.
	Argv() []string
	SetArgv(argv []string)
	// Stdio returns the files that a child has as its standard output and standard error.
	Stdio() (stdout, stderr *os.File, err error)
	// Surroundings are what children take over of the working directory and the environment: "" and nil if the script has
	// changed nothing. SetSurroundings sets them in a child. Both are called with the script lock held.
	Surroundings() (dir string, env []string)
	SetSurroundings(dir string, env []string) error
	// Stderr writes text to the process's standard error in one write.
	Stderr(text string)
	// StderrColumns is the width of the terminal that standard error is, 0 if it is none that can move its cursor.
	StderrColumns() int
}

// Instance is what mp sees of an instance of a class made by Host.NewClass.
type Instance interface {
	starlark.Value
	// Native is the Go state that mp keeps in the instance, nil before __init__.
	Native() any
	SetNative(any)
	// ClassName is the name of the instance's class, which for a subclass of Process names its processes.
	ClassName() string
	// Class is that class, a ClassValue.
	Class() starlark.Value
}

// ClassValue is what mp sees of a class, made by Host.NewClass or by a script. Its methods need the script lock.
type ClassValue interface {
	starlark.Callable
	// Lookup returns an attribute as it is stored in the class or its bases, Own one of the class alone; nil for none.
	Lookup(name string) starlark.Value
	Own(name string) starlark.Value
	// Put sets an attribute, of a class made by NewClass too.
	Put(name string, v starlark.Value)
	Derives(base starlark.Value) bool
	// Derive makes a class that travels with its attributes, as a script's do.
	Derive(name, module string, attrs starlark.StringDict) (starlark.Value, error)
}

// Cancel interrupts blocking operations: after its method Cancel each wait of a thread that carries it under
// CancelKey ends with ErrInterrupted, until Reset.
type Cancel = futex.Cancel

// CancelKey is the thread-local key under which a thread carries its *Cancel.
const CancelKey = "starmp.cancel"
