package mp

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Pool is multiprocessing.Pool, processes that work through tasks, or multiprocessing.pool.ThreadPool, threads of this process.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.pool.Pool
//
// Unlike CPython's, the death of a worker costs the task it was at (its caller gets WorkerLostError) and nothing else;
// an initializer that fails is an error of every call, not an endless restart; functions may be lambdas and closures. A
// pool that nobody can reach any more is terminated, when its work is done.
//
// The methods that give out tasks have the keyword timeout, which CPython's have not: the seconds that each call of the function
// may take from its beginning. When they are over the call is cancelled, wherever it is, and its caller gets TimeoutError; if it
// does not end even so, its worker process is replaced. A task can't catch this.
//
// Those that take an iterable have the keyword progress, too: if true, and standard error is a terminal, a bar shows there how
// many items are done, how many that are in a second, and the time that is left. One bar is shown at a time.
type Pool struct {
	shared
	*pool
}

var (
	_ starlark.HasAttrs   = (*Pool)(nil)
	_ starlark.Comparable = (*Pool)(nil)
)

// makePool is Pool(processes=None, initializer=None, initargs=(), maxtasksperchild=None, context=None).
func (rt *Runtime) makePool(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var processes, initializer, most, context starlark.Value = starlark.None, starlark.None, starlark.None, starlark.None
	var initargs starlark.Value = starlark.Tuple(nil)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "processes?", &processes, "initializer?", &initializer,
		"initargs?", &initargs, "maxtasksperchild?", &most, "context?", &context); err != nil {
		return nil, err
	}
	size, err := poolSize(b.Name(), processes)
	if err != nil {
		return nil, err
	}
	tasks := 0
	if most != starlark.None {
		if tasks, err = starlark.AsInt32(most); err != nil || tasks < 1 {
			return nil, wire.Errorf("ValueError", "maxtasksperchild must be a positive int or None")
		}
	}
	init, err := initArgs(initializer, initargs)
	if err != nil {
		return nil, err
	}
	if _, err := rt.mem(); err != nil {
		return nil, err
	}
	p := rt.newPool(size)
	if _, err := newProcs(p, initializer, init, tasks); err != nil {
		return nil, err
	}
	return p.start(thread, poolType)
}

// makeThreadPool is ThreadPool(processes=None, initializer=None, initargs=()).
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.pool.ThreadPool
//
// As everywhere in a process, one of its threads runs at a time; while one waits the others run. Unlike CPython's, terminate stops
// what the threads are at.
func (rt *Runtime) makeThreadPool(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var processes, initializer starlark.Value = starlark.None, starlark.None
	var initargs starlark.Value = starlark.Tuple(nil)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "processes?", &processes, "initializer?", &initializer, "initargs?", &initargs); err != nil {
		return nil, err
	}
	size, err := poolSize(b.Name(), processes)
	if err != nil {
		return nil, err
	}
	init, err := initArgs(initializer, initargs)
	if err != nil {
		return nil, err
	}
	p := rt.newPool(size)
	newThreads(p, initializer, init)
	return p.start(thread, threadPoolType)
}

// start begins the pool and makes the script's value for it.
func (p *pool) start(thread *starlark.Thread, typ *sharedType) (starlark.Value, error) {
	if err := p.begin(thread); err != nil {
		return nil, err
	}
	o := &Pool{pool: p}
	o.shared = shared{rt: p.rt, typ: typ, self: o}
	runtime.AddCleanup(o, func(p *pool) { go p.terminate() }, p)
	return o, nil
}

// poolSize is the number of workers that processes asks for.
func poolSize(name string, processes starlark.Value) (int, error) {
	if processes == starlark.None {
		return runtime.NumCPU(), nil
	}
	n, err := starlark.AsInt32(processes)
	if err != nil {
		return 0, wire.Errorf("TypeError", "%s: processes: %v", name, err)
	}
	if n < 1 {
		return 0, wire.Errorf("ValueError", "Number of processes must be at least 1")
	}
	return n, nil
}

func initArgs(initializer, initargs starlark.Value) (starlark.Tuple, error) {
	if _, ok := initializer.(starlark.Callable); !ok && initializer != starlark.None {
		return nil, wire.Errorf("TypeError", "initializer must be a callable")
	}
	return spread(initargs)
}

func (p *Pool) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("<multiprocessing.pool.%s state=%s pool_size=%d>", p.typ.name, p.state, p.size)
}

