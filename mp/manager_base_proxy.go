package mp

import (
	"reflect"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// proxyMethod is a method of a proxy class that calls the referent's method of that name.
type proxyMethod struct{ name string }

var _ starlark.Callable = (*proxyMethod)(nil)

func (m *proxyMethod) Name() string          { return m.name }
func (m *proxyMethod) String() string        { return "<function " + m.name + ">" }
func (m *proxyMethod) Type() string          { return "function" }
func (m *proxyMethod) Freeze()               {}
func (m *proxyMethod) Truth() starlark.Bool  { return true }
func (m *proxyMethod) Hash() (uint32, error) { return starlark.String(m.name).Hash() }

// CallInternal calls the method of the proxy's referent, the proxy being the first argument.
func (m *proxyMethod) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p, args, err := proxyArg(m.name, args)
	if err != nil {
		return nil, err
	}
	return p.callAndWrap(thread, m.name, args, kwargs)
}

// proxyArg takes the proxy off the arguments of a method.
func proxyArg(name string, args starlark.Tuple) (*proxy, starlark.Tuple, error) {
	if len(args) > 0 {
		if p := proxyOf(args[0]); p != nil {
			return p, args[1:], nil
		}
		if _, ok := args[0].(Instance); ok {
			return nil, nil, wire.Errorf("AttributeError", "%s: BaseProxy.__init__() not called", name)
		}
	}
	return nil, nil, wire.Errorf("TypeError", "%s() needs a proxy", name)
}

// nameWire is the wire form of a value that is made from its name.
func nameWire[T starlark.Callable](name string, make func(string) T) wire.Type {
	return wire.Type{
		Name: name,
		Go:   reflect.TypeFor[T](),
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			e.String(v.(T).Name())
			return nil
		},
		Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			s, err := d.String()
			if err != nil {
				return nil, err
			}
			return make(s), nil
		},
	}
}

// callAndWrap calls a method of the referent. Where the server serves the result in turn, it is a proxy.
func (p *proxy) callAndWrap(thread *starlark.Thread, method string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	v, err := p.call(thread, method, args, kwargs)
	if t, ok := v.(*Token); ok && err == nil {
		return p.rt.proxyFor(thread, p.manager, t)
	}
	return v, err
}

// proxyFor makes the proxy of a new object, as the manager's class says, None for a manager that is not known.
func (rt *Runtime) proxyFor(thread *starlark.Thread, manager starlark.Value, t *Token) (starlark.Value, error) {
	proxytype := t.proxytype
	known := false
	if m, ok := manager.(Instance); ok {
		if d := registryOf(m.Class().(ClassValue)); d != nil {
			if entry, found, _ := d.Get(starlark.String(t.ref.typeid)); found {
				proxytype, known = entry.(starlark.Tuple)[3], true
			}
		}
	}
	mc := rt.managerClasses()
	if b := mc.types[t.ref.typeid]; b != nil && !known && proxytype == starlark.None && b.proxy != "" {
		proxytype = mc.proxies[b.proxy]
	}
	if proxytype == starlark.None {
		return rt.autoProxy(t, manager)
	}
	for _, kind := range []*managedType{dictType, listType, namespaceType, heldValueType} {
		if mc.proxies[kind.proxy] == proxytype {
			return newProxy(kind, t.ref, manager), nil
		}
	}
	kwargs := []starlark.Tuple{
		{starlark.String("manager"), manager},
		{starlark.String("authkey"), starlark.None},
		{starlark.String("exposed"), t.exposed},
	}
	return rt.host.Call(thread, proxytype, starlark.Tuple{t, starlark.String("pickle")}, kwargs)
}

// autoProxy makes a proxy with the methods that the referent exposes.
func (rt *Runtime) autoProxy(t *Token, manager starlark.Value) (starlark.Value, error) {
	class, err := rt.proxyType("AutoProxy["+t.ref.typeid+"]", t.exposed)
	if err != nil {
		return nil, err
	}
	x := class.(interface{ New() starlark.Value }).New()
	x.(Instance).SetNative(&proxy{referent: t.ref, self: x, manager: manager})
	return x, nil
}

// proxyType is MakeProxyType(name, exposed): the same class for the same arguments.
func (rt *Runtime) proxyType(name string, exposed starlark.Tuple) (starlark.Value, error) {
	mc := rt.managerClasses()
	var key strings.Builder
	key.WriteString(name)
	attrs := starlark.StringDict{"_exposed_": exposed}
	for _, v := range exposed {
		method, ok := starlark.AsString(v)
		if !ok {
			return nil, wire.Errorf("TypeError", "exposed: %s is not a string", v)
		}
		key.WriteString("\x00" + method)
		attrs[method] = &proxyMethod{method}
	}
	if class := mc.made[key.String()]; class != nil {
		return class, nil
	}
	class, err := mc.baseProxy.(ClassValue).Derive(name, "multiprocessing.managers", attrs)
	if err != nil {
		return nil, err
	}
	mc.made[key.String()] = class
	return class, nil
}

