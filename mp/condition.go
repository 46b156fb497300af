package mp

import (
	"fmt"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Condition is multiprocessing.Condition: waiters that give up a lock until they are notified, first come first served.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Condition
//
// Unlike CPython's, notify does not wait for the waiters, so one that died blocks nobody.
type Condition struct {
	shared
	c    *prim.Condition
	lock starlark.HasAttrs // a *Lock or *RLock
}

var (
	_ starlark.HasAttrs   = (*Condition)(nil)
	_ starlark.Comparable = (*Condition)(nil)
)

// makeCondition is Condition(lock=None).
func (rt *Runtime) makeCondition(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var lock starlark.Value = starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "lock?", &lock); err != nil {
		return nil, err
	}
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	var locker prim.Locker
	switch l := lock.(type) {
	case *Lock:
		locker = l.l
	case *RLock:
		locker = l.l
	case starlark.NoneType:
		own, err := rt.newRLock()
		if err != nil {
			return nil, err
		}
		lock, locker = own, own.l
	default:
		return nil, wire.Errorf("TypeError", "Condition: lock must be a Lock, an RLock or None, got %s", lock.Type())
	}
	c, err := prim.NewCondition(m, locker)
	if err != nil {
		return nil, scriptError(err)
	}
	return rt.wrapCondition(c, lock.(starlark.HasAttrs)), nil
}

func (rt *Runtime) openCondition(m *arena.Member, h arena.Handle) (starlark.Value, error) {
	c, err := prim.OpenCondition(m, h)
	if err != nil {
		return nil, scriptError(err)
	}
	open := rt.openLock
	if _, ok := c.Lock().(*prim.RLock); ok {
		open = rt.openRLock
	}
	lock, err := open(m, c.Lock().Handle())
	if err != nil {
		c.Close()
		return nil, err
	}
	return rt.wrapCondition(c, lock.(starlark.HasAttrs)), nil
}

func (rt *Runtime) wrapCondition(c *prim.Condition, lock starlark.HasAttrs) *Condition {
	o := &Condition{c: c, lock: lock}
	o.shared = shared{rt: rt, typ: conditionType, h: c.Handle(), self: o}
	own(rt, o, c.Close)
	return o
}

func (c *Condition) String() string {
	return fmt.Sprintf("<Condition(%s, %d)>", c.lock, c.c.Waiters())
}

// Attr implements starlark.HasAttrs: acquire, release and the with protocol are the lock's own.
func (c *Condition) Attr(name string) (starlark.Value, error) {
	switch name {
	case "acquire", "release", "__enter__", "__exit__", "locked":
		return c.lock.Attr(name)
	}
	return c.shared.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (c *Condition) AttrNames() []string {
	return append([]string{"__enter__", "__exit__", "acquire", "locked", "release"}, c.shared.AttrNames()...)
}

var conditionType = &sharedType{"Condition", []method{
	{"wait", conditionWait},
	{"wait_for", conditionWaitFor},
	{"notify", conditionNotify},
	{"notify_all", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		return starlark.None, b.Receiver().(*Condition).notify(thread, maxSemaphore)
	}},
}}

func (c *Condition) wait(thread *starlark.Thread, timeout seconds) (bool, error) {
	ok, err := c.c.Wait(c.rt.opt(thread, true, timeout))
	return ok, scriptError(err)
}

func (c *Condition) notify(thread *starlark.Thread, n int) error {
	return scriptError(c.c.Notify(n, prim.Opt{Thread: c.rt.threadID(thread)}))
}

// conditionWait is Condition.wait(timeout=None).
func conditionWait(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	timeout, err := onlyTimeout(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	ok, err := b.Receiver().(*Condition).wait(thread, timeout)
	return starlark.Bool(ok), err
}

// conditionNotify is Condition.notify(n=1).
func conditionNotify(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	n := 1
	if len(args)+len(kwargs) > 0 { // most calls do without what unpacking allocates
		var arg integer
		if err := starlark.UnpackArgs(b.Name(), args, kwargs, "n", &arg); err != nil {
			return nil, err
		}
		n = max(int(arg), 0)
	}
	return starlark.None, b.Receiver().(*Condition).notify(thread, n)
}

// conditionWaitFor is Condition.wait_for(predicate, timeout=None).
func conditionWaitFor(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var predicate starlark.Callable
	var timeout seconds
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "predicate", &predicate, "timeout?", &timeout); err != nil {
		return nil, err
	}
	c := b.Receiver().(*Condition)
	end := futex.After(timeout.d)
	for {
		result, err := c.rt.host.Call(thread, predicate, nil, nil)
		if err != nil || bool(result.Truth()) {
			return result, err
		}
		left := timeout
		if timeout.set {
			if left.d = time.Duration(end - futex.Now()); left.d <= 0 {
				return result, nil
			}
		}
		if _, err := c.wait(thread, left); err != nil {
			return nil, err
		}
	}
}
