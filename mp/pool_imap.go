package mp

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// stream is one call of imap or imap_unordered: chunks that are sent as results are taken, so that neither an endless
// input nor results that nobody takes fill the memory.
type stream struct {
	pool    *Pool
	id      uint64
	ordered bool
	size    int           // items of a chunk
	window  int           // chunks at most on their way or waiting to be taken
	arrived atomic.Uint32 // futex word: counts what arrives

	// Guarded by pool.mu.
	pending map[uint32]bool    // chunks sent whose results have not arrived
	results map[uint32]outcome // what has arrived and was not taken, by chunk
	fresh   []uint32           // its chunks in the order of their arrival, if not ordered
	ended   bool               // no more chunks will be sent
	broken  error              // what becomes of those that never will
}

// outcome is what came of a chunk.
type outcome struct {
	msg  prim.Msg
	fail failure
}

func (s *stream) finishLocked(chunk uint32, msg prim.Msg, fail failure) (taken, last bool) {
	if !s.pending[chunk] {
		return false, false
	}
	delete(s.pending, chunk)
	s.results[chunk] = outcome{msg, fail}
	if !s.ordered {
		s.fresh = append(s.fresh, chunk)
	}
	s.arrived.Add(1)
	futex.Wake(&s.arrived, futex.All)
	return true, s.ended && len(s.pending) == 0
}

func (s *stream) abortLocked(err error) {
	s.broken, s.ended = err, true
	s.arrived.Add(1)
	futex.Wake(&s.arrived, futex.All)
}

func (s *stream) announce(*starlark.Thread) {}
func (s *stream) announceLater()            {}

// IMapIterator is what imap and imap_unordered return: an iterator, with next(timeout=None) as in CPython.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.pool.Pool.imap
//
// Unlike CPython's, the input is read as results are taken, at most buffersize items ahead (the parameter of Python
// 3.16's Executor.map; twice the number of workers in chunks by default).
type IMapIterator struct {
	s       *stream
	f       starlark.Value // keeps what the encoded function refers to
	fn      []byte
	handles []wire.Handle
	input   starlark.Iterator // nil at its end
	sent    uint32            // chunks sent so far
	given   uint32            // chunks taken so far
	ready   []starlark.Value  // of the chunk that is being taken
	err     error             // of the input, to be raised when what was sent before has been taken
	next    *starlark.Builtin
}

var (
	_ starlark.Iterable = (*IMapIterator)(nil)
	_ starlark.HasAttrs = (*IMapIterator)(nil)
)

// poolImap is imap(func, iterable, chunksize=1, buffersize=None) and imap_unordered with the same parameters.
func poolImap(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p := b.Receiver().(*Pool)
	var f starlark.Callable
	var iterable starlark.Value
	var buffer starlark.Value = starlark.None
	size := 1
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "func", &f, "iterable", &iterable, "chunksize?", &size, "buffersize?", &buffer); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	if size < 1 {
		return nil, wire.Errorf("ValueError", "Chunksize must be 1+, not %d", size)
	}
	s := &stream{pool: p, ordered: b.Name() == "imap", size: size, window: 2 * p.size,
		pending: map[uint32]bool{}, results: map[uint32]outcome{}}
	if buffer != starlark.None {
		n, err := starlark.AsInt32(buffer)
		if err != nil {
			return nil, wire.Errorf("TypeError", "buffersize must be an integer or None")
		}
		if n < 1 {
			return nil, wire.Errorf("ValueError", "buffersize must be None or > 0")
		}
		s.window = max(1, n/size)
	}
	it := &IMapIterator{s: s, f: f}
	var err error
	if it.fn, it.handles, err = p.rt.host.Codec().Encode(nil, "func", f); err != nil {
		return nil, err
	}
	if it.input = starlark.Iterate(iterable); it.input == nil {
		return nil, wire.Errorf("TypeError", "'%s' object is not iterable", iterable.Type())
	}
	if s.id, err = p.register(s); err != nil {
		it.end()
		return nil, err
	}
	runtime.AddCleanup(it, (*stream).abandon, s)
	it.fill()
	return it, nil
}

// abandon ends a stream whose iterator nobody has any more, so that a closed pool can end.
func (s *stream) abandon() {
	p := s.pool
	p.mu.Lock()
	for _, o := range s.results {
		o.msg.Release(p.rt.member)
		o.fail.msg.Release(p.rt.member)
	}
	s.results, s.pending, s.ended = nil, nil, true
	p.mu.Unlock()
	p.withdraw(s.id)
}

