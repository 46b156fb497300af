package stdlib

import (
	"fmt"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// A cursor walks an iterable with Python's rules. Where go.starlark.net's iterators lock a list against changes until
// they are done, a cursor reads it live: functions called between two steps may change it, and an iterator that a
// script holds on to locks nothing.
type cursor interface {
	// next returns the next value; ok is false at the end, and from then on.
	next(thread *starlark.Thread) (v starlark.Value, ok bool, err error)
	// close releases what the cursor holds. It may be called again.
	close()
}

// cursor returns a cursor over v. Strings and bytes are iterable, as in Python: by code point, and by byte.
func (l *Lib) cursor(thread *starlark.Thread, v starlark.Value) (cursor, error) {
	switch v := v.(type) {
	case starlark.String:
		return &stringCursor{string(v)}, nil
	case *starlark.Dict:
		return &indexCursor{x: starlark.Tuple(v.Keys())}, nil
	case *starlark.Set:
		// The elements as they are now: Python would refuse changes while iterating.
		return &indexCursor{x: elements(v)}, nil
	case *Iterator:
		return kept{v.cur}, nil
	case ownIterator:
		return kept{v.cursor()}, nil
	case starlark.Bytes:
		return &bytesCursor{string(v)}, nil
	}
	if m := specialMethod(v, "__iter__"); m != nil {
		it, err := l.call(thread, m)
		if err != nil {
			return nil, err
		}
		if c, ok := iteratorCursor(l, it); ok {
			return c, nil
		}
		return nil, wire.Errorf("TypeError", "iter() returned non-iterator of type '%s'", pyType(it))
	}
	if m := specialMethod(v, "__getitem__"); m != nil {
		return &getitemCursor{l: l, get: m}, nil
	}
	if x, ok := v.(starlark.Sequence); ok {
		if x, ok := x.(starlark.Indexable); ok {
			return &indexCursor{x: x}, nil
		}
	}
	if x, ok := v.(starlark.Iterable); ok {
		if it := x.Iterate(); it != nil {
			return &goCursor{it}, nil
		}
	}
	return nil, wire.Errorf("TypeError", "'%s' object is not iterable", pyType(v))
}

// forEach calls f for each value of an iterable.
func (l *Lib) forEach(thread *starlark.Thread, v starlark.Value, f func(starlark.Value) error) error {
	c, err := l.cursor(thread, v)
	if err != nil {
		return err
	}
	defer c.close()
	for {
		v, ok, err := c.next(thread)
		if err != nil || !ok {
			return err
		}
		if err := f(v); err != nil {
			return err
		}
	}
}

// drain returns all values of an iterable, and with an error those before it.
func (l *Lib) drain(thread *starlark.Thread, v starlark.Value) ([]starlark.Value, error) {
	var all []starlark.Value
	err := l.forEach(thread, v, func(v starlark.Value) error {
		all = append(all, v)
		return nil
	})
	return all, err
}

// iteratorCursor returns the cursor of a value that is an iterator itself, that is, has __next__.
func iteratorCursor(l *Lib, v starlark.Value) (cursor, bool) {
	if x, ok := v.(*Iterator); ok {
		return x.cur, true
	}
	if x, ok := v.(*File); ok {
		return &fileCursor{x}, true
	}
	if x, ok := v.(ownIterator); ok {
		return x.cursor(), true
	}
	if m := specialMethod(v, "__next__"); m != nil {
		return &nextCursor{l, m}, true
	}
	return nil, false
}

// ownIterator is a Go value that is an iterator and more, such as a csv reader. Its Iterate walks the same cursor.
type ownIterator interface{ cursor() cursor }

func isIterator(v starlark.Value) bool {
	_, ok := iteratorCursor(nil, v)
	return ok
}

func elements(x starlark.Iterable) starlark.Tuple {
	var t starlark.Tuple
	for v := range starlark.Elements(x) {
		t = append(t, v)
	}
	return t
}

// kept is the cursor of an iterator that a script has, which may go on with it: only its end closes it.
type kept struct{ cursor }

func (kept) close() {}

// indexCursor walks a sequence that may grow and shrink meanwhile.
type indexCursor struct {
	x starlark.Indexable
	i int
}

func (c *indexCursor) next(*starlark.Thread) (starlark.Value, bool, error) {
	if c.x == nil || c.i >= c.x.Len() {
		c.x = nil // an exhausted iterator stays exhausted
		return nil, false, nil
	}
	v := c.x.Index(c.i)
	c.i++
	return v, true, nil
}

func (c *indexCursor) close() {}

// stringCursor walks the code points of a string; a byte that is part of none comes alone.
type stringCursor struct{ s string }

func (c *stringCursor) next(*starlark.Thread) (starlark.Value, bool, error) {
	if c.s == "" {
		return nil, false, nil
	}
	_, n := utf8.DecodeRuneInString(c.s)
	v := c.s[:n]
	c.s = c.s[n:]
	return starlark.String(v), true, nil
}

func (c *stringCursor) close() {}

// bytesCursor walks bytes as ints.
type bytesCursor struct{ s string }

func (c *bytesCursor) next(*starlark.Thread) (starlark.Value, bool, error) {
	if c.s == "" {
		return nil, false, nil
	}
	v := c.s[0]
	c.s = c.s[1:]
	return starlark.MakeInt(int(v)), true, nil
}

func (c *bytesCursor) close() {}

// goCursor walks a value by its Go iterator.
type goCursor struct{ it starlark.Iterator }

func (c *goCursor) next(*starlark.Thread) (starlark.Value, bool, error) {
	if c.it == nil {
		return nil, false, nil
	}
	var v starlark.Value
	if c.it.Next(&v) {
		return v, true, nil
	}
	var err error
	if f, ok := c.it.(interface{ Err() error }); ok {
		err = f.Err()
	}
	c.close()
	return nil, false, err
}

func (c *goCursor) close() {
	if c.it != nil {
		c.it.Done()
		c.it = nil
	}
}

// nextCursor calls an instance's __next__.
type nextCursor struct {
	l    *Lib
	call starlark.Value
}

func (c *nextCursor) next(thread *starlark.Thread) (starlark.Value, bool, error) {
	v, err := c.l.call(thread, c.call)
	if err != nil {
		if c.l.raised(err, "StopIteration") {
			return nil, false, nil
		}
		return nil, false, err
	}
	return v, true, nil
}

func (c *nextCursor) close() {}

// callCursor is iter(callable, sentinel).
type callCursor struct {
	l            *Lib
	fn, sentinel starlark.Value
}

func (c *callCursor) next(thread *starlark.Thread) (starlark.Value, bool, error) {
	if c.fn == nil {
		return nil, false, nil
	}
	v, err := c.l.call(thread, c.fn)
	if err == nil {
		var end bool
		end, err = starlark.Equal(v, c.sentinel)
		if pending := c.l.check(); err == nil {
			err = pending // of __eq__
		}
		if err == nil && !end {
			return v, true, nil
		}
	}
	c.fn = nil
	if err != nil && c.l.raised(err, "StopIteration") {
		err = nil
	}
	return nil, false, err
}

func (c *callCursor) close() {}

// getitemCursor calls an instance's __getitem__ with 0, 1, 2 ... until IndexError.
type getitemCursor struct {
	l   *Lib
	get starlark.Value
	i   int
}

func (c *getitemCursor) next(thread *starlark.Thread) (starlark.Value, bool, error) {
	if c.get == nil {
		return nil, false, nil
	}
	v, err := c.l.call(thread, c.get, starlark.MakeInt(c.i))
	if err != nil {
		c.get = nil
		if c.l.raised(err, "IndexError") || c.l.raised(err, "StopIteration") {
			err = nil
		}
		return nil, false, err
	}
	c.i++
	return v, true, nil
}

func (c *getitemCursor) close() {}

// raised reports whether err is an exception of the named class.
func (l *Lib) raised(err error, class string) bool {
	return l.IsInstance(l.FromError(err), l.Exception(class))
}

// Iterator is what iter returns. It is its own iterator: loops over it carry on where the last one stopped.
// It can't be sent to another process.
type Iterator struct {
	lib *Lib
	cur cursor
}

var (
	_ starlark.Iterable  = (*Iterator)(nil)
	_ starlark.HasAttrs  = (*Iterator)(nil)
	_ starlark.Container = (*Iterator)(nil)
)

func (x *Iterator) String() string        { return fmt.Sprintf("<iterator object at %p>", x) }
func (x *Iterator) Type() string          { return "iterator" }
func (x *Iterator) Freeze()               {} // moving on is no change of a value
func (x *Iterator) Truth() starlark.Bool  { return true }
func (x *Iterator) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable type: iterator") }

// Iterate walks on from where the iterator stands.
func (x *Iterator) Iterate() starlark.Iterator { return &loop{lib: x.lib, cur: x.cur} }

// Has is v in x: it takes values until it finds one that is equal.
func (x *Iterator) Has(v starlark.Value) (bool, error) {
	for {
		got, ok, err := x.cur.next(x.lib.cfg.Current())
		if err != nil || !ok {
			return false, err
		}
		if same, err := x.lib.equal(got, v); same || err != nil {
			return same, err
		}
	}
}

// Attr has the two methods of Python's iterators.
func (x *Iterator) Attr(name string) (starlark.Value, error) {
	return iteratorAttr(x.lib, x, name)
}

// AttrNames lists them.
func (x *Iterator) AttrNames() []string { return []string{"__iter__", "__next__"} }

// iteratorAttr returns the methods __iter__ and __next__ of an iterator.
func iteratorAttr(l *Lib, x starlark.Value, name string) (starlark.Value, error) {
	var fn goFunc
	switch name {
	case "__iter__":
		fn = func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return x, argCount("__iter__", args, kwargs, 0, 0)
		}
	case "__next__":
		fn = func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount("__next__", args, kwargs, 0, 0); err != nil {
				return nil, err
			}
			return l.builtinNext(thread, b, starlark.Tuple{x}, nil)
		}
	default:
		return nil, nil
	}
	return starlark.NewBuiltin(name, fn), nil
}

// loop walks a cursor for go.starlark.net, whose iterators neither know their thread nor can fail: the error ends the
// loop and is raised by the thread (see pendingErrors), and Err has it for Go callers.
type loop struct {
	lib *Lib
	cur cursor
	err error
}

func (it *loop) Next(p *starlark.Value) bool {
	if it.err != nil {
		return false
	}
	v, ok, err := it.cur.next(it.lib.cfg.Current())
	if err != nil {
		it.err = err
		it.lib.Fail(err)
		return false
	}
	if ok {
		*p = v
	}
	return ok
}

func (it *loop) Done() {}

// Err returns the error that ended the loop.
func (it *loop) Err() error { return it.err }
