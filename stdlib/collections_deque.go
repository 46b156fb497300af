package stdlib

import (
	"fmt"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// deque is collections.deque: a ring of values. https://docs.python.org/3/library/collections.html#collections.deque
type deque struct {
	lib    *Lib
	ring   []starlark.Value
	head   int // where the first value is
	n      int
	max    int // -1: no limit
	moves  int // counts changes of length and order, so that loops notice
	frozen bool
}

var (
	_ starlark.HasSetIndex = (*deque)(nil)
	_ starlark.Sequence    = (*deque)(nil)
	_ starlark.Container   = (*deque)(nil)
	_ starlark.HasAttrs    = (*deque)(nil)
	_ starlark.Comparable  = (*deque)(nil)
	_ starlark.HasBinary   = (*deque)(nil)
)

// newDeque is deque([iterable[, maxlen]]).
func (l *Lib) newDeque(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var items, limit starlark.Value = nil, starlark.None
	if err := bind("deque", args, kwargs, "iterable?", &items, "maxlen?", &limit); err != nil {
		return nil, err
	}
	d := &deque{lib: l, max: -1}
	if limit != starlark.None {
		n, err := toIndex(limit)
		if err != nil {
			return nil, err
		}
		if n < 0 {
			return nil, wire.Errorf("ValueError", "maxlen must be non-negative")
		}
		d.max = n
	}
	if items == nil {
		return d, nil
	}
	return d, d.extend(thread, items, d.push)
}

func (d *deque) Type() string          { return "deque" }
func (d *deque) Truth() starlark.Bool  { return d.n > 0 }
func (d *deque) Hash() (uint32, error) { return 0, unhashable(d) }
func (d *deque) Len() int              { return d.n }
func (d *deque) Freeze() {
	if !d.frozen {
		d.frozen = true
		for i := range d.n {
			d.Index(i).Freeze()
		}
	}
}

func (d *deque) String() string {
	text := starlark.NewList(d.values()).String()
	for i := range d.n {
		if d.Index(i) == starlark.Value(d) {
			text = "[...]"
		}
	}
	if d.max >= 0 {
		return fmt.Sprintf("deque(%s, maxlen=%d)", text, d.max)
	}
	return "deque(" + text + ")"
}

// at returns where value i is in the ring.
func (d *deque) at(i int) int {
	if i += d.head; i >= len(d.ring) {
		i -= len(d.ring)
	}
	return i
}

// Index returns value i.
func (d *deque) Index(i int) starlark.Value { return d.ring[d.at(i)] }

// SetIndex is d[i] = v.
func (d *deque) SetIndex(i int, v starlark.Value) error {
	if err := d.mutable(); err != nil {
		return err
	}
	d.ring[d.at(i)] = v
	return nil
}

func (d *deque) mutable() error {
	if d.frozen {
		return wire.Errorf("TypeError", "cannot change frozen deque")
	}
	return nil
}

func (d *deque) values() []starlark.Value {
	vs := make([]starlark.Value, d.n)
	for i := range vs {
		vs[i] = d.Index(i)
	}
	return vs
}

// reset makes vs the contents.
func (d *deque) reset(vs []starlark.Value) {
	if d.max >= 0 && len(vs) > d.max {
		vs = vs[len(vs)-d.max:]
	}
	d.ring, d.head, d.n = vs[:len(vs):len(vs)], 0, len(vs)
	d.moves++
}

func (d *deque) grow() {
	if d.n < len(d.ring) {
		return
	}
	ring := make([]starlark.Value, max(8, 2*d.n))
	copy(ring, d.values())
	d.ring, d.head = ring, 0
}

// push adds a value on the right.
func (d *deque) push(v starlark.Value) {
	if d.max == 0 {
		return
	}
	if d.n == d.max {
		d.pop(0)
	}
	d.grow()
	d.n++
	d.ring[d.at(d.n-1)] = v
	d.moves++
}

// pushLeft adds a value on the left.
func (d *deque) pushLeft(v starlark.Value) {
	if d.max == 0 {
		return
	}
	if d.n == d.max {
		d.pop(d.n - 1)
	}
	d.grow()
	if d.head--; d.head < 0 {
		d.head = len(d.ring) - 1
	}
	d.n++
	d.ring[d.head] = v
	d.moves++
}

// pop removes the first or the last value.
func (d *deque) pop(i int) starlark.Value {
	at := d.at(i)
	v := d.ring[at]
	d.ring[at] = nil
	d.n--
	if i == 0 {
		if d.head++; d.head == len(d.ring) {
			d.head = 0
		}
	}
	d.moves++
	return v
}

func (d *deque) extend(thread *starlark.Thread, items starlark.Value, push func(starlark.Value)) error {
	if items == starlark.Value(d) {
		items = starlark.NewList(d.values())
	}
	return d.lib.forEach(thread, items, func(v starlark.Value) error {
		push(v)
		return nil
	})
}

// find returns the first value in [from, to) that equals v, -1 if there is none.
func (d *deque) find(v starlark.Value, from, to int) (int, error) {
	moves := d.moves
	for i := from; i < to && i < d.n; i++ {
		same, err := d.lib.equal(d.Index(i), v)
		if err != nil {
			return 0, err
		}
		if moves != d.moves {
			return 0, wire.Errorf("RuntimeError", "deque mutated during iteration")
		}
		if same {
			return i, nil
		}
	}
	return -1, nil
}

// equal is x == y with the errors of special methods.
func (l *Lib) equal(x, y starlark.Value) (bool, error) {
	same, err := starlark.Equal(x, y)
	if err == nil {
		err = l.check()
	}
	return same, err
}

// Has is v in d.
func (d *deque) Has(v starlark.Value) (bool, error) {
	i, err := d.find(v, 0, d.n)
	return i >= 0, err
}

// Iterate fails where the deque changes meanwhile.
func (d *deque) Iterate() starlark.Iterator {
	return &loop{lib: d.lib, cur: &dequeCursor{d: d, moves: d.moves}}
}

type dequeCursor struct {
	d        *deque
	i, moves int
	reverse  bool
}

func (c *dequeCursor) next(*starlark.Thread) (starlark.Value, bool, error) {
	if c.moves != c.d.moves {
		return nil, false, wire.Errorf("RuntimeError", "deque mutated during iteration")
	}
	if c.i >= c.d.n {
		return nil, false, nil
	}
	c.i++
	if c.reverse {
		return c.d.Index(c.d.n - c.i), true, nil
	}
	return c.d.Index(c.i - 1), true, nil
}

func (c *dequeCursor) close() {}

// CompareSameType compares as lists do.
func (d *deque) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	e, ok := y.(*deque)
	if !ok {
		return otherType(op, d, y)
	}
	return starlark.CompareDepth(op, starlark.NewList(d.values()), starlark.NewList(e.values()), depth)
}

