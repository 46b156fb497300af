package interp

import (
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/starmp/starmp/interp/internal/eval"
	"github.com/starmp/starmp/mp"
	"github.com/starmp/starmp/mp/ship"
	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib"
	"go.starlark.net/starlark"
)

// Version is starmp's version, as scripts see it in sys.version.
const Version = "0.1.0"

// Limits are what scripts in other processes may use: Memory in bytes, at least 64 MiB; CPU and Time as durations; Steps of the interpreter;
// OpenFiles; Processes, negative for none; and Output in bytes. Zero fields do not limit. See [mp.Limits] for what each means.
type Limits = mp.Limits

// LimitError is the cause of an [Error] of a script that was ended because it used more than it may. Limit says of what, Max how much that was,
// and Pos where the script was, as file:line.
type LimitError = mp.LimitError

// Limit names one of the Limits, in a LimitError.
type Limit = mp.Limit

// The limits.
const (
	LimitMemory    = mp.LimitMemory
	LimitCPU       = mp.LimitCPU
	LimitSteps     = mp.LimitSteps
	LimitTime      = mp.LimitTime
	LimitOpenFiles = mp.LimitOpenFiles
	LimitProcesses = mp.LimitProcesses
	LimitOutput    = mp.LimitOutput
	LimitShared    = mp.LimitShared
)

// Options is what a Runtime gets from its surroundings.
type Options struct {
	Argv  []string  // sys.argv
	Stdin io.Reader // nil reads nothing; children read nothing

	// Stdout and Stderr take what scripts print, those in other processes included; nil discards. Children inherit an *os.File as it is;
	// what they write for any other writer comes through a pipe, and is passed on, from goroutines too, but never two Writes at a time.
	Stdout, Stderr io.Writer

	// Predeclared are names for scripts beside those of the dialect and of the Setup. A function that runs in another process finds a copy
	// there of what it reads, as of a global. Functions written in Go can't be copied: they belong into a Setup.
	Predeclared starlark.StringDict
	// Setup is the name of the [Setup], of those that Child was called with, that scripts have here and in all processes of the family.
	Setup string

	// Modules is where load() finds files, by path, relative to that of the file that loads; nothing outside can be loaded. Nil is the
	// system's files. Built-in modules are there in any case.
	Modules fs.FS

	// Clock is what scripts of this process see as time; nil is the setup's, or the system's. Other processes have the setup's.
	Clock Clock

	// MaxSteps is how many steps of the interpreter each call of ExecFile, Exec, Eval or Call may take here, with threads that it starts; 0 for
	// no limit. One more is a *LimitError. Each process that a script starts may take as many, and each task of its pools, if Limits says
	// nothing else.
	MaxSteps uint64
	// Limits are those of each process that scripts start, and of each task of the pools that they make; one that exceeds them fails with an
	// error that names the limit. A [Pool] has its own instead. What scripts use in this process cannot be limited but for its steps.
	Limits Limits
	// MaxProcesses is how many processes the scripts may have at a time, with all that these start; 0 for no limit but the
	// family's own, 1,024. Starting one more raises OSError.
	MaxProcesses int
	// SharedMemory is how many bytes the family may have in queues, arrays and the like; what needs more raises MemoryError. They are
	// taken as they are needed. 0 is half of the machine's memory, or what STARMP_ARENA says.
	SharedMemory int64
}

// Runtime is one interpreter: the environment and the modules of its scripts, the lock that lets one of its threads run at a
// time, and this process's part of a family of processes. It has no state outside itself but what Main and Child document.
type Runtime struct {
	opts  Options
	own   starlark.StringDict // of the Setup
	omit  []string            // of the Setup
	lock  scriptLock
	codec *wire.Codec
	lib   *stdlib.Lib
	clock Clock // nil for the system's
	eval  *evaluator
	mp    *mp.Runtime

	envOnce    sync.Once
	env        starlark.StringDict // predeclared in every module
	loads      loader
	runTest    *starlark.Builtin
	runner     *starlark.Builtin // runs scripts for Pool.Exec
	intr       interrupts
	settle     func()   // see [stdlib.Config.Settle]; nil outside of the command's main process
	activities sync.Map // *activity by *starlark.Thread

	classPrefix string // of the class IDs made here; random, because processes come and go
	classes     atomic.Int64

	errMu sync.Mutex // guards opts.Stderr, so that texts come out whole
}

