package mp

import (
	"runtime"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// makeExecutorClass makes Executor, the base of all executors. Scripts may derive their own: one with a submit has map,
// and works with with_.
// https://docs.python.org/3.13/library/concurrent.futures.html#concurrent.futures.Executor
func (fs *futures) makeExecutorClass() {
	fs.executor = fs.mustClass("Executor", nil, starlark.StringDict{
		"submit": starlark.NewBuiltin("Executor.submit", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			return nil, wire.Errorf("NotImplementedError", "")
		}),
		"map": starlark.NewBuiltin("Executor.map", fs.executorMap),
		"shutdown": starlark.NewBuiltin("Executor.shutdown", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			_, _, err := shutdownArgs(b, args, kwargs)
			return starlark.None, err
		}),
		"__enter__": starlark.NewBuiltin("Executor.__enter__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var self starlark.Value
			return self, starlark.UnpackArgs(b.Name(), args, kwargs, "self", &self)
		}),
		"__exit__": starlark.NewBuiltin("Executor.__exit__", fs.exitExecutor),
	})
}

// exitExecutor is Executor.__exit__: shutdown(wait=True). Unlike CPython, which then waits for all that was submitted,
// Ctrl-C gives up what has not begun.
func (fs *futures) exitExecutor(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var self starlark.Value
	var class, exc, trace starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "self", &self, "exc_type?", &class, "exc_val?", &exc, "exc_tb?", &trace); err != nil {
		return nil, err
	}
	if class == fs.rt.host.Exception("KeyboardInterrupt") {
		if x, ok := executorOf(self); ok {
			x.interrupt(thread)
		}
	}
	shutdown, err := attribute(self, "shutdown")
	if err != nil {
		return nil, err
	}
	_, err = fs.rt.host.Call(thread, shutdown, nil, []starlark.Tuple{{starlark.String("wait"), starlark.True}})
	return starlark.False, err
}

// attribute is self.name.
func attribute(self starlark.Value, name string) (starlark.Value, error) {
	if x, ok := self.(starlark.HasAttrs); ok {
		if v, err := x.Attr(name); v != nil || err != nil {
			return v, err
		}
	}
	return nil, wire.Errorf("AttributeError", "'%s' object has no attribute '%s'", pythonName(self), name)
}

// shutdownArgs are those of shutdown(wait=True, *, cancel_futures=False).
func shutdownArgs(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (wait, cancel bool, err error) {
	if err := atMost(b.Name(), args, 2); err != nil {
		return false, false, err
	}
	w, c := truth(true), truth(false)
	var self starlark.Value
	err = starlark.UnpackArgs(b.Name(), args, kwargs, "self", &self, "wait?", &w, "cancel_futures?", &c)
	return bool(w), bool(c), err
}

// atMost is the error of a call with more than n positional arguments, self included, where what follows is for keywords.
func atMost(fn string, args starlark.Tuple, n int) error {
	if len(args) <= n {
		return nil
	}
	return wire.Errorf("TypeError", "%s() takes from 1 to %d positional arguments but %d were given", fn, n, len(args))
}

// executor is the Go state of a ProcessPoolExecutor or a ThreadPoolExecutor.
type executor struct {
	crew *crew
	team func(*pool) error // gives the pool its team
}

var (
	errShut    = wire.Errorf("RuntimeError", "cannot schedule new futures after shutdown")
	errExiting = wire.Errorf("RuntimeError", "cannot schedule new futures after interpreter shutdown")
)

func executorOf(self starlark.Value) (*executor, bool) {
	inst, ok := self.(Instance)
	if !ok {
		return nil, false
	}
	x, ok := inst.Native().(*executor)
	return x, ok
}

// newExecutor makes the state of self, an executor of up to size workers that team makes when the first is needed.
func (fs *futures) newExecutor(self Instance, kind crewKind, size int, team func(*pool) error) {
	x := &executor{crew: &crew{fs: fs, kind: kind, size: size, callbacks: callbacks{rt: fs.rt}}, team: team}
	self.SetNative(x)
	// As in CPython an executor that nobody has any more does what was submitted, and ends.
	runtime.AddCleanup(x, func(cr *crew) { cr.shutdown(false) }, x.crew)
}

// executorMethods makes methods of an executor's class.
func executorMethods(class string, attrs starlark.StringDict, methods map[string]func(*executor, *starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)) {
	for name, call := range methods {
		attrs[name] = starlark.NewBuiltin(class+"."+name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if len(args) == 0 {
				return nil, wire.Errorf("TypeError", "%s: missing self", b.Name())
			}
			x, ok := executorOf(args[0])
			if !ok {
				return nil, wire.Errorf("RuntimeError", "%s: %s.__init__() not called", b.Name(), class)
			}
			return call(x, thread, b, args, kwargs)
		})
	}
	attrs["_max_workers"] = &property{name: "_max_workers", get: func(self starlark.Value) (starlark.Value, error) {
		x, ok := executorOf(self)
		if !ok {
			return nil, wire.Errorf("AttributeError", "'%s' object has no attribute '_max_workers'", pythonName(self))
		}
		return starlark.MakeInt(x.crew.size), nil
	}}
}