// Binary is d + other and d * n.
func (d *deque) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	c := &deque{lib: d.lib, max: d.max}
	switch op {
	case syntax.PLUS:
		if side == starlark.Left && d.lib.cfg.Augmented() { // d += iterable
			if err := d.mutable(); err != nil {
				return nil, err
			}
			return d, d.extend(d.lib.cfg.Current(), y, d.push)
		}
		o, ok := y.(*deque)
		if !ok {
			return nil, wire.Errorf("TypeError", `can only concatenate deque (not "%s") to deque`, pyType(y))
		}
		c.reset(append(d.values(), o.values()...))
		return c, nil
	case syntax.STAR:
		n, err := toIndex(y)
		if err != nil {
			return nil, nil
		}
		list, err := starlark.Binary(op, starlark.NewList(d.values()), starlark.MakeInt(max(n, 0)))
		if err != nil {
			return nil, err
		}
		vs, _ := d.lib.drain(nil, list)
		c.reset(vs)
		return c, nil
	}
	return nil, nil
}

// Attr implements starlark.HasAttrs.
func (d *deque) Attr(name string) (starlark.Value, error) {
	if name == "maxlen" {
		if d.max < 0 {
			return starlark.None, nil
		}
		return starlark.MakeInt(d.max), nil
	}
	return dequeMethods().bound(d, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (d *deque) AttrNames() []string { return append([]string{"maxlen"}, dequeMethods().names()...) }

var dequeTable methodTable

func dequeMethods() *methodTable { return dequeTable.fill(dequeFunctions) }

// dequeMethod is a method with n arguments by position that changes the deque.
func dequeMethod(name string, low, high int, f func(d *deque, thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error)) goFunc {
	return method(func(d *deque, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if low == 1 && high == 1 && (len(args) != 1 || len(kwargs) > 0) {
			return nil, wire.Errorf("TypeError", "deque.%s() takes exactly one argument (%d given)", name, len(args)+len(kwargs))
		}
		if err := argCount(name, args, kwargs, low, high); err != nil {
			return nil, err
		}
		if err := d.mutable(); err != nil {
			return nil, err
		}
		v, err := f(d, thread, args)
		if v == nil {
			v = starlark.None
		}
		return v, err
	})
}

func dequeFunctions() map[string]goFunc {
	pop := func(name string, last bool) goFunc {
		return dequeMethod(name, 0, 0, func(d *deque, _ *starlark.Thread, _ starlark.Tuple) (starlark.Value, error) {
			if d.n == 0 {
				return nil, wire.Errorf("IndexError", "pop from an empty deque")
			}
			if last {
				return d.pop(d.n - 1), nil
			}
			return d.pop(0), nil
		})
	}
	m := map[string]goFunc{
		"pop": pop("pop", true), "popleft": pop("popleft", false),
		"index": method(dequeIndex), "count": method(dequeCount),
		"copy": method(func(d *deque, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			c := &deque{lib: d.lib, max: d.max}
			c.reset(d.values())
			return c, argCount("copy", args, kwargs, 0, 0)
		}),
		"__reversed__": method(func(d *deque, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return &Iterator{lib: d.lib, cur: &dequeCursor{d: d, moves: d.moves, reverse: true}}, argCount("__reversed__", args, kwargs, 0, 0)
		}),
		"__getitem__": method(func(d *deque, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			i, err := d.position("__getitem__", args, kwargs, 1)
			if err != nil {
				return nil, err
			}
			return d.Index(i), nil
		}),
	}
	for name, f := range map[string]struct {
		low, high int
		f         func(d *deque, thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error)
	}{
		"append": {1, 1, func(d *deque, _ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
			d.push(args[0])
			return nil, nil
		}},
		"appendleft": {1, 1, func(d *deque, _ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
			d.pushLeft(args[0])
			return nil, nil
		}},
		"clear": {0, 0, func(d *deque, _ *starlark.Thread, _ starlark.Tuple) (starlark.Value, error) {
			d.reset(nil)
			return nil, nil
		}},
		"extend": {1, 1, func(d *deque, thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
			return nil, d.extend(thread, args[0], d.push)
		}},
		"extendleft": {1, 1, func(d *deque, thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
			return nil, d.extend(thread, args[0], d.pushLeft)
		}},
		"insert": {2, 2, dequeInsert},
		"remove": {1, 1, func(d *deque, _ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
			i, err := d.find(args[0], 0, d.n)
			if err == nil && i < 0 {
				err = wire.Errorf("ValueError", "%s is not in deque", args[0])
			}
			if err != nil {
				return nil, err
			}
			d.remove(i)
			return nil, nil
		}},
		"reverse": {0, 0, func(d *deque, _ *starlark.Thread, _ starlark.Tuple) (starlark.Value, error) {
			vs := d.values()
			for i, k := 0, len(vs)-1; i < k; i, k = i+1, k-1 {
				vs[i], vs[k] = vs[k], vs[i]
			}
			d.reset(vs)
			return nil, nil
		}},
		"rotate": {0, 1, dequeRotate},
		"__setitem__": {2, 2, func(d *deque, _ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
			i, err := d.position("__setitem__", args, nil, 2)
			if err != nil {
				return nil, err
			}
			return nil, d.SetIndex(i, args[1])
		}},
		"__delitem__": {1, 1, func(d *deque, _ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
			i, err := d.position("__delitem__", args, nil, 1)
			if err == nil {
				d.remove(i)
			}
			return nil, err
		}},
	} {
		m[name] = dequeMethod(name, f.low, f.high, f.f)
	}
	return m
}

// position is the first argument as an index.
func (d *deque) position(name string, args starlark.Tuple, kwargs []starlark.Tuple, n int) (int, error) {
	if err := argCount(name, args, kwargs, n, n); err != nil {
		return 0, err
	}
	i, err := toIndex(args[0])
	if err != nil {
		return 0, wire.Errorf("TypeError", "sequence index must be integer, not '%s'", pyType(args[0]))
	}
	if i < 0 {
		i += d.n
	}
	if i < 0 || i >= d.n {
		return 0, wire.Errorf("IndexError", "deque index out of range")
	}
	return i, nil
}

func (d *deque) remove(i int) {
	vs := d.values()
	d.reset(append(vs[:i], vs[i+1:]...))
}

func dequeInsert(d *deque, _ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	i, err := toIndex(args[0])
	if err != nil {
		return nil, err
	}
	if d.n == d.max {
		return nil, wire.Errorf("IndexError", "deque already at its maximum size")
	}
	if i < 0 {
		i = max(0, i+d.n)
	}
	i = min(i, d.n)
	vs := append(d.values(), nil)
	copy(vs[i+1:], vs[i:])
	vs[i] = args[1]
	d.reset(vs)
	return nil, nil
}

func dequeRotate(d *deque, _ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	n := 1
	if len(args) > 0 {
		var err error
		if n, err = toIndex(args[0]); err != nil {
			return nil, err
		}
	}
	if d.n < 2 {
		return nil, nil
	}
	n = (n%d.n + d.n) % d.n
	if n <= d.n/2 {
		for range n {
			d.pushLeft(d.pop(d.n - 1))
		}
	} else {
		for range d.n - n {
			d.push(d.pop(0))
		}
	}
	return nil, nil
}

func dequeCount(d *deque, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) != 1 || len(kwargs) > 0 {
		return nil, wire.Errorf("TypeError", "deque.count() takes exactly one argument (%d given)", len(args))
	}
	n := 0
	for i := 0; i < d.n; i++ {
		k, err := d.find(args[0], i, d.n)
		if err != nil {
			return nil, err
		}
		if k < 0 {
			break
		}
		n++
		i = k
	}
	return starlark.MakeInt(n), nil
}

// dequeIndex is index(x[, start[, stop]]).
func dequeIndex(d *deque, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("index", args, kwargs, 1, 3); err != nil {
		return nil, err
	}
	s := &Slice{starlark.MakeInt(0), starlark.None, starlark.None}
	if len(args) > 1 {
		s.start = args[1]
	}
	if len(args) > 2 {
		s.stop = args[2]
	}
	from, to, _, _, err := s.Indices(d.n)
	if err != nil {
		return nil, err
	}
	i, err := d.find(args[0], from, to)
	if err == nil && i < 0 {
		err = wire.Errorf("ValueError", "%s is not in deque", args[0])
	}
	return starlark.MakeInt(i), err
}
