package interp

import (
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/starmp/starmp/mp"
	"github.com/starmp/starmp/mp/ship"
	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib"
	"go.starlark.net/starlark"
)

// Version is starmp's version, as scripts see it in sys.version.
const Version = "0.1.0"

// Options is what a Runtime gets from its surroundings.
type Options struct {
	Argv  []string  // sys.argv
	Stdin io.Reader // nil reads nothing

	// Stdout and Stderr take what scripts print, those in other processes included; nil discards. Children inherit an *os.File as it is;
	// what they write for any other writer comes through a pipe, and is passed on, from goroutines too, but never two Writes at a time.
	Stdout, Stderr io.Writer
}

// Runtime is one interpreter: the environment and the modules of its scripts, the lock that lets one of its threads run at a
// time, and this process's part of a family of processes. It has no state outside itself but what Main and Child document.
type Runtime struct {
	opts  Options
	lock  scriptLock
	codec *wire.Codec
	lib   *stdlib.Lib
	eval  *Evaluator
	mp    *mp.Runtime

	envOnce sync.Once
	env     starlark.StringDict // predeclared in every module
	loads   loader
	runTest *starlark.Builtin
	intr    interrupts

	classPrefix string // of the class IDs made here; random, because processes come and go
	classes     atomic.Int64

	errMu sync.Mutex // guards opts.Stderr, so that texts come out whole
}

// newHost returns a runtime without its part of a family: the caller sets mp.
func newHost(o Options) *Runtime {
	rt := &Runtime{opts: o, codec: wire.NewCodec(), classPrefix: strconv.FormatUint(rand.Uint64(), 36) + "."}
	rt.opts.Stdout, rt.opts.Stderr = outputs(o.Stdout, o.Stderr)
	executable, _ := os.Executable() // sys.executable is empty where the system doesn't tell
	rt.lib = stdlib.New(stdlib.Config{
		Argv:        o.Argv,
		Stdin:       o.Stdin,
		Stdout:      rt.opts.Stdout,
		Stderr:      rt.opts.Stderr,
		Executable:  executable,
		Version:     Version,
		Call:        starlark.Call,
		Current:     rt.Current,
		Augmented:   func() bool { return rt.Augmented(rt.Current()) },
		Sleep:       rt.sleep,
		Block:       rt.lock.block,
		Uncancel:    rt.intr.uncancel,
		Traceback:   func(err error) string { return TracebackOf(err).text(rt.eval.line) },
		ProcessName: func() string { return rt.mp.Name() },
		ClassID:     func() string { return rt.classPrefix + strconv.FormatInt(rt.classes.Add(1), 36) },
		Getpid:      os.Getpid,
		Getppid:     os.Getppid,
		Interrupt:   func(pid int) bool { return rt.mp.InterruptPid(pid) },
	})
	rt.lib.Register(rt.codec)
	rt.makeRunTest()
	rt.eval = NewEvaluator(rt.Predeclared)
	ship.New(rt.eval, rt.codec, blobs{rt})
	return rt
}

// New returns the runtime of a root process. It starts nothing and touches nothing process-wide.
func New(o Options) (*Runtime, error) {
	rt := newHost(o)
	var err error
	rt.mp, err = mp.New(rt)
	return rt, err
}

// Predeclared returns what every script finds without loading it. The caller must not change the result.
func (rt *Runtime) Predeclared() starlark.StringDict {
	rt.envOnce.Do(func() {
		rt.env = maps.Clone(rt.lib.Predeclared())
		rt.env["multiprocessing"] = rt.mp.Module()
		maps.Copy(rt.env, rt.mp.Modules())
	})
	return rt.env
}
