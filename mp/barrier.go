package mp

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Barrier is multiprocessing.Barrier: a number of processes wait for each other, again and again.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Barrier
//
// Unlike CPython's, it breaks when a process dies that waits at it; the error names the dead one. Nobody waits for those of
// the last round to leave, and abort and reset do not wait for an action that runs.
type Barrier struct {
	shared
	b       *prim.Barrier
	action  starlark.Value // None for none
	timeout seconds        // where wait is called without one
}

var (
	_ starlark.HasAttrs   = (*Barrier)(nil)
	_ starlark.Comparable = (*Barrier)(nil)
)

// makeBarrier is Barrier(parties, action=None, timeout=None).
func (rt *Runtime) makeBarrier(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var parties starlark.Int
	var action starlark.Value = starlark.None
	var timeout seconds
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "parties", &parties, "action?", &action, "timeout?", &timeout); err != nil {
		return nil, err
	}
	n, ok := parties.Uint64()
	if !ok && parties.Sign() > 0 {
		n = math.MaxUint64 // more than can ever come
	}
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	barrier, err := prim.NewBarrier(m, n)
	if err != nil {
		return nil, scriptError(err)
	}
	return rt.wrapBarrier(barrier, action, timeout), nil
}

func (rt *Runtime) wrapBarrier(b *prim.Barrier, action starlark.Value, timeout seconds) *Barrier {
	o := &Barrier{b: b, action: action, timeout: timeout}
	o.shared = shared{rt: rt, typ: barrierType, h: b.Handle(), self: o}
	own(rt, o, b.Close)
	return o
}

func (b *Barrier) String() string {
	if b.b.Broken() {
		return fmt.Sprintf("<multiprocessing.synchronize.Barrier at %#x: broken>", uint64(b.h))
	}
	return fmt.Sprintf("<multiprocessing.synchronize.Barrier at %#x: waiters=%d/%d>", uint64(b.h), b.b.Waiting(), b.b.Parties())
}

// Attr implements starlark.HasAttrs.
func (b *Barrier) Attr(name string) (starlark.Value, error) {
	switch name {
	case "parties":
		return starlark.MakeUint64(b.b.Parties()), nil
	case "n_waiting":
		return starlark.MakeInt(b.b.Waiting()), nil
	case "broken":
		return starlark.Bool(b.b.Broken()), nil
	}
	return b.shared.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (b *Barrier) AttrNames() []string {
	return append(b.shared.AttrNames(), "broken", "n_waiting", "parties")
}

var barrierType = &sharedType{"Barrier", []method{
	{"wait", barrierWait},
	{"reset", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		return starlark.None, scriptError(b.Receiver().(*Barrier).b.Reset())
	}},
	{"abort", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		return starlark.None, scriptError(b.Receiver().(*Barrier).b.Abort())
	}},
}}

// barrierWait is Barrier.wait(timeout=None).
func barrierWait(thread *starlark.Thread, fn *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	b := fn.Receiver().(*Barrier)
	var timeout seconds
	if len(args)+len(kwargs) > 0 {
		if err := starlark.UnpackArgs(fn.Name(), args, kwargs, "timeout?", &timeout); err != nil {
			return nil, err
		}
	}
	if !timeout.set {
		timeout = b.timeout
	}
	var action func() error
	if b.action.Truth() {
		action = func() error {
			_, err := b.rt.host.Call(thread, b.action, nil, nil)
			return err
		}
	}
	index, err := b.b.Wait(b.rt.opt(thread, true, timeout), action)
	if err != nil {
		return nil, scriptError(err)
	}
	return starlark.MakeInt(index), nil
}

// barrierWire is the wire form of a Barrier: its handle, timeout and action.
func (rt *Runtime) barrierWire() wire.Type {
	return wire.Type{
		Name:   "mp.barrier",
		Go:     reflect.TypeFor[*Barrier](),
		Shared: true,
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			b := v.(*Barrier)
			e.Handle(wire.Handle(b.h))
			e.Bool(b.timeout.set)
			e.Int(int64(b.timeout.d))
			return e.Field("._action", b.action)
		},
		Decode: rt.decodeBarrier,
	}
}

func (rt *Runtime) decodeBarrier(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
	h, err := d.Handle()
	if err != nil {
		return nil, err
	}
	timed, err := d.Bool()
	if err != nil {
		return nil, err
	}
	timeout, err := d.Int()
	if err != nil {
		return nil, err
	}
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	p, err := prim.OpenBarrier(m, arena.Handle(h))
	if err != nil {
		return nil, scriptError(err)
	}
	b := rt.wrapBarrier(p, starlark.None, seconds{timed, time.Duration(timeout)})
	define(b)
	return b, d.Field(func(v starlark.Value) { b.action = v })
}
