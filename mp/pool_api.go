package mp

import (
	"fmt"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

var _ starlark.HasAttrs = (*Pool)(nil)

func (p *Pool) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("<multiprocessing.pool.Pool state=%s pool_size=%d>", [...]string{"RUN", "CLOSE", "TERMINATE"}[p.state], len(p.workers))
}
func (p *Pool) Type() string          { return "Pool" }
func (p *Pool) Freeze()               {}
func (p *Pool) Truth() starlark.Bool  { return true }
func (p *Pool) Hash() (uint32, error) { return p.tasks.Hash() }

// Attr implements starlark.HasAttrs.
func (p *Pool) Attr(name string) (starlark.Value, error) {
	if f := p.methods[name]; f != nil {
		return f, nil
	}
	for _, m := range poolMethods {
		if m.name == name {
			if p.methods == nil {
				p.methods = map[string]*starlark.Builtin{}
			}
			b := starlark.NewBuiltin(name, m.fn).BindReceiver(p)
			p.methods[name] = b
			return b, nil
		}
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (p *Pool) AttrNames() []string {
	var names []string
	for _, m := range poolMethods {
		names = append(names, m.name)
	}
	return names
}

var poolMethods = []method{
	{"apply", poolApply},
	{"apply_async", poolApply},
	{"map", poolMap(taskMap)},
	{"map_async", poolMap(taskMap)},
	{"starmap", poolMap(taskStarmap)},
	{"starmap_async", poolMap(taskStarmap)},
	{"imap", poolImap},
	{"imap_unordered", poolImap},
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
		if running {
			return nil, wire.Errorf("ValueError", "Pool is still running")
		}
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
	return p.rt.sleep(thread, seconds{}, func(_ futex.Deadline, cancel *Cancel) error { return p.await(cancel) })
}

// check is the error of a call on a pool that takes no more work.
func (p *Pool) check() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.state != poolRun:
		return wire.Errorf("ValueError", "Pool not running")
	case p.broken != nil:
		return p.broken
	}
	return nil
}

// poolApply is apply(func, args=(), kwds={}) and apply_async(func, args=(), kwds={}, callback=None, error_callback=None).
func poolApply(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p := b.Receiver().(*Pool)
	var f starlark.Callable
	var fargs starlark.Value = starlark.Tuple(nil)
	var kwds starlark.Value = starlark.None
	var callback, onError starlark.Value = starlark.None, starlark.None
	params := []any{"func", &f, "args?", &fargs, "kwds?", &kwds}
	if b.Name() == "apply_async" {
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
	if err := p.submit(j, taskApply, f, starlark.Tuple{spreadArgs, kwds}); err != nil {
		return nil, err
	}
	return p.result(thread, b, j)
}

// poolMap is map(func, iterable, chunksize=None), map_async(func, iterable, chunksize=None, callback=None,
// error_callback=None) and the same for starmap.
func poolMap(kind uint32) builtinFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		p := b.Receiver().(*Pool)
		var f starlark.Callable
		var iterable starlark.Value
		var size starlark.Value = starlark.None
		var callback, onError starlark.Value = starlark.None, starlark.None
		params := []any{"func", &f, "iterable", &iterable, "chunksize?", &size}
		if b.Name() == "map_async" || b.Name() == "starmap_async" {
			params = append(params, "callback?", &callback, "error_callback?", &onError)
		}
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, params...); err != nil {
			return nil, err
		}
		if err := p.check(); err != nil {
			return nil, err
		}
		items, err := p.items(iterable)
		if err != nil {
			return nil, err
		}
		chunk := (len(items) + 4*p.size - 1) / (4 * p.size)
		if size != starlark.None {
			if chunk, err = starlark.AsInt32(size); err != nil {
				return nil, wire.Errorf("TypeError", "%s: chunksize: %v", b.Name(), err)
			}
			if chunk < 1 {
				return nil, wire.Errorf("ValueError", "Chunksize must be 1+, not %d", chunk)
			}
		}
		var chunks []starlark.Value
		for len(items) > 0 {
			n := min(chunk, len(items))
			chunks = append(chunks, starlark.NewList(items[:n:n]))
			items = items[n:]
		}
		j, err := p.newJob(len(chunks), false, callback, onError)
		if err != nil {
			return nil, err
		}
		if err := p.submit(j, kind, f, chunks...); err != nil {
			return nil, err
		}
		return p.result(thread, b, j)
	}
}

func (p *Pool) items(iterable starlark.Value) ([]starlark.Value, error) {
	iter := starlark.Iterate(iterable)
	if iter == nil {
		return nil, wire.Errorf("TypeError", "'%s' object is not iterable", iterable.Type())
	}
	defer iter.Done()
	var items []starlark.Value
	for x := starlark.Value(nil); iter.Next(&x); {
		items = append(items, x)
	}
	return items, nil
}

func (p *Pool) newJob(chunks int, single bool, callback, onError starlark.Value) (_ *job, err error) {
	j := &job{pool: p, left: chunks, single: single, results: make([]prim.Msg, chunks)}
	if callback != starlark.None {
		j.callback = callback
	}
	if onError != starlark.None {
		j.onError = onError
	}
	j.id, err = p.register(j)
	return j, err
}

// register makes w known, so that results find it, and returns its number. A broken pool, which would never finish it,
// gives its error.
func (p *Pool) register(w work) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return 0, p.broken
	}
	p.lastJob++
	p.jobs[p.lastJob] = w
	return p.lastJob, nil
}

// withdraw makes the work with that number unknown again.
func (p *Pool) withdraw(id uint64) {
	p.mu.Lock()
	delete(p.jobs, id)
	p.mu.Unlock()
	p.stopIfDrained()
}

// submit encodes and sends the chunks of j. If one cannot be sent, the job is taken back.
func (p *Pool) submit(j *job, kind uint32, f starlark.Value, chunks ...starlark.Value) error {
	codec := p.rt.host.Codec()
	fn, fnHandles, err := codec.Encode(nil, "func", f)
	if err == nil && len(chunks) == 0 {
		p.withdraw(j.id)
		j.announceLater()
		return nil
	}
	for i := 0; err == nil && i < len(chunks); i++ {
		err = p.send(&task{job: j.id, chunk: uint32(i), kind: kind, fn: fn}, fnHandles, chunks[i])
	}
	if err != nil {
		p.withdraw(j.id)
	}
	return err
}

// send puts one task into the queue: t with the encoded function, whose handles are given, and the arguments.
func (p *Pool) send(t *task, fnHandles []wire.Handle, args starlark.Value) error {
	root := "iterable"
	if t.kind == taskApply {
		root = "args"
	}
	buf := takeBuffer()
	defer giveBuffer(buf)
	data, handles, err := p.rt.host.Codec().Encode(t.append((*buf)[:0]), root, args)
	if err != nil {
		return err
	}
	*buf = data
	return scriptError(p.tasks.q.Put(data, arenaHandles(append(handles, fnHandles...)), prim.Opt{}))
}

// result is what the caller of the method b gets: the values, or an AsyncResult.
func (p *Pool) result(thread *starlark.Thread, b *starlark.Builtin, j *job) (starlark.Value, error) {
	r := newAsyncResult(j)
	if name := b.Name(); len(name) > 6 && name[len(name)-6:] == "_async" {
		return r, nil
	}
	return r.get(thread, seconds{})
}