// fill sends chunks up to the window. An item that cannot be sent ends the input.
func (it *IMapIterator) fill() {
	s, p := it.s, it.s.pool
	for it.input != nil && int(it.sent-it.given) < s.window {
		var items []starlark.Value
		for x := starlark.Value(nil); len(items) < s.size && it.input.Next(&x); {
			items = append(items, x)
		}
		if len(items) < s.size {
			it.end()
		}
		if len(items) == 0 {
			break
		}
		p.mu.Lock()
		s.pending[it.sent] = true
		p.mu.Unlock()
		if err := p.send(&task{job: s.id, chunk: it.sent, kind: taskMap, fn: it.fn}, it.handles, starlark.NewList(items)); err != nil {
			p.mu.Lock()
			delete(s.pending, it.sent)
			p.mu.Unlock()
			it.end()
			it.err = err
			break
		}
		it.sent++
	}
	if it.input == nil {
		p.mu.Lock()
		s.ended = true
		done := len(s.pending) == 0
		p.mu.Unlock()
		if done {
			p.withdraw(s.id)
		}
	}
}

// end is the end of the input.
func (it *IMapIterator) end() {
	if it.input != nil {
		it.input.Done()
		it.input = nil
	}
}

// take returns the next result; ok is false at the end.
func (it *IMapIterator) take(thread *starlark.Thread, timeout seconds) (v starlark.Value, ok bool, err error) {
	s, p := it.s, it.s.pool
	end := futex.After(timeout.d)
	for len(it.ready) == 0 {
		if it.fill(); it.sent == it.given {
			err, it.err = it.err, nil
			return nil, false, err
		}
		arrived := s.arrived.Load()
		o, found, broken := s.pop(it.given)
		if found {
			it.given++
			it.fill()
			if it.ready, err = p.open(o); err != nil {
				return nil, false, err
			}
			continue
		}
		if broken != nil {
			it.end()
			it.given = it.sent
			return nil, false, broken
		}
		left := timeout
		if timeout.set {
			if left.d = time.Duration(end - futex.Now()); left.d <= 0 {
				return nil, false, wire.Errorf("multiprocessing.TimeoutError", "")
			}
		}
		if err := p.rt.waitWord(thread, &s.arrived, arrived, left); err != nil {
			return nil, false, err
		}
	}
	v, it.ready = it.ready[0], it.ready[1:]
	return v, true, nil
}

// pop takes the chunk that is due, given chunks having been taken: in order that one, else the first that has arrived.
func (s *stream) pop(given uint32) (o outcome, found bool, broken error) {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	chunk := given
	if !s.ordered && len(s.fresh) > 0 {
		chunk, s.fresh = s.fresh[0], s.fresh[1:]
	}
	o, found = s.results[chunk]
	delete(s.results, chunk)
	return o, found, s.broken
}

// open decodes what came of a chunk.
func (p *Pool) open(o outcome) ([]starlark.Value, error) {
	if o.fail.err != nil {
		return nil, o.fail.err
	}
	if o.fail.set {
		exc, err := p.rt.decoded(o.fail.msg)
		if err != nil {
			return nil, err
		}
		return nil, p.rt.host.ToError(exc)
	}
	v, err := p.rt.decoded(o.msg)
	if err != nil {
		return nil, err
	}
	l, ok := v.(*starlark.List)
	if !ok {
		return nil, fmt.Errorf("BUG: pool: results are a %s", v.Type())
	}
	return elements(l), nil
}

func (it *IMapIterator) String() string {
	return fmt.Sprintf("<multiprocessing.pool.IMapIterator object at %p>", it)
}
func (it *IMapIterator) Type() string          { return "IMapIterator" }
func (it *IMapIterator) Freeze()               {}
func (it *IMapIterator) Truth() starlark.Bool  { return true }
func (it *IMapIterator) Hash() (uint32, error) { return uint32(it.s.id), nil }

// Iterate implements starlark.Iterable: the results that have not been taken. An error ends the loop and is raised.
func (it *IMapIterator) Iterate() starlark.Iterator { return imapLoop{it} }

// Attr implements starlark.HasAttrs.
func (it *IMapIterator) Attr(name string) (starlark.Value, error) {
	if name != "next" && name != "__next__" {
		return nil, nil
	}
	if it.next == nil {
		it.next = starlark.NewBuiltin("next", imapNext).BindReceiver(it)
	}
	return it.next, nil
}

// AttrNames implements starlark.HasAttrs.
func (it *IMapIterator) AttrNames() []string { return []string{"__next__", "next"} }

// imapNext is IMapIterator.next(timeout=None).
func imapNext(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var timeout seconds
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "timeout?", &timeout); err != nil {
		return nil, err
	}
	v, ok, err := b.Receiver().(*IMapIterator).take(thread, timeout)
	if err == nil && !ok {
		err = wire.Errorf("StopIteration", "")
	}
	return v, err
}

// imapLoop is a for loop over the results.
type imapLoop struct{ it *IMapIterator }

func (l imapLoop) Next(p *starlark.Value) bool {
	host := l.it.s.pool.rt.host
	v, ok, err := l.it.take(host.Current(), seconds{})
	if err != nil {
		host.Pending(err)
		return false
	}
	*p = v
	return ok
}

func (l imapLoop) Done() {}
