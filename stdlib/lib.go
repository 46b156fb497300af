package stdlib

import (
	"errors"
	"io"
	"io/fs"
	"time"
	"weak"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Config is what a Lib needs from the interpreter around it. Only Current is needed by every script; a nil Call,
// Uncancel or Traceback has the default that its comment names, a nil writer discards, and a nil Sleep, Wait
// or Block just sleeps, waits or calls.
type Config struct {
	Argv           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Executable     string // sys.executable
	Version        string // sys.version

	// Call calls fn on thread. Default: starlark.Call.
	Call func(thread *starlark.Thread, fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

	// Current returns the thread that holds the script lock, or nil outside any script. go.starlark.net calls special
	// methods (String, Truth, Hash ...) without a thread; they run on this one.
	Current func() *starlark.Thread

	// Augmented reports whether the operator that the current thread is at belongs to an assignment like x += y. Default: never.
	Augmented func() bool

	// Sleep sleeps interruptibly and gives up the script lock meanwhile.
	Sleep func(thread *starlark.Thread, d time.Duration) error

	// Wait waits, interruptibly and without the script lock, until done is closed or d has passed; a negative d is for ever.
	Wait func(thread *starlark.Thread, done <-chan struct{}, d time.Duration) error

	// Logger returns the logger "multiprocessing". Default: one like all others.
	Logger func() starlark.Value

	// Block gives up the script lock around f.
	Block func(thread *starlark.Thread, f func())

	// Uncancel is called in place of thread.Uncancel where a cancellation with that reason has been turned into an
	// exception. It must keep an interrupt that arrived since. Default: thread.Uncancel.
	Uncancel func(thread *starlark.Thread, reason string)

	// Traceback returns the text of an error's call stack, in lines, outermost frame first; "" for an error without one.
	// Default: Frames.
	Traceback func(err error) string

	// ProcessName is the name of this process in the tracebacks that leave it. Default: "MainProcess".
	ProcessName func() string

	// ClassID returns an ID for a class that no other process of the family uses. Default: a counter, for a family of one.
	ClassID func() string

	// Environment returns what every script finds without loading it, for help and dir. Default: Predeclared.
	Environment func() starlark.StringDict
	Help        fs.FS // more texts for help, as in help_text.go; may be nil

	// Caller is the innermost call of a script's function in thread, which calls the built-in that asks; the zero value if there is none. Names are
	// the names that the function has there, in any order.
	Caller func(thread *starlark.Thread) Caller
	Names  func(thread *starlark.Thread) []string

	// Locate gives err the call stack of thread, unless it has one.
	Locate func(thread *starlark.Thread, err error) error

	// Hurry makes thread see soon that it was cancelled.
	Hurry func(thread *starlark.Thread)

	Getpid, Getppid func() int
	// Interrupt is told before os.kill sends SIGINT, and reports whether that is done already. It may be nil.
	Interrupt func(pid int) (done bool)
	// Settle returns when the signals that this process has got by now are acted on: a program that Ctrl-C has ended must not let
	// the script go on as if nobody had pressed it. It may be nil.
	Settle func()
	// MayStart and MaySignal say why the script may not start a program, or send a signal to pid. They may be nil: it may.
	MayStart  func() error
	MaySignal func(pid int) error
}

// Caller is a call of a script's function that is under way.
type Caller struct {
	Callable starlark.Callable
	Name     string
	Pos      syntax.Position
}

// Lib is the script library of one runtime: its built-ins, classes and modules. It has no state outside itself, so
// several may live in one program. All its methods are for the goroutine that holds the script lock, unless said
// otherwise.
type Lib struct {
	cfg Config

	version     uint64            // counts changes of any class; caches of lookups hold for one version
	object      *Class            // the root of all classes
	base        *Class            // BaseException
	result      *Class            // the class of what try_ returns
	excs        map[string]*Class // exception classes by qualified name
	ids         classTable        // classes that travelled, by ID
	pending     pendingErrors
	callers     callerCache
	hooks       int            // special methods being called
	objectInit  starlark.Value // object.__init__
	notImpl     starlark.Value
	streams     *stdStreams
	osPath      *Module
	argv        *starlark.List // sys.argv
	env         *starlark.Dict // os.environ, once asked for
	moved       bool           // os.chdir was called, here or before in the parent
	predecl     starlark.StringDict
	mods        starlark.StringDict
	logs        *logs    // of the module logging, once made
	made        []func() // called when a module has made its members
	patterns    map[reKey]*pattern
	csvDialects map[string]*csvDialect                  // registered ones
	csvLimit    int                                     // of a field
	tupleTypes  map[string]weak.Pointer[namedTupleType] // those that travelled, by ID
	help        helpCache
}

// New returns the library for one runtime. Every process pays for it at its start (BenchmarkNew).
func New(cfg Config) *Lib {
	l := &Lib{cfg: cfg, notImpl: &notImplemented{}}
	l.setDefaults()
	if l.cfg.Environment == nil {
		l.cfg.Environment = l.Predeclared
	}
	l.makeObject()
	l.makeExceptions()
	l.makeResult()
	return l
}

func (l *Lib) setDefaults() {
	c := &l.cfg
	if c.Call == nil {
		c.Call = starlark.Call
	}
	if c.Current == nil {
		c.Current = func() *starlark.Thread { return nil }
	}
	if c.Stdin == nil {
		c.Stdin = eofReader{}
	}
	if c.Stdout == nil {
		c.Stdout = io.Discard
	}
	if c.Stderr == nil {
		c.Stderr = io.Discard
	}
	if c.Caller == nil {
		c.Caller = plainCaller
	}
	if c.Hurry == nil {
		c.Hurry = func(*starlark.Thread) {}
	}
	if c.Locate == nil {
		c.Locate = plainLocate
	}
	if c.Names == nil {
		c.Names = func(*starlark.Thread) []string { return nil }
	}
	if c.Augmented == nil {
		c.Augmented = func() bool { return false }
	}
	if c.Sleep == nil {
		c.Sleep = func(_ *starlark.Thread, d time.Duration) error { time.Sleep(d); return nil }
	}
	if c.Wait == nil {
		c.Wait = waitPlainly
	}
	if c.Block == nil {
		c.Block = func(_ *starlark.Thread, f func()) { f() }
	}
	if c.Uncancel == nil {
		c.Uncancel = func(thread *starlark.Thread, _ string) { thread.Uncancel() }
	}
	if c.Traceback == nil {
		c.Traceback = Frames
	}
	if c.ProcessName == nil {
		c.ProcessName = func() string { return "MainProcess" }
	}
	if c.ClassID == nil {
		c.ClassID = l.nextID
	}
	if c.Getpid == nil {
		c.Getpid = func() int { return 0 }
	}
	if c.Getppid == nil {
		c.Getppid = func() int { return 0 }
	}
}

// waitPlainly is the default of Config.Wait.
func waitPlainly(_ *starlark.Thread, done <-chan struct{}, d time.Duration) error {
	if d < 0 {
		<-done
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
	return nil
}

// eofReader is the standard input of a runtime that has none.
type eofReader struct{}

func (eofReader) Read([]byte) (int, error) { return 0, io.EOF }

// Predeclared returns what every script finds without loading it: built-ins, classes and modules. The caller must
// not change the result. Go code adds what it owns (multiprocessing) to a copy.
func (l *Lib) Predeclared() starlark.StringDict {
	if l.predecl == nil {
		l.predecl = starlark.StringDict{}
		for _, d := range []starlark.StringDict{l.coreBuiltins(), l.builtins(), l.moduleTable()} {
			for name, v := range d {
				l.predecl[name] = v
			}
		}
	}
	return l.predecl
}

// Module returns the module with that name, or nil.
func (l *Lib) Module(name string) starlark.Value {
	if v, ok := l.moduleTable()[name]; ok {
		return v
	}
	return nil
}

func (l *Lib) moduleTable() starlark.StringDict {
	if l.mods == nil {
		l.mods = starlark.StringDict{} // modules may come back here
		l.mods = l.modules()
	}
	return l.mods
}

// plainCaller is Config.Caller where go.starlark.net runs the scripts.
func plainCaller(thread *starlark.Thread) Caller {
	for depth := range thread.CallStackDepth() {
		if fn, ok := thread.DebugFrame(depth).Callable().(*starlark.Function); ok {
			return Caller{fn, fn.Name(), thread.DebugFrame(depth).Position()}
		}
	}
	return Caller{}
}

// plainLocate is Config.Locate there.
func plainLocate(thread *starlark.Thread, err error) error {
	if e := (*starlark.EvalError)(nil); errors.As(err, &e) {
		return err
	}
	// Only a call makes an EvalError with a cause.
	_, err = starlark.Call(thread, starlark.NewBuiltin("special method", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		return nil, err
	}), nil, nil)
	return err
}
