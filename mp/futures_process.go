package mp

import (
	"runtime"
	"strings"
	"syscall"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// processCrew is the kind of the executors of processes. Their workers have as many futures as CPython's: one at work and
// one waiting for each of them, and one more.
var processCrew = crewKind{
	window:    func(size int) int { return 2*size + 1 },
	exception: brokenProcessPool,
	lost:      "A process in the process pool was terminated abruptly while the future was running or pending.",
	unusable:  "A child process terminated abruptly, the process pool is not usable anymore",
}

// makeProcessPoolExecutor makes ProcessPoolExecutor.
// https://docs.python.org/3.13/library/concurrent.futures.html#concurrent.futures.ProcessPoolExecutor
//
// Unlike CPython's, functions may be lambdas and closures; what cannot be sent is an error of submit; the death of a worker
// costs the future that it ran, whose exception is a multiprocessing.WorkerLostError and so also a BrokenProcessPool, and the
// executor goes on. terminate_workers and kill_workers are Python 3.14's.
func (fs *futures) makeProcessPoolExecutor() {
	const class = "ProcessPoolExecutor"
	attrs := starlark.StringDict{
		"__init__":   starlark.NewBuiltin(class+".__init__", fs.initProcessPool),
		"_processes": &property{name: "_processes", get: executorProcesses},
	}
	executorMethods(class, attrs, map[string]func(*executor, *starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error){
		"submit":            (*executor).submitted,
		"map":               (*executor).mapped,
		"shutdown":          (*executor).shutdown,
		"terminate_workers": forced(sigterm),
		"kill_workers":      forced(sigkill),
	})
	fs.processes = fs.mustClass(class, []starlark.Value{fs.executor}, attrs)
}

// initProcessPool is ProcessPoolExecutor(max_workers=None, mp_context=None, initializer=None, initargs=(), *,
// max_tasks_per_child=None).
func (fs *futures) initProcessPool(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := atMost(b.Name(), args, 5); err != nil {
		return nil, err
	}
	var self, workers, context, init, most starlark.Value = nil, starlark.None, starlark.None, starlark.None, starlark.None
	var initargs starlark.Value = starlark.Tuple(nil)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "self", &self, "max_workers?", &workers, "mp_context?", &context,
		"initializer?", &init, "initargs?", &initargs, "max_tasks_per_child?", &most); err != nil {
		return nil, err
	}
	inst, ok := self.(Instance)
	if !ok {
		return nil, wire.Errorf("TypeError", "%s: got %s, want a ProcessPoolExecutor", b.Name(), self.Type())
	}
	size, err := maxWorkers(workers, runtime.NumCPU())
	if err != nil {
		return nil, err
	}
	if context != starlark.None {
		if _, err := attribute(context, "get_start_method"); err != nil {
			return nil, err
		}
	}
	given, err := initArgs(init, initargs)
	if err != nil {
		return nil, err
	}
	if init != starlark.None { // else the first submit would find out
		codec := fs.rt.host.Codec()
		if _, _, err := codec.Encode(nil, "initializer", init); err != nil {
			return nil, err
		}
		if _, _, err := codec.Encode(nil, "initargs", given); err != nil {
			return nil, err
		}
	}
	tasks := 0
	if most != starlark.None {
		n, ok := most.(starlark.Int)
		if !ok {
			return nil, wire.Errorf("TypeError", "max_tasks_per_child must be an integer")
		}
		if n.Sign() <= 0 {
			return nil, wire.Errorf("ValueError", "max_tasks_per_child must be >= 1")
		}
		if tasks, err = starlark.AsInt32(n); err != nil {
			tasks = 0 // more than any worker does
		}
	}
	fs.newExecutor(inst, processCrew, size, func(p *pool) error {
		if _, err := fs.rt.mem(); err != nil {
			return err
		}
		_, err := newProcs(p, init, given, tasks)
		return err
	})
	return starlark.None, nil
}

// submitted is submit, with an error for what cannot be sent that names the argument.
func (x *executor) submitted(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f, err := x.submit(thread, b, args, kwargs)
	if err == nil || !strings.HasPrefix(err.Error(), "cannot send ") {
		return f, err
	}
	codec := x.crew.fs.rt.host.Codec()
	if _, _, err := codec.Encode(nil, "args", args[2:]); err != nil {
		return nil, err
	}
	kw := starlark.NewDict(len(kwargs))
	for _, kv := range kwargs {
		if err := kw.SetKey(kv[0], kv[1]); err != nil {
			return nil, err
		}
	}
	if _, _, err := codec.Encode(nil, "kwargs", kw); err != nil {
		return nil, err
	}
	return nil, err
}

// forced is terminate_workers() and kill_workers(): what has not begun is cancelled, what the workers are at fails. It does not
// wait. https://docs.python.org/3.14/library/concurrent.futures.html#concurrent.futures.ProcessPoolExecutor.terminate_workers
func forced(sig syscall.Signal) func(*executor, *starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return func(x *executor, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args[1:], kwargs); err != nil {
			return nil, err
		}
		err := x.end(thread, true)
		x.crew.kill(sig)
		return starlark.None, err
	}
}

// executorProcesses is the property _processes: a dict of the workers by pid.
func executorProcesses(self starlark.Value) (starlark.Value, error) {
	d := new(starlark.Dict)
	x, ok := executorOf(self)
	if !ok || x.crew.pool == nil {
		return d, nil
	}
	rt := x.crew.fs.rt
	for _, c := range x.crew.pool.team.(*procs).processes() {
		rt.mu.Lock()
		p := rt.children[c]
		rt.mu.Unlock()
		if p != nil {
			if err := d.SetKey(starlark.MakeInt(c.pid), p.self); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}