// newHost returns a runtime without its part of a family: the caller sets mp.
func newHost(o Options, setup Setup) *Runtime {
	rt := &Runtime{opts: o, codec: wire.NewCodec(), classPrefix: strconv.FormatUint(rand.Uint64(), 36) + "."}
	rt.opts.Stdout, rt.opts.Stderr = outputs(o.Stdout, o.Stderr)
	executable, _ := os.Executable() // sys.executable is empty where the system doesn't tell
	rt.lib = stdlib.New(stdlib.Config{
		Argv:       o.Argv,
		Stdin:      o.Stdin,
		Stdout:     rt.opts.Stdout,
		Stderr:     rt.opts.Stderr,
		Executable: executable,
		Version:    Version,
		Call:       starlark.Call,
		Current:    rt.lock.current.Load,
		Caller: func(thread *starlark.Thread) stdlib.Caller {
			fr, _ := eval.Caller(thread)
			if fr.Fn == nil {
				return stdlib.Caller{}
			}
			return stdlib.Caller{Callable: fr.Fn, Name: fr.Fn.Name(), Pos: fr.Pos}
		},
		Names: func(thread *starlark.Thread) []string { return eval.Names(thread, rt.Predeclared()) },
		Locate: func(thread *starlark.Thread, err error) error {
			return eval.Locate(thread, err)
		},
		Hurry:       eval.Hurry,
		Augmented:   func() bool { return host{rt}.Augmented(rt.lock.current.Load()) },
		Sleep:       rt.sleep,
		Wait:        rt.wait,
		Logger:      func() starlark.Value { return rt.mp.Logger() },
		Block:       rt.lock.block,
		Uncancel:    rt.intr.uncancel,
		Traceback:   func(err error) string { return TracebackOf(err).text(rt.eval.line) },
		ProcessName: func() string { return rt.mp.Name() },
		ClassID:     func() string { return rt.classPrefix + strconv.FormatInt(rt.classes.Add(1), 36) },
		Getpid:      os.Getpid,
		Getppid:     os.Getppid,
		Environment: rt.Predeclared,
		Help:        mp.Help,
		Interrupt:   func(pid int) bool { return rt.mp.InterruptPid(pid) },
		Settle: func() {
			if rt.settle != nil {
				rt.settle()
			}
		},
		MayStart:  func() error { return rt.mp.MayStartProgram() },
		MaySignal: func(pid int) error { return rt.mp.MaySignal(pid) },
	})
	rt.lib.Register(rt.codec)
	rt.setClock(o.Clock, setup)
	rt.addSetup(setup)
	rt.makeRunTest()
	rt.eval = newEvaluator(rt.Predeclared)
	ship.New(rt.eval, rt.codec, blobs{rt})
	return rt
}

// New returns the runtime of a root process. It starts nothing and touches nothing process-wide. The program calls Close when it is done
// with it.
//
// Where [Child] was not called the runtime works, but starting processes is an error, and in a process that was started as one, and
// has not called it, so is New.
func New(o Options) (*Runtime, error) {
	setup, err := setupNamed(o.Setup)
	if err != nil {
		return nil, err
	}
	if o.Modules == nil {
		o.Modules = setup.Modules
	}
	below := o.Limits
	if below.Steps == 0 {
		below.Steps = o.MaxSteps
	}
	rt := newHost(o, setup)
	rt.mp, err = mp.New(host{rt}, mp.Options{Setup: o.Setup, Processes: o.MaxProcesses, Limits: below, SharedMemory: o.SharedMemory})
	if err != nil {
		return nil, err
	}
	return rt, nil
}

// Predeclared returns what every script finds without loading it. The caller must not change the result.
func (rt *Runtime) Predeclared() starlark.StringDict {
	rt.envOnce.Do(func() {
		rt.env = maps.Clone(rt.lib.Predeclared())
		rt.env["multiprocessing"] = rt.mp.Module()
		maps.Copy(rt.env, rt.mp.Modules())
		for _, name := range rt.omit {
			delete(rt.env, name)
		}
		maps.Copy(rt.env, rt.own)
	})
	return rt.env
}
