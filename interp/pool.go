package interp

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/starmp/starmp/mp"
	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib"
	"go.starlark.net/starlark"
)

// PoolOptions say what a Pool is: Workers, how many processes, 0 for as many as the machine has processors; Limits, of each worker and its tasks;
// Initializer and InitArgs, a function that each worker calls first; MaxTasks, that a worker does before a new one takes its place, 0 for no limit.
type PoolOptions = mp.PoolOptions

// Pool runs Starlark functions in processes, for Go code: apart from the program and from each other, on all processors, within [Limits], and
// stopped when a context ends. All methods may be called from any goroutine, but not from a built-in that a script has called.
//
// Functions, arguments and results are copied, see the package's documentation. A function is sent with what it reads; a worker keeps what it
// has received, so that the globals of a module may outlive a task there. What a task starts, processes and pools, ends with it.
//
// A task that exceeds a limit, and one whose context ends, is stopped, and its worker lives on; where that takes longer than 0.1 seconds, the worker
// is ended and a new one takes its place. The other tasks go on in either case. Limits on time hold also for a worker that can do nothing about
// them, because it was stopped (SIGSTOP) or hangs: it is ended from here, up to 0.4 seconds late.
type Pool struct {
	rt      *Runtime
	workers *mp.Workers
	size    int
}

// ErrPoolClosed is returned by the methods of a Pool that was closed, or whose Runtime was.
var ErrPoolClosed = mp.ErrClosed

// NewPool starts a pool. It blocks until its processes have been started, some milliseconds each, but not until they are ready; the first
// call waits for that. An error says what is wrong with the options, or why no process can be started. Close ends the pool; so does the
// runtime's Close.
func (rt *Runtime) NewPool(o PoolOptions) (*Pool, error) {
	if o.Workers == 0 {
		o.Workers = stdlib.CPUCount()
	}
	w, err := rt.mp.NewWorkers(o)
	if err != nil {
		return nil, err
	}
	return &Pool{rt, w, o.Workers}, nil
}

// Call calls fn(*args) in a worker, and returns the result. It blocks until it is there, until ctx has ended and the task has been stopped, or
// the pool is closed. The error is an *Error: that of the script, or with a *LimitError, the context's error or ErrPoolClosed as its cause.
// The death of a worker gives one with the class "multiprocessing.WorkerLostError".
func (p *Pool) Call(ctx context.Context, fn starlark.Value, args ...starlark.Value) (starlark.Value, error) {
	return p.CallKw(ctx, fn, args, nil)
}

// CallKw is Call with keyword arguments: pairs of a starlark.String and a value.
func (p *Pool) CallKw(ctx context.Context, fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := p.workers.Call(ctx, fn, args, kwargs)
	if err != nil {
		return nil, p.wrap(ctx, err)
	}
	return v, nil
}

// Exec runs a script in a worker, from its first line on, and then calls its function fn with args; without a name for fn the result is None.
// It is for scripts that are not trusted, of which nothing, not even the top level, is to run in this process. File is the script's name in
// positions. The script finds the runtime's predeclared names and those of Options, which are sent. What cannot be compiled is an *Error of
// class "SyntaxError". Otherwise Exec is as Call.
func (p *Pool) Exec(ctx context.Context, file string, text []byte, fn string, args ...starlark.Value) (starlark.Value, error) {
	own := new(starlark.Dict)
	for name, v := range p.rt.opts.Predeclared {
		own.SetKey(starlark.String(name), v)
	}
	return p.Call(ctx, p.rt.runner, starlark.String(file), starlark.String(text), own, starlark.String(fn), starlark.Tuple(args))
}

// runScript is _run(file, text, predeclared, fn, args), which Exec calls in a worker.
func (rt *Runtime) runScript(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var file, text, fn string
	var own *starlark.Dict
	var give starlark.Tuple
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 5, &file, &text, &own, &fn, &give); err != nil {
		return nil, err
	}
	env := rt.moduleEnv(mainName)
	for _, kv := range own.Items() {
		env[string(kv[0].(starlark.String))] = kv[1]
	}
	globals, err := rt.execIn(thread, env, mainName, file, []byte(text))
	if syntax := (*SyntaxError)(nil); errors.As(err, &syntax) && !errors.As(err, new(*starlark.EvalError)) {
		return nil, wire.Errorf("SyntaxError", "%w", syntax)
	}
	if err != nil || fn == "" {
		return starlark.None, err
	}
	f := globals[fn]
	if f == nil {
		return nil, wire.Errorf("NameError", "%s has no function %s", file, fn)
	}
	return rt.lib.Call(thread, f, give, nil)
}

// wrap makes the error that a caller sees.
func (p *Pool) wrap(ctx context.Context, err error) error {
	var limit *LimitError
	var cause error
	switch {
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		cause = contextError(ctx)
	case errors.As(err, &limit):
		cause = limit
	case errors.Is(err, ErrPoolClosed):
		cause = ErrPoolClosed
	}
	thread := p.rt.NewThread("Pool")
	p.rt.Enter(thread)
	defer p.rt.Leave(thread)
	return p.rt.newError(err, cause)
}

// Map calls fn with each of the values, in the workers, and returns the results in their order. Where one fails, the others are stopped, and
// the error is that of the first of them, as of Call. It blocks until all are done, or one has failed and the others have been stopped.
func (p *Pool) Map(ctx context.Context, fn starlark.Value, values []starlark.Value) ([]starlark.Value, error) {
	results := make([]starlark.Value, 0, len(values))
	for v, err := range p.Results(ctx, fn, slices.Values(values)) {
		if err != nil {
			return nil, err
		}
		results = append(results, v)
	}
	return results, nil
}

// Results calls fn with each of the values, in the workers, and yields what comes of each, in their order: a result or an error. It takes
// values only a few ahead of what has been yielded, so that values may be endless. Where the loop over it ends early, what is still at work is
// stopped; that blocks until it is.
func (p *Pool) Results(ctx context.Context, fn starlark.Value, values iter.Seq[starlark.Value]) iter.Seq2[starlark.Value, error] {
	return func(yield func(starlark.Value, error) bool) {
		type outcome struct {
			v   starlark.Value
			err error
		}
		ctx, cancel := context.WithCancel(ctx)
		var waiting []chan outcome
		defer func() {
			cancel()
			for _, c := range waiting {
				<-c
			}
		}()
		next, stop := iter.Pull(values)
		defer stop()
		for more := true; more || len(waiting) > 0; {
			for more && len(waiting) < 4*p.size {
				var v starlark.Value
				if v, more = next(); more {
					c := make(chan outcome, 1)
					waiting = append(waiting, c)
					go func() {
						v, err := p.Call(ctx, fn, v)
						c <- outcome{v, err}
					}()
				}
			}
			if len(waiting) > 0 {
				o := <-waiting[0]
				waiting = waiting[1:]
				if !yield(o.v, o.err) {
					return
				}
			}
		}
	}
}

// Close ends the workers, whatever they are at; who waits for a task gets ErrPoolClosed. It blocks until they are gone, and may be called
// several times.
func (p *Pool) Close() { p.workers.Close() }
