package mp

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// nearProxy is what SyncManager's Lock, Event, Queue and so on return within the family: it looks as CPython's proxy of such an object
// does, but what it stands for is an object of the family itself, which needs no server. An operation costs what the
// object's own does, and goes on when the manager ends.
type nearProxy struct {
	rt      *Runtime
	typeid  string
	inner   starlark.HasAttrs
	methods map[string]*starlark.Builtin // made when first used; guarded by the script lock
}

var (
	_ starlark.HasAttrs   = (*nearProxy)(nil)
	_ starlark.Comparable = (*nearProxy)(nil)
)

// nearClass returns the name of the class of the proxies of a type, "" for AutoProxy, and what they offer.
func nearClass(typeid string) (class string, names []string) {
	switch typeid {
	case "Lock", "RLock", "Semaphore", "BoundedSemaphore":
		return "AcquirerProxy", []string{"acquire", "release", "__enter__", "__exit__"}
	case "Condition":
		return "ConditionProxy", []string{"acquire", "release", "wait", "wait_for", "notify", "notify_all", "__enter__", "__exit__"}
	case "Event":
		return "EventProxy", []string{"is_set", "set", "clear", "wait"}
	case "Barrier":
		return "BarrierProxy", []string{"wait", "abort", "reset", "parties", "n_waiting", "broken"}
	}
	return "", []string{"empty", "full", "get", "get_nowait", "join", "put", "put_nowait", "qsize", "shutdown", "task_done"}
}

// near makes SyncManager's objects of a type with a function of the module.
func near(typeid, member string) maker {
	return func(rt *Runtime, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		for i, v := range args {
			args[i] = farther(v)
		}
		for _, kv := range kwargs {
			kv[1] = farther(kv[1])
		}
		v, err := rt.host.Call(thread, rt.Module().Members[member], args, kwargs)
		if err != nil {
			return nil, err
		}
		return &nearProxy{rt: rt, typeid: typeid, inner: v.(starlark.HasAttrs)}, nil
	}
}

// farther returns the object that v stands for, or v: a Condition is made with the Lock itself.
func farther(v starlark.Value) starlark.Value {
	if p, ok := v.(*nearProxy); ok {
		return p.inner
	}
	return v
}

func (p *nearProxy) String() string       { return p.inner.String() }
func (p *nearProxy) Freeze()              {}
func (p *nearProxy) Truth() starlark.Bool { return true }

// Type is the name of the proxy's class, as in CPython.
func (p *nearProxy) Type() string {
	if class, _ := nearClass(p.typeid); class != "" {
		return class
	}
	return "AutoProxy[" + p.typeid + "]"
}

// Repr is CPython's repr(proxy).
func (p *nearProxy) Repr() string {
	return fmt.Sprintf("<%s object, typeid '%s' at %p>", p.Type(), p.typeid, p)
}

// Hash hashes the identity of the object.
func (p *nearProxy) Hash() (uint32, error) { return p.inner.Hash() }

// CompareSameType makes two proxies of one object equal.
func (p *nearProxy) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	eq, err := starlark.EqualDepth(p.inner, y.(*nearProxy).inner, depth)
	if err != nil {
		return false, err
	}
	return compareIdentity(op, eq, p.Type())
}

// Class is the class that isinstance knows.
func (p *nearProxy) Class() starlark.Value {
	mc := p.rt.managerClasses()
	if class, _ := nearClass(p.typeid); class != "" {
		return mc.proxies[class]
	}
	return mc.baseProxy
}

// AttrNames implements starlark.HasAttrs.
func (p *nearProxy) AttrNames() []string {
	_, names := nearClass(p.typeid)
	return append([]string{"_callmethod", "_getvalue"}, names...)
}

// Attr implements starlark.HasAttrs.
func (p *nearProxy) Attr(name string) (starlark.Value, error) {
	if b := p.methods[name]; b != nil {
		return b, nil
	}
	_, names := nearClass(p.typeid)
	var fn builtinFunc
	switch {
	case name == "_getvalue":
		fn = func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return p.inner, noArgs(b, args, kwargs)
		}
	case name == "_callmethod":
		fn = p.callMethod
	case name == "shutdown" && slices.Contains(names, name):
		fn = p.shutdown
	case slices.Contains(names, name):
		v, err := p.inner.Attr(name)
		b, ok := v.(*starlark.Builtin)
		if err != nil || !ok {
			return v, err
		}
		fn = p.method(name, b)
	default:
		return nil, nil
	}
	if p.methods == nil {
		p.methods = map[string]*starlark.Builtin{}
	}
	b := starlark.NewBuiltin(name, fn).BindReceiver(p)
	p.methods[name] = b
	return b, nil
}