// Hash hashes the identity of the value.
func (p *Pool) Hash() (uint32, error) { return pointerHash(p), nil }

// CompareSameType compares identities.
func (p *Pool) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	return compareIdentity(op, p == y.(*Pool), p.Type())
}

// poolWire says that a pool cannot be sent.
func poolWire() wire.Type {
	const text = "pool objects cannot be passed between processes or pickled"
	return wire.Type{
		Name:   "mp.pool",
		Go:     reflect.TypeFor[*Pool](),
		Encode: func(*wire.Encoder, starlark.Value) error { return wire.Errorf("NotImplementedError", text) },
		Decode: func(*wire.Decoder, func(starlark.Value)) (starlark.Value, error) {
			return nil, wire.Errorf("NotImplementedError", text)
		},
	}
}

var (
	poolType       = &sharedType{"Pool", poolMethods}
	threadPoolType = &sharedType{"ThreadPool", poolMethods}
)

var poolMethods = []method{
	{"apply", poolApply},
	{"apply_async", poolApply},
	{"map", poolMap(taskMap)},
	{"map_async", poolMap(taskMap)},
	{"starmap", poolMap(taskStarmap)},
	{"starmap_async", poolMap(taskStarmap)},
	{"imap", poolImap},
	{"imap_unordered", poolImap},
	{"resize", poolResize},
	{"close", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		b.Receiver().(*Pool).close()
		return starlark.None, nil
	}},
	{"terminate", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		return poolExit(thread, b, nil, nil)
	}},
	{"join", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		p := b.Receiver().(*Pool)
		p.mu.Lock()
		running := p.state == poolRun
		p.mu.Unlock()
		switch {
		case running:
			return nil, wire.Errorf("ValueError", "Pool is still running")
		case p.inCallback(thread):
			return nil, wire.Errorf("RuntimeError", "cannot join current thread") // it is waited for
		}
		p.feed()
		return starlark.None, p.join(thread)
	}},
	{"__enter__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return b.Receiver(), b.Receiver().(*Pool).check()
	}},
	{"__exit__", poolExit},
}

// poolExit is Pool.terminate and Pool.__exit__. It returns when the workers are gone.
func poolExit(thread *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	p := b.Receiver().(*Pool)
	p.terminate()
	return starlark.None, p.join(thread)
}

func (p *Pool) join(thread *starlark.Thread) error {
	defer runtime.KeepAlive(p)
	return p.rt().sleep(thread, seconds{}, p.await)
}

func (p *Pool) rt() *Runtime { return p.pool.rt }

// poolResize is resize(n), which has no CPython counterpart: the number of workers becomes n. New ones start at once; those that are
// too many end when they have done the task that they are at.
func poolResize(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p := b.Receiver().(*Pool)
	var n int
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "n", &n); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, wire.Errorf("ValueError", "Number of processes must be at least 1")
	}
	return starlark.None, p.resize(thread, n)
}

// extras are the keywords that CPython's methods have not.
type extras struct {
	limit    time.Duration // timeout=None
	progress bool          // progress=False
}

// takeExtras takes the extras out of the keyword arguments of fn.
func takeExtras(fn string, kwargs []starlark.Tuple) (x extras, rest []starlark.Tuple, err error) {
	for i, kv := range kwargs {
		switch name, v := kv[0].(starlark.String), kv[1]; name {
		case "timeout":
			var s seconds
			if err := s.Unpack(v); err != nil {
				return x, nil, wire.Errorf("TypeError", "%s: timeout: %v", fn, err)
			}
			if x.limit = s.d; s.set && s.d <= 0 {
				return x, nil, wire.Errorf("ValueError", "%s: timeout must be positive", fn)
			}
		case "progress":
			x.progress = bool(v.Truth())
		default:
			rest = append(rest, kwargs[i])
		}
	}
	return x, rest, nil
}

