package stdlib

import (
	"math/big"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// go.starlark.net decides by a value's Go type what can be indexed, iterated or tested, so every instance offers all of it, and
// those whose class lacks the special method say so as Python would. An instance has no Len method on purpose: go.starlark.net's
// built-ins trust a length they are told, and __len__ and __iter__ of a script need not agree.
var (
	_ starlark.HasSetKey = (*Instance)(nil)
	_ starlark.Container = (*Instance)(nil)
	_ starlark.Iterable  = (*Instance)(nil)
)

// Get is x[key].
func (x *Instance) Get(key starlark.Value) (starlark.Value, bool, error) {
	fn := x.cls.special("__getitem__")
	if fn == nil {
		return nil, false, wire.Errorf("TypeError", "'%s' object is not subscriptable", x.cls.name)
	}
	v, err := x.cls.lib.hook(x, fn, key)
	return v, err == nil, err
}

// SetKey is x[key] = v.
func (x *Instance) SetKey(key, v starlark.Value) error {
	fn := x.cls.special("__setitem__")
	if fn == nil {
		return wire.Errorf("TypeError", "'%s' object does not support item assignment", x.cls.name)
	}
	_, err := x.cls.lib.hook(x, fn, key, v)
	return err
}

// Has is y in x: what __contains__ says, else whether iterating finds y.
func (x *Instance) Has(y starlark.Value) (bool, error) {
	l := x.cls.lib
	if fn := x.cls.special("__contains__"); fn != nil {
		v, err := l.hook(x, fn, y)
		if err != nil {
			return false, err
		}
		return bool(v.Truth()), l.check()
	}
	if !x.iterable() {
		return false, wire.Errorf("TypeError", "argument of type '%s' is not iterable", x.cls.name)
	}
	it := x.Iterate()
	defer it.Done()
	var v starlark.Value
	for it.Next(&v) {
		eq, err := l.Compare(syntaxEQL, v, y)
		if err != nil {
			return false, err
		}
		if eq.Truth() {
			return true, l.check()
		}
	}
	return false, l.check()
}

func (x *Instance) iterable() bool {
	return x.cls.special("__iter__") != nil || x.cls.special("__getitem__") != nil
}

// Iterate walks the instance by __iter__ and __next__, or by __getitem__ with 0, 1, 2 ... An error becomes pending and ends the walk.
func (x *Instance) Iterate() starlark.Iterator {
	l := x.cls.lib
	if !x.iterable() {
		err := wire.Errorf("TypeError", "'%s' object is not iterable", x.cls.name)
		l.Fail(err)
		return &instanceIterator{lib: l, err: err}
	}
	cur, err := l.cursor(l.cfg.Current(), x)
	if err != nil {
		l.Fail(err)
	}
	return &instanceIterator{lib: l, cur: cur, err: err}
}

// instanceIterator is a cursor for go.starlark.net, which knows no failing iterators.
type instanceIterator struct {
	lib *Lib
	cur cursor
	err error
}

func (it *instanceIterator) Next(p *starlark.Value) bool {
	if it.cur == nil || it.err != nil {
		return false
	}
	v, ok, err := it.cur.next(it.lib.cfg.Current())
	if err != nil {
		it.err = err
		it.lib.Fail(err)
	}
	if ok && err == nil {
		*p = v
		return true
	}
	return false
}

// Err returns the error that ended the walk.
func (it *instanceIterator) Err() error { return it.err }

func (it *instanceIterator) Done() {
	if it.cur != nil {
		it.cur.close()
	}
}

// Truth is what __bool__ says, else whether __len__ is not 0, else True.
func (x *Instance) Truth() starlark.Bool {
	l := x.cls.lib
	if fn := x.cls.special("__bool__"); fn != nil {
		v, err := l.hook(x, fn)
		b, ok := v.(starlark.Bool)
		if err == nil && !ok {
			err = wire.Errorf("TypeError", "__bool__ should return bool, returned %s", pyType(v))
		}
		if err != nil {
			l.Fail(err)
		}
		return b
	}
	if x.cls.special("__len__") == nil {
		return true
	}
	n, err := x.length()
	if err != nil {
		l.Fail(err)
	}
	return n != 0
}

// length is len(x).
func (x *Instance) length() (int, error) {
	fn := x.cls.special("__len__")
	if fn == nil {
		return 0, wire.Errorf("TypeError", "object of type '%s' has no len()", x.cls.name)
	}
	v, err := x.cls.lib.hook(x, fn)
	if err != nil {
		return 0, err
	}
	i, ok := v.(starlark.Int)
	if !ok {
		return 0, wire.Errorf("TypeError", "'%s' object cannot be interpreted as an integer", pyType(v))
	}
	n, ok := i.Int64()
	if i.Sign() < 0 {
		return 0, wire.Errorf("ValueError", "__len__() should return >= 0")
	}
	if !ok {
		return 0, wire.Errorf("OverflowError", "cannot fit 'int' into an index-sized integer")
	}
	return int(n), nil
}

// Hash is what __hash__ says, else the identity's. A class with __eq__ alone has no hash.
func (x *Instance) Hash() (uint32, error) {
	fn, ok := x.cls.hasher()
	if !ok {
		return 0, wire.Errorf("TypeError", "unhashable type: '%s'", x.cls.name)
	}
	if fn == nil {
		return pointerHash(x), nil
	}
	h, err := x.hash(fn)
	if err != nil {
		x.cls.lib.Fail(err)
		return 0, err
	}
	return h.Hash()
}

// hasher returns the class's __hash__, nil for the default. ok is false if instances have no hash: a class in the order
// of resolution defines __eq__ before any defines __hash__, or __hash__ is None.
func (c *Class) hasher() (fn starlark.Value, ok bool) {
	if c.special("__eq__") == nil && c.lookup("__hash__") == c.lib.object.find("__hash__") {
		return nil, true
	}
	for _, k := range c.order()[:len(c.order())-1] {
		if v, found := k.attrs.get("__hash__"); found {
			return v, v != starlark.None
		}
		if _, found := k.attrs.get("__eq__"); found {
			return nil, false
		}
	}
	return nil, true
}

// bigAddress is an address as the int that scripts see.
func bigAddress(x any) starlark.Int {
	return starlark.MakeBigInt(new(big.Int).SetUint64(address(x)))
}