// ownName is the name that the object's own method has for a parameter of threading's and queue's, "" for the same.
func ownName(method string, parameter starlark.Value) starlark.String {
	switch {
	case method == "acquire" && parameter == starlark.String("blocking"):
		return "block"
	case (method == "put" || method == "put_nowait") && parameter == starlark.String("item"):
		return "obj"
	}
	return ""
}

// method calls the object's own method with the parameter names and the errors of the modules threading and queue, whose objects
// CPython's manager serves.
func (p *nearProxy) method(name string, own *starlark.Builtin) builtinFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		for i, kv := range kwargs {
			if own := ownName(name, kv[0]); own != "" {
				kwargs[i] = starlark.Tuple{own, kv[1]}
			}
		}
		if err := p.checkTimeout(name, args, kwargs); err != nil {
			return nil, err
		}
		v, err := own.CallInternal(thread, args, kwargs)
		if err != nil {
			err = p.threadingError(err)
		}
		return v, err
	}
}

// checkTimeout refuses the timeouts that the modules threading and queue refuse, where multiprocessing's own methods take them.
func (p *nearProxy) checkTimeout(method string, args starlark.Tuple, kwargs []starlark.Tuple) error {
	var block, timeout starlark.Value = starlark.True, starlark.None
	switch {
	case method == "put" && len(args) > 0:
		args = args[1:]
	case method != "get" && method != "acquire":
		return nil
	}
	for i, v := range []*starlark.Value{&block, &timeout} {
		if i < len(args) {
			*v = args[i]
		}
	}
	for _, kv := range kwargs {
		switch kv[0] {
		case starlark.String("block"):
			block = kv[1]
		case starlark.String("timeout"):
			timeout = kv[1]
		}
	}
	seconds, isNumber := starlark.AsFloat(timeout)
	switch {
	case !isNumber:
	case method != "acquire" && bool(block.Truth()) && seconds < 0:
		return wire.Errorf("ValueError", "'timeout' must be a non-negative number")
	case method == "acquire" && !bool(block.Truth()) && strings.HasSuffix(p.typeid, "Semaphore"):
		return wire.Errorf("ValueError", "can't specify timeout for non-blocking acquire")
	case method == "acquire" && !bool(block.Truth()):
		return wire.Errorf("ValueError", "can't specify a timeout for a non-blocking call")
	}
	return nil
}

// shutdown is queue.Queue's, which multiprocessing's queues have not. https://docs.python.org/3.13/library/queue.html#queue.Queue.shutdown
func (p *nearProxy) shutdown(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var immediate truth
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "immediate?", &immediate); err != nil {
		return nil, err
	}
	return starlark.None, scriptError(p.inner.(*Queue).q.Shutdown(bool(immediate)))
}

func (p *nearProxy) threadingError(err error) error {
	switch {
	case errors.Is(err, prim.ErrNotHeld) && p.typeid == "Lock":
		return wire.Errorf("RuntimeError", "release unlocked lock")
	case errors.Is(err, prim.ErrNotOwner), errors.Is(err, prim.ErrNotHeld) && p.typeid == "Condition":
		return wire.Errorf("RuntimeError", "cannot release un-acquired lock")
	case errors.Is(err, prim.ErrWaitNotHeld):
		return wire.Errorf("RuntimeError", "cannot wait on un-acquired lock")
	case errors.Is(err, prim.ErrNotifyNotHeld):
		return wire.Errorf("RuntimeError", "cannot notify on un-acquired lock")
	case errors.Is(err, prim.ErrBounded) && p.typeid == "BoundedSemaphore":
		return wire.Errorf("ValueError", "Semaphore released too many times")
	}
	return err
}

// callMethod is _callmethod(methodname, args=(), kwds={}).
func (p *nearProxy) callMethod(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	method, margs, mkwargs, err := callMethodArguments(args, kwargs)
	if err != nil {
		return nil, err
	}
	f, err := attrOf(p, method)
	if err != nil {
		return nil, wire.Errorf("multiprocessing.managers.RemoteError", "%v", err)
	}
	return p.rt.host.Call(thread, f, margs, mkwargs)
}

func (rt *Runtime) nearWire() wire.Type {
	return wire.Type{
		Name: "mp.near",
		Go:   reflect.TypeFor[*nearProxy](),
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			p := v.(*nearProxy)
			e.String(p.typeid)
			return e.Value(p.inner)
		},
		Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			typeid, err := d.String()
			if err != nil {
				return nil, err
			}
			v, err := d.Value()
			if err != nil {
				return nil, err
			}
			inner, ok := v.(starlark.HasAttrs)
			if !ok {
				return nil, fmt.Errorf("bad message: proxy of a %s", v.Type())
			}
			return &nearProxy{rt: rt, typeid: typeid, inner: inner}, nil
		},
	}
}