// poolApply is apply(func, args=(), kwds={}) and apply_async(func, args=(), kwds={}, callback=None, error_callback=None), both
// with timeout=None.
func poolApply(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p := b.Receiver().(*Pool)
	x, kwargs, err := takeExtras(b.Name(), kwargs)
	if err != nil {
		return nil, err
	}
	if x.progress {
		return nil, wire.Errorf("TypeError", "%s: unexpected keyword argument \"progress\"", b.Name())
	}
	var f starlark.Value
	var fargs starlark.Value = starlark.Tuple(nil)
	var kwds starlark.Value = starlark.None
	var callback, onError starlark.Value = starlark.None, starlark.None
	params := []any{"func", &f, "args?", &fargs, "kwds?", &kwds}
	if isAsync(b) {
		params = append(params, "callback?", &callback, "error_callback?", &onError)
	}
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, params...); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	spreadArgs, err := spread(fargs)
	if err != nil {
		return nil, err
	}
	j, err := p.newJob(1, true, callback, onError)
	if err != nil {
		return nil, err
	}
	p.submit(j.id, task{kind: taskApply, limit: x.limit}, f, starlark.Tuple{spreadArgs, kwds})
	return p.result(thread, b, j)
}

// poolMap is map(func, iterable, chunksize=None), map_async(func, iterable, chunksize=None, callback=None,
// error_callback=None) and the same for starmap, all with timeout=None and progress=False.
func poolMap(kind uint32) builtinFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		p := b.Receiver().(*Pool)
		x, kwargs, err := takeExtras(b.Name(), kwargs)
		if err != nil {
			return nil, err
		}
		var f, iterable starlark.Value
		var size starlark.Value = starlark.None
		var callback, onError starlark.Value = starlark.None, starlark.None
		params := []any{"func", &f, "iterable", &iterable, "chunksize?", &size}
		if isAsync(b) {
			params = append(params, "callback?", &callback, "error_callback?", &onError)
		}
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, params...); err != nil {
			return nil, err
		}
		if err := p.check(); err != nil {
			return nil, err
		}
		items, broken := p.read(iterable)
		if broken != nil && !(isAsync(b) && hasLen(iterable)) {
			return nil, broken
		}
		total := items.len()
		chunk := max(1, (total+4*p.workers()-1)/(4*p.workers()))
		if size != starlark.None {
			if chunk, err = chunkSize(b.Name(), size); err != nil {
				return nil, err
			}
		}
		chunks := make([]starlark.Value, 0, (total-1)/chunk+1)
		for at := 0; at < total; at += min(chunk, total-at) {
			chunks = append(chunks, items.chunk(at, at+min(chunk, total-at)))
		}
		j, err := p.newJob(len(chunks), false, callback, onError)
		if err != nil {
			return nil, err
		}
		j.total, j.size = total, chunk
		if x.progress {
			j.bar = p.rt().newBar(b.Name(), total)
		}
		if broken != nil {
			p.settle(j.id, broken) // CPython reads what has a length in the background
		} else {
			p.submit(j.id, task{kind: kind, limit: x.limit}, f, chunks...)
		}
		return p.result(thread, b, j)
	}
}

// chunkSize is a chunksize that a script has given. CPython's map takes 0 and gives results that nobody has made.
func chunkSize(name string, v starlark.Value) (int, error) {
	i, ok := v.(starlark.Int)
	if !ok {
		return 0, wire.Errorf("TypeError", "%s: chunksize: got %s, want int", name, v.Type())
	}
	if i.Sign() <= 0 {
		return 0, wire.Errorf("ValueError", "Chunksize must be 1+, not %s", i)
	}
	n, err := starlark.AsInt32(i)
	if err != nil {
		n = math.MaxInt32
	}
	return n, nil
}

// hasLen reports whether len(v) is there.
func hasLen(v starlark.Value) bool {
	x, ok := v.(interface{ Method(string) starlark.Value })
	return ok && x.Method("__len__") != nil || starlark.Len(v) >= 0
}

func notIterable(v starlark.Value) error {
	return wire.Errorf("TypeError", "'%s' object is not iterable", v.Type())
}

// takePending is the error of an iteration that has ended, nil if it was not for an error.
func (rt *Runtime) takePending() error {
	if exc := rt.host.FromError(nil); exc != starlark.None {
		return rt.host.ToError(exc)
	}
	return nil
}

func isAsync(b *starlark.Builtin) bool { return strings.HasSuffix(b.Name(), "_async") }

// result is what the caller of the method b gets: the values, or an AsyncResult.
func (p *Pool) result(thread *starlark.Thread, b *starlark.Builtin, j *job) (starlark.Value, error) {
	r := newAsyncResult(j)
	if isAsync(b) {
		p.team.attend()
		return r, nil
	}
	return r.get(thread, seconds{})
}
