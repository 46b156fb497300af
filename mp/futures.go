package mp

import (
	"sync"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// futures is a runtime's part of the module futures, which is CPython's concurrent.futures.
// https://docs.python.org/3.13/library/concurrent.futures.html
//
// A future waits, is cancelled and calls back as in CPython. What is better: what cannot be sent is an error of submit and
// map, which take their copies before they return; the death of a worker costs the future that it ran and no other;
// callbacks may wait for other futures of their executor; a cancelled future counts as done at once.
type futures struct {
	rt *Runtime

	// The classes, made with the module's members; guarded by the script lock.
	future, executor, processes, threads starlark.Value

	callbacks callbacks // of futures that belong to no executor

	mu      sync.Mutex     // guards the state of all futures and executors of the process
	crews   map[*crew]bool // guarded by mu: executors that have workers
	most    int            // guarded by mu: with so many crews it is time to look for dropped executors
	exiting bool           // guarded by mu: no executor takes any more work
}

// Names of the exception classes.
const (
	cancelledError    = "concurrent.futures._base.CancelledError"
	invalidStateError = "concurrent.futures._base.InvalidStateError"
	brokenExecutor    = "concurrent.futures._base.BrokenExecutor"
	brokenProcessPool = "concurrent.futures.process.BrokenProcessPool"
	brokenThreadPool  = "concurrent.futures.thread.BrokenThreadPool"
)

// The values of wait's parameter return_when.
const (
	firstCompleted = "FIRST_COMPLETED"
	firstException = "FIRST_EXCEPTION"
	allCompleted   = "ALL_COMPLETED"
)

// makeFutures makes the module. Most scripts have no use for it, so its members are made when the first is asked for.
func (rt *Runtime) makeFutures() {
	fs := &rt.futures
	fs.rt, fs.callbacks.rt, fs.crews = rt, rt, map[*crew]bool{}
	module := rt.host.NewModule("futures", fs.members)
	rt.modules = starlark.StringDict{
		"futures":    module,
		"concurrent": &starlarkstruct.Module{Name: "concurrent", Members: starlark.StringDict{"futures": module}},
	}
	for name, m := range rt.modules {
		rt.host.Codec().Name(name, m)
	}
}

// members makes what the module has.
func (fs *futures) members() starlark.StringDict {
	exception := fs.rt.host.Exception
	fs.makeFutureClass()
	fs.makeExecutorClass()
	fs.makeProcessPoolExecutor()
	fs.makeThreadPoolExecutor()
	return starlark.StringDict{
		firstCompleted:        starlark.String(firstCompleted),
		firstException:        starlark.String(firstException),
		allCompleted:          starlark.String(allCompleted),
		"CancelledError":      exception(cancelledError),
		"TimeoutError":        exception("TimeoutError"),
		"InvalidStateError":   exception(invalidStateError),
		"BrokenExecutor":      exception(brokenExecutor),
		"Future":              fs.future,
		"Executor":            fs.executor,
		"ProcessPoolExecutor": fs.processes,
		"ThreadPoolExecutor":  fs.threads,
		"wait":                starlark.NewBuiltin("wait", fs.wait),
		"as_completed":        starlark.NewBuiltin("as_completed", fs.asCompleted),
		"process": &starlarkstruct.Module{Name: "concurrent.futures.process", Members: starlark.StringDict{
			"BrokenProcessPool":   exception(brokenProcessPool),
			"ProcessPoolExecutor": fs.processes,
		}},
		"thread": &starlarkstruct.Module{Name: "concurrent.futures.thread", Members: starlark.StringDict{
			"BrokenThreadPool":   exception(brokenThreadPool),
			"ThreadPoolExecutor": fs.threads,
		}},
	}
}

// mustClass makes a class of the module.
func (fs *futures) mustClass(name string, bases []starlark.Value, attrs starlark.StringDict) starlark.Value {
	attrs["__wire__"] = homebound{}
	class, err := fs.rt.host.NewClass(name, bases, attrs)
	if err != nil {
		panic("BUG: making class " + name + ": " + err.Error())
	}
	return class
}

// homebound is the wire form of futures and executors: they have none, as in CPython.
type homebound struct{}

func (homebound) String() string        { return "<no wire form>" }
func (homebound) Type() string          { return "wire" }
func (homebound) Freeze()               {}
func (homebound) Truth() starlark.Bool  { return true }
func (homebound) Hash() (uint32, error) { return 0, nil }

// EncodeNative refuses.
func (homebound) EncodeNative(_ *wire.Encoder, self starlark.Value) error {
	return wire.Errorf("TypeError", "it belongs to the process that made it")
}

// DecodeNative refuses what no sender sends.
func (homebound) DecodeNative(_ *wire.Decoder, self starlark.Value) error {
	return wire.Errorf("ValueError", "bad message: %s from another process", self.Type())
}

// collectDropped has the workers of executors end that nobody has any more, now and then: Go's collector, which finds them, does
// not know that a few bytes of its own stand for processes.
func (fs *futures) collectDropped() {
	const enough = 16
	fs.mu.Lock()
	due := len(fs.crews) >= max(fs.most, enough)
	fs.mu.Unlock()
	if !due {
		return
	}
	fs.rt.pacer.collect()
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.most = 2 * len(fs.crews)
}

// finishExecutors is for the end of the process: no executor takes more work, and what they have is finished, or,
// interrupted, given up. It blocks until that is done.
func (fs *futures) finishExecutors(interrupted bool) {
	fs.mu.Lock()
	fs.exiting = true
	var crews []*crew
	for cr := range fs.crews {
		crews = append(crews, cr)
	}
	fs.mu.Unlock()
	for _, cr := range crews {
		for _, f := range cr.shutdown(interrupted) {
			cr.callbacks.add(f)
		}
		if interrupted {
			cr.kill(sigterm)
			cr.callbacks.interrupt()
		}
	}
	if interrupted {
		fs.callbacks.interrupt()
	}
	for _, cr := range crews {
		_ = cr.await(crewOver, nil) // without a Cancel there is no error
	}
	fs.callbacks.await()
}

// endCallbacks ends those of the executors that owner has made.
func (fs *futures) endCallbacks(owner *starlark.Thread) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for cr := range fs.crews {
		if cr.owner == owner {
			go cr.callbacks.interrupt() // which blocks while a wait ends
		}
	}
}

// pythonName is the name that Python has for the type of v.
func pythonName(v starlark.Value) string {
	switch v := v.(type) {
	case Instance:
		return v.ClassName()
	case starlark.String:
		return "str"
	}
	return v.Type()
}