// maxWorkers reads max_workers.
func maxWorkers(v starlark.Value, otherwise int) (int, error) {
	if v == starlark.None {
		return otherwise, nil
	}
	n, ok := v.(starlark.Int)
	if !ok {
		return 0, wire.Errorf("TypeError", "max_workers must be an integer or None, not %s", pythonName(v))
	}
	if n.Sign() <= 0 {
		return 0, wire.Errorf("ValueError", "max_workers must be greater than 0")
	}
	const most = 1 << 20 // so that numbers made of it fit
	if i, ok := n.Int64(); ok && i < most {
		return int(i), nil
	}
	return most, nil
}

// submit is submit(fn, /, *args, **kwargs).
// https://docs.python.org/3.13/library/concurrent.futures.html#concurrent.futures.Executor.submit
func (x *executor) submit(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) < 2 {
		return nil, wire.Errorf("TypeError", "%s() missing 1 required positional argument: 'fn'", b.Name())
	}
	if err := x.ready(thread); err != nil {
		return nil, err
	}
	f, err := x.crew.fs.newFuture(thread)
	if err != nil {
		return nil, err
	}
	fn, err := x.crew.pool.team.pack(args[1])
	if err != nil {
		return nil, err
	}
	kw := starlark.NewDict(len(kwargs))
	for _, kv := range kwargs {
		if err := kw.SetKey(kv[0], kv[1]); err != nil {
			return nil, err
		}
	}
	if err := x.send(thread, f, taskApply, fn, starlark.Tuple{args[2:], kw}); err != nil {
		return nil, err
	}
	return f.self, nil
}

// ready makes the pool, at the first call. The error says why the executor takes no work.
func (x *executor) ready(thread *starlark.Thread) error {
	cr := x.crew
	fs := cr.fs
	if p := cr.pool; p != nil {
		p.mu.Lock()
		broken := p.broken
		p.mu.Unlock()
		if broken != nil {
			return cr.unusable(broken)
		}
	}
	fs.mu.Lock()
	shut, exiting := cr.shut, fs.exiting
	fs.mu.Unlock()
	switch {
	case shut:
		return errShut
	case exiting:
		return errExiting
	case cr.pool != nil:
		return nil
	}
	fs.collectDropped()
	p := fs.rt.newPool(0)
	if err := x.team(p); err != nil {
		return err
	}
	if err := p.begin(thread); err != nil {
		return err
	}
	cr.pool = p
	fs.mu.Lock()
	cr.owner = thread
	fs.crews[cr] = true
	fs.mu.Unlock()
	return nil
}

// send makes a task of a function and what it is called with, and hands it to the crew, which is ready.
func (x *executor) send(thread *starlark.Thread, f *future, kind uint32, fn function, args starlark.Value) error {
	cr := x.crew
	c, err := cr.begin(f)
	if err != nil {
		return err
	}
	task, err := cr.pool.team.hold(task{job: c.id, kind: kind}, fn, args)
	if err != nil {
		c.abandon()
		return err
	}
	// One that is idle will do it.
	if cr.hired < cr.size && int(cr.open.Load()) > cr.hired {
		if err := cr.pool.resize(thread, cr.hired+1); err != nil {
			task.drop()
			c.abandon()
			return err
		}
		cr.hired++
	}
	return cr.enqueue(c, task)
}

// shutdown is shutdown(wait=True, *, cancel_futures=False).
// https://docs.python.org/3.13/library/concurrent.futures.html#concurrent.futures.Executor.shutdown
//
// With wait it returns when the workers have ended and the callbacks have returned.
func (x *executor) shutdown(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	wait, cancel, err := shutdownArgs(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	if err := x.end(thread, cancel); err != nil || !wait {
		return starlark.None, err
	}
	cr := x.crew
	stage := crewOver
	if cr.callbacks.runs(thread) {
		stage = crewGone // it can't wait for itself
	}
	if cr.pool != nil {
		if team, ok := cr.pool.team.(*threads); ok && team.runs(thread) {
			return nil, wire.Errorf("RuntimeError", "cannot join current thread")
		}
	}
	return starlark.None, cr.fs.rt.sleep(thread, seconds{}, func(_ futex.Deadline, cancel *Cancel) error {
		return cr.await(stage, cancel)
	})
}

// end is the part of shutdown that does not wait.
func (x *executor) end(thread *starlark.Thread, cancel bool) error {
	for _, f := range x.crew.shutdown(cancel) {
		if err := f(thread); err != nil {
			return err
		}
	}
	return nil
}

// interrupt is what Ctrl-C does to an executor that is left for it.
func (x *executor) interrupt(thread *starlark.Thread) {
	_ = x.end(thread, true) // its error would take the place of the interrupt
	x.crew.kill(sigterm)
}
