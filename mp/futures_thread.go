package mp

import (
	"runtime"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// threadCrew is the kind of the executors of threads. A thread gets its next future when it has done one.
var threadCrew = crewKind{
	window:    func(size int) int { return size },
	exception: brokenThreadPool,
	lost:      "A thread initializer failed, the thread pool is not usable anymore",
	unusable:  "A thread initializer failed, the thread pool is not usable anymore",
}

// makeThreadPoolExecutor makes ThreadPoolExecutor.
// https://docs.python.org/3.13/library/concurrent.futures.html#concurrent.futures.ThreadPoolExecutor
//
// As everywhere in a process, one of its threads runs at a time; while one waits the others run.
func (fs *futures) makeThreadPoolExecutor() {
	const class = "ThreadPoolExecutor"
	attrs := starlark.StringDict{"__init__": starlark.NewBuiltin(class+".__init__", fs.initThreadPool)}
	executorMethods(class, attrs, map[string]func(*executor, *starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error){
		"submit":   (*executor).submit,
		"shutdown": (*executor).shutdown,
	})
	fs.threads = fs.mustClass(class, []starlark.Value{fs.executor}, attrs)
}

// initThreadPool is ThreadPoolExecutor(max_workers=None, thread_name_prefix=”, initializer=None, initargs=()). Nothing shows
// the names of threads.
func (fs *futures) initThreadPool(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var self, workers, prefix, init starlark.Value = nil, starlark.None, starlark.String(""), starlark.None
	var initargs starlark.Value = starlark.Tuple(nil)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "self", &self, "max_workers?", &workers, "thread_name_prefix?", &prefix,
		"initializer?", &init, "initargs?", &initargs); err != nil {
		return nil, err
	}
	inst, ok := self.(Instance)
	if !ok {
		return nil, wire.Errorf("TypeError", "%s: got %s, want a ThreadPoolExecutor", b.Name(), self.Type())
	}
	size, err := maxWorkers(workers, min(32, runtime.NumCPU()+4))
	if err != nil {
		return nil, err
	}
	given, err := initArgs(init, initargs)
	if err != nil {
		return nil, err
	}
	fs.newExecutor(inst, threadCrew, size, func(p *pool) error {
		newThreads(p, init, given)
		return nil
	})
	return starlark.None, nil
}
