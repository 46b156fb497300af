package mp

import (
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"time"
	"weak"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// stream is one call of imap or imap_unordered: chunks that are sent as results are taken, so that neither an endless
// input nor results that nobody takes fill the memory.
type stream struct {
	pool    *pool
	id      uint64
	ordered bool
	limit   time.Duration // of each call, 0 for none
	size    int           // items of a chunk
	ahead   lookahead     // guarded by the script lock
	it      weak.Pointer[IMapIterator]
	arrived atomic.Uint32 // futex word: counts what arrives
	bar     *progressBar  // may be nil

	// Guarded by pool.mu.
	pending map[uint32]int     // chunks sent whose results have not arrived, and how many items they have
	results map[uint32]outcome // what has arrived and was not taken, by chunk
	fresh   []uint32           // its chunks in the order of their arrival, if not ordered
	ended   bool               // no more chunks will be sent
	broken  error              // what becomes of those that never will
}

var _ work = (*stream)(nil)

func (s *stream) finishLocked(chunk uint32, o outcome) (taken, last bool) {
	items, ok := s.pending[chunk]
	if !ok {
		return false, false
	}
	delete(s.pending, chunk)
	s.bar.add(items)
	s.results[chunk] = o
	if !s.ordered {
		s.fresh = append(s.fresh, chunk)
	}
	s.tell()
	return true, s.ended && len(s.pending) == 0
}

func (s *stream) abortLocked(err error) {
	s.broken, s.ended = err, true
	s.tell()
}

// tell wakes who waits for something to arrive.
func (s *stream) tell() {
	s.arrived.Add(1)
	s.pool.team.wake(&s.arrived)
}

func (s *stream) hasCallbacks() bool        { return false }
func (s *stream) announce(*starlark.Thread) { s.bar.end() }

// IMapIterator is what imap returns, and under the name of IMapUnorderedIterator what imap_unordered does: an iterator, with
// next(timeout=None) as in CPython.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.pool.Pool.imap
//
// Unlike CPython's, the input is read as results are taken, at most buffersize items ahead (the parameter of Python
// 3.16's Executor.map). By default that is twice the number of workers in chunks, and more where tasks are short, see lookahead.
type IMapIterator struct {
	shared
	s     *stream
	pool  *Pool // is not dropped as long as this is not
	f     function
	input starlark.Iterator // nil at its end
	sent  uint32            // chunks sent so far
	given uint32            // chunks taken so far
	ready []starlark.Value  // of the chunk that is being taken
	busy  bool              // fill is reading the input
	err   error             // of the input, to be raised when what was sent before has been taken
}

var (
	_ starlark.Iterable   = (*IMapIterator)(nil)
	_ starlark.HasAttrs   = (*IMapIterator)(nil)
	_ starlark.Comparable = (*IMapIterator)(nil)
)

// poolImap is imap(func, iterable, chunksize=1, buffersize=None, timeout=None, progress=False) and imap_unordered with the
// same parameters.
func poolImap(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p := b.Receiver().(*Pool)
	x, kwargs, err := takeExtras(b.Name(), kwargs)
	if err != nil {
		return nil, err
	}
	var f, iterable starlark.Value
	var chunksize starlark.Value = starlark.MakeInt(1)
	var buffer starlark.Value = starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "func", &f, "iterable", &iterable, "chunksize?", &chunksize, "buffersize?", &buffer); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	size, err := chunkSize(b.Name(), chunksize)
	if err != nil {
		return nil, err
	}
	s := &stream{pool: p.pool, ordered: b.Name() == "imap", limit: x.limit, size: size, ahead: newLookahead(2 * p.workers()),
		pending: map[uint32]int{}, results: map[uint32]outcome{}}
	if buffer != starlark.None {
		n, err := starlark.AsInt32(buffer)
		if err != nil {
			return nil, wire.Errorf("TypeError", "buffersize must be an integer or None")
		}
		if n < 1 {
			return nil, wire.Errorf("ValueError", "buffersize must be None or > 0")
		}
		s.ahead = lookahead{window: max(1, n/size)}
	}
	it := &IMapIterator{s: s, pool: p}
	it.shared = shared{rt: p.rt(), typ: imapType, self: it}
	if !s.ordered {
		it.typ = imapUnorderedType
	}
	if it.f, it.err = p.team.pack(f); it.err == nil {
		if it.input = starlark.Iterate(iterable); it.input == nil {
			it.err = notIterable(iterable)
		}
	}
	if s.id, err = p.register(s); err != nil {
		it.end()
		return nil, err
	}
	if x.progress {
		s.bar = p.rt().newBar(b.Name(), starlark.Len(iterable))
	}
	s.it = weak.Make(it)
	runtime.AddCleanup(it, (*stream).abandon, s)
	it.fill()
	return it, nil
}