// makeProxyType is MakeProxyType(name, exposed).
func (rt *Runtime) makeProxyType(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	var exposed starlark.Iterable
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "name", &name, "exposed", &exposed); err != nil {
		return nil, err
	}
	iter := exposed.Iterate()
	defer iter.Done()
	var names starlark.Tuple
	for x := starlark.Value(nil); iter.Next(&x); {
		names = append(names, x)
	}
	return rt.proxyType(name, names)
}

// makeAutoProxy is AutoProxy(token, serializer, manager=None, authkey=None, exposed=None, incref=True, manager_owned=False).
func (rt *Runtime) makeAutoProxy(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	t, manager, err := proxyArguments(b.Name(), args, kwargs)
	if err != nil {
		return nil, err
	}
	return rt.autoProxy(t, manager)
}

// proxyArguments unpacks what a proxy type is called with. Serializer, authkey and the last two do not matter here.
func proxyArguments(name string, args starlark.Tuple, kwargs []starlark.Tuple) (*Token, starlark.Value, error) {
	var t *Token
	var serializer, authkey, exposed, incref, owned starlark.Value
	manager := starlark.Value(starlark.None)
	err := starlark.UnpackArgs(name, args, kwargs, "token", &t, "serializer", &serializer, "manager?", &manager,
		"authkey?", &authkey, "exposed?", &exposed, "incref?", &incref, "manager_owned?", &owned)
	if err == nil {
		if names, ok := exposed.(starlark.Tuple); ok {
			t = &Token{t.ref, names, t.proxytype}
		}
	}
	return t, manager, err
}

// proxyFunc is a method of a proxy, self taken off.
type proxyFunc = func(thread *starlark.Thread, p *proxy, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

// baseProxyMethod returns a method that all proxies have, nil for any other name.
func baseProxyMethod(name string) proxyFunc {
	switch name {
	case "_callmethod":
		return func(thread *starlark.Thread, p *proxy, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			method, margs, mkwargs, err := callMethodArguments(args, kwargs)
			if err != nil {
				return nil, err
			}
			return p.callAndWrap(thread, method, margs, mkwargs)
		}
	case "_getvalue", "__deepcopy__":
		return func(thread *starlark.Thread, p *proxy, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return p.call(thread, "#GETVALUE", nil, nil)
		}
	case "__repr__":
		return func(_ *starlark.Thread, p *proxy, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.String(p.Repr()), nil
		}
	case "__str__":
		return func(_ *starlark.Thread, p *proxy, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.String(p.text()), nil
		}
	}
	return nil
}

// callMethodArguments unpacks _callmethod(methodname, args=(), kwds={}).
func callMethodArguments(args starlark.Tuple, kwargs []starlark.Tuple) (method string, margs starlark.Tuple, mkwargs []starlark.Tuple, err error) {
	var given, kwds starlark.Value = starlark.Tuple(nil), starlark.None
	if err := starlark.UnpackArgs("_callmethod", args, kwargs, "methodname", &method, "args?", &given, "kwds?", &kwds); err != nil {
		return "", nil, nil, err
	}
	if m, ok := kwds.(starlark.IterableMapping); ok {
		mkwargs = m.Items()
	}
	margs, err = spread(given)
	return method, margs, mkwargs, err
}

// attr returns an attribute that all proxies have, nil for any other name.
func (p *proxy) attr(name string) (starlark.Value, error) {
	switch name {
	case "_token":
		return &Token{p.referent, nil, starlark.None}, nil
	case "_id":
		return (&Token{ref: p.referent}).Attr("id")
	case "_manager":
		return p.manager, nil
	case "_exposed_":
		if p.kind != nil {
			return p.Class().(ClassValue).Lookup(name), nil
		}
	}
	return nil, nil
}

// proxyWire carries the state of an instance of a proxy class.
type proxyWire struct{ rt *Runtime }

func (proxyWire) String() string        { return "<wire form of a proxy>" }
func (proxyWire) Type() string          { return "wire" }
func (proxyWire) Freeze()               {}
func (proxyWire) Truth() starlark.Bool  { return true }
func (proxyWire) Hash() (uint32, error) { return 0, nil }

// EncodeNative writes what names the referent.
func (w proxyWire) EncodeNative(e *wire.Encoder, self starlark.Value) error {
	p := proxyOf(self)
	if p == nil {
		return wire.Errorf("TypeError", "cannot send a proxy whose BaseProxy.__init__() was not called")
	}
	return encodeReferent(e, p.referent)
}

// DecodeNative is the inverse of EncodeNative.
func (w proxyWire) DecodeNative(d *wire.Decoder, self starlark.Value) error {
	r, err := w.rt.decodeReferent(d)
	if err != nil {
		return err
	}
	self.(Instance).SetNative(&proxy{referent: r, self: self, manager: starlark.None})
	return nil
}
