package mp

import (
	"fmt"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// mapCall is map(fn, *iterables, timeout=None, chunksize=1, buffersize=None), of Python 3.14.
// https://docs.python.org/3.14/library/concurrent.futures.html#concurrent.futures.Executor.map
type mapCall struct {
	self, fn  starlark.Value
	timeout   seconds
	chunksize int
	buffer    int // results at most that have not been taken, in chunks; 0 for no limit: all is submitted at once
	input     zip
}

func parseMap(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (m mapCall, err error) {
	if len(args) < 2 {
		return m, wire.Errorf("TypeError", "%s() missing 1 required positional argument: 'fn'", b.Name())
	}
	var chunksize, buffersize starlark.Value = starlark.MakeInt(1), starlark.None
	if err := starlark.UnpackArgs(b.Name(), nil, kwargs, "timeout?", &m.timeout, "chunksize?", &chunksize, "buffersize?", &buffersize); err != nil {
		return m, err
	}
	m.self, m.fn = args[0], args[1]
	if m.chunksize, err = starlark.AsInt32(chunksize); err != nil {
		return m, wire.Errorf("TypeError", "%s: chunksize: %v", b.Name(), err)
	}
	if buffersize != starlark.None {
		if _, ok := buffersize.(starlark.Int); !ok {
			return m, wire.Errorf("TypeError", "buffersize must be an integer or None")
		}
		if m.buffer, err = starlark.AsInt32(buffersize); err != nil || m.buffer < 1 {
			return m, wire.Errorf("ValueError", "buffersize must be None or > 0")
		}
	}
	m.input, err = newZip(args[2:])
	return m, err
}

// executorMap is Executor.map: each call is one submit of the executor, a script's own included.
func (fs *futures) executorMap(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	m, err := parseMap(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	submit, err := attribute(m.self, "submit")
	if err != nil {
		m.input.close()
		return nil, err
	}
	m.chunksize = 1
	return fs.startMap(thread, m, false, func(thread *starlark.Thread, rows []starlark.Value) (*future, error) {
		v, err := fs.rt.host.Call(thread, submit, append(starlark.Tuple{m.fn}, rows[0].(starlark.Tuple)...), nil)
		if err != nil {
			return nil, err
		}
		if f, err := futureOf("", v); err == nil {
			return f, nil
		}
		return nil, wire.Errorf("TypeError", "submit() of '%s' returned %s, want a Future", pythonName(m.self), pythonName(v))
	})
}

// mapped is ProcessPoolExecutor.map: each chunk is one future.
func (x *executor) mapped(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	m, err := parseMap(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	if m.chunksize < 1 {
		m.input.close()
		return nil, wire.Errorf("ValueError", "chunksize must be >= 1.")
	}
	fs := x.crew.fs
	var fn function
	if err = x.ready(thread); err == nil {
		fn, err = x.crew.pool.team.pack(m.fn)
	}
	if err != nil {
		m.input.close()
		return nil, err
	}
	return fs.startMap(thread, m, true, func(thread *starlark.Thread, rows []starlark.Value) (*future, error) {
		f := &future{fs: fs}
		if err := x.ready(thread); err != nil {
			return nil, err
		}
		return f, x.send(thread, f, taskStarmap, fn, starlark.NewList(rows))
	})
}

// mapping is the series of a map's results.
type mapping struct {
	fs      *futures
	call    mapCall
	lists   bool // each future's value is a list of results
	submit  func(thread *starlark.Thread, rows []starlark.Value) (*future, error)
	limit   limit
	pending []*future        // submitted and not taken, in order
	ready   []starlark.Value // of the future that is being taken
}

// startMap submits all, or as much as is to be ahead of the results that are taken.
func (fs *futures) startMap(thread *starlark.Thread, call mapCall, lists bool, submit func(*starlark.Thread, []starlark.Value) (*future, error)) (starlark.Value, error) {
	m := &mapping{fs: fs, call: call, lists: lists, submit: submit, limit: newLimit(call.timeout)}
	for call.buffer == 0 || len(m.pending) < call.buffer {
		more, err := m.more(thread)
		if err != nil {
			m.close()
			return nil, err
		}
		if !more {
			break
		}
	}
	return fs.rt.newGenerator("map", m), nil
}

// more submits one future's worth of the input, and reports false where there is none.
func (m *mapping) more(thread *starlark.Thread) (bool, error) {
	var rows []starlark.Value
	for len(rows) < m.call.chunksize {
		row, ok := m.call.input.next()
		if !ok {
			m.call.input.close()
			m.call.input = nil
			break
		}
		rows = append(rows, row)
	}
	if err := m.fs.rt.takePending(); err != nil || len(rows) == 0 {
		return false, err
	}
	f, err := m.submit(thread, rows)
	if err != nil {
		return false, err
	}
	m.pending = append(m.pending, f)
	return true, nil
}

func (m *mapping) next(thread *starlark.Thread) (starlark.Value, bool, error) {
	for len(m.ready) == 0 {
		if len(m.pending) == 0 {
			return nil, false, nil
		}
		if m.call.buffer > 0 {
			if _, err := m.more(thread); err != nil {
				return nil, false, err
			}
		}
		f := m.pending[0]
		v, err := f.result(thread, m.limit.left())
		if err != nil {
			return nil, false, err
		}
		m.pending[0] = nil
		m.pending = m.pending[1:]
		if !m.lists {
			return v, true, nil
		}
		l, ok := v.(*starlark.List)
		if !ok {
			return nil, false, fmt.Errorf("BUG: Executor.map: results are a %s", v.Type())
		}
		m.ready = elements(l)
	}
	v := m.ready[0]
	m.ready = m.ready[1:]
	return v, true, nil
}

// close cancels what has not begun.
func (m *mapping) close() {
	m.call.input.close()
	for _, f := range m.pending {
		if _, callbacks := f.cancel(); len(callbacks) > 0 {
			m.fs.callbacks.add(func(thread *starlark.Thread) error { return f.callBack(thread, callbacks) })
		}
	}
	m.pending, m.ready = nil, nil
}