// abandon ends a stream whose iterator nobody has any more, so that a closed pool can end.
func (s *stream) abandon() {
	p := s.pool
	p.mu.Lock()
	for _, o := range s.results {
		o.release(p.rt)
	}
	s.results, s.pending, s.ended = nil, nil, true
	p.mu.Unlock()
	s.bar.end()
	p.withdraw(s.id)
}

// feed sends all that is left of the inputs of imaps, whose iterators may be taken from after the pool's end. Those that nobody has
// any more are found by the collector. The caller has the script lock.
func (p *pool) feed() {
	var open []*stream
	p.mu.Lock()
	for _, w := range p.jobs {
		if s, ok := w.(*stream); ok && !s.ended {
			open = append(open, s)
		}
	}
	p.mu.Unlock()
	if len(open) > 0 {
		runtime.GC()
	}
	for _, s := range open {
		if it := s.it.Value(); it != nil {
			s.ahead = lookahead{window: math.MaxInt}
			it.fill()
		} else {
			s.abandon()
		}
	}
}

// fill sends chunks up to the window. An item that cannot be sent ends the input.
func (it *IMapIterator) fill() {
	if it.busy {
		return // another thread is at it, and the input lets this one run
	}
	s, p := it.s, it.s.pool
	if !s.ahead.due(it.sent, it.given) {
		return
	}
	it.busy = true
	defer func() {
		if it.busy = false; it.input == nil {
			s.tell() // who found it busy may be at the end
		}
	}()
	for it.input != nil && int(it.sent-it.given) < s.ahead.window && p.over.Load() == 0 {
		var items []starlark.Value
		for x := starlark.Value(nil); len(items) < s.size && it.input.Next(&x); {
			items = append(items, x)
		}
		if len(items) < s.size {
			it.end()
			if it.err = p.rt.takePending(); it.err != nil {
				break // without the items before the error, as in CPython
			}
		}
		if len(items) == 0 {
			break
		}
		p.mu.Lock()
		s.pending[it.sent] = len(items)
		p.mu.Unlock()
		if err := p.team.send(task{job: s.id, chunk: it.sent, kind: taskMap, limit: s.limit}, it.f, starlark.NewList(items)); err != nil {
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
		first := !s.ended
		s.ended = true
		done := first && len(s.pending) == 0
		p.mu.Unlock()
		if done {
			s.bar.end()
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
	s := it.s
	end := futex.After(timeout.d)
	for len(it.ready) == 0 {
		it.fill()
		arrived := s.arrived.Load()
		if it.sent == it.given && !it.busy {
			s.bar.end() // who took the last result may not have come to that
			err, it.err = it.err, nil
			return nil, false, err
		}
		o, found, broken := s.pop(it.given)
		if found {
			it.given++
			it.fill()
			if it.ready, err = o.appendTo(it.rt, nil); err != nil {
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
		if err := s.pool.waitFor(thread, &s.arrived, arrived, left); err != nil {
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

func (it *IMapIterator) String() string {
	return fmt.Sprintf("<multiprocessing.pool.%s object at %p>", it.typ.name, it)
}

// Hash hashes the identity of the value.
func (it *IMapIterator) Hash() (uint32, error) { return pointerHash(it), nil }

// CompareSameType compares identities.
func (it *IMapIterator) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	return compareIdentity(op, it == y.(*IMapIterator), it.Type())
}

// Method tells next() and iter() that this is an iterator.
func (it *IMapIterator) Method(name string) starlark.Value {
	m, _ := it.Attr(name) // which never fails
	return m
}

// Iterate implements starlark.Iterable: the results that have not been taken. An error ends the loop and is raised.
func (it *IMapIterator) Iterate() starlark.Iterator { return imapLoop{it} }

var (
	imapType          = &sharedType{"IMapIterator", imapMethods}
	imapUnorderedType = &sharedType{"IMapUnorderedIterator", imapMethods}
)

var imapMethods = []method{{"next", imapNext}, {"__next__", imapNext}, {"__iter__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return b.Receiver(), noArgs(b, args, kwargs)
}}}

var errStopIteration = wire.Errorf("StopIteration", "")

// imapNext is IMapIterator.next(timeout=None).
func imapNext(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var timeout seconds
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "timeout?", &timeout); err != nil {
		return nil, err
	}
	v, ok, err := b.Receiver().(*IMapIterator).take(thread, timeout)
	if err == nil && !ok {
		err = errStopIteration
	}
	return v, err
}

// imapLoop is a for loop over the results.
type imapLoop struct{ it *IMapIterator }

func (l imapLoop) Next(p *starlark.Value) bool {
	host := l.it.rt.host
	v, ok, err := l.it.take(host.Current(), seconds{})
	if err != nil {
		host.Pending(err)
		return false
	}
	*p = v
	return ok
}

func (l imapLoop) Done() {}
