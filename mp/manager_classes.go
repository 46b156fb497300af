package mp

import (
	"time"

	"go.starlark.net/starlark"
)

// managerClasses are the classes of multiprocessing.managers. Few scripts use them, so they are made when first asked for.
type managerClasses struct {
	base, sync, sharedMemory starlark.Value // BaseManager and those derived from it
	baseProxy                starlark.Value
	server, token            starlark.Value            // Server and Token
	proxies                  map[string]starlark.Value // proxy classes by name
	types                    map[string]*builtinType   // of SyncManager, by typeid
	made                     map[string]starlark.Value // by MakeProxyType, by name and methods
}

// managerClasses returns them. The caller has the script lock.
func (rt *Runtime) managerClasses() *managerClasses {
	if rt.classes == nil {
		mc := &managerClasses{proxies: map[string]starlark.Value{}, made: map[string]starlark.Value{}}
		rt.makeProxyClasses(mc)
		mc.types = mc.builtinTypes()
		rt.makeManagerClasses(mc)
		mc.server = rt.makeServerClass()
		mc.token = rt.tokenClass()
		rt.classes = mc
	}
	return rt.classes
}

func (rt *Runtime) mustClass(name string, base starlark.Value, attrs starlark.StringDict) starlark.Value {
	var bases []starlark.Value
	if base != nil {
		bases = []starlark.Value{base}
	}
	attrs["__module__"] = starlark.String("multiprocessing.managers")
	class, err := rt.host.NewClass(name, bases, attrs)
	if err != nil {
		panic("BUG: making managers." + name + ": " + err.Error())
	}
	return class
}

// proxyBuiltin makes a method of a proxy class from f.
func proxyBuiltin(name string, f proxyFunc) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		p, args, err := proxyArg(name, args)
		if err != nil {
			return nil, err
		}
		return f(thread, p, args, kwargs)
	})
}

// calling is a proxy's method with optional parameters (pairs of names and defaults) that all go to the referent's method.
func calling(method string, params ...any) proxyFunc {
	return func(thread *starlark.Thread, p *proxy, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		values := make(starlark.Tuple, len(params)/2)
		pairs := make([]any, len(params))
		for i := range values {
			values[i] = params[2*i+1].(starlark.Value)
			pairs[2*i], pairs[2*i+1] = params[2*i], &values[i]
		}
		if err := starlark.UnpackArgs(method, args, kwargs, pairs...); err != nil {
			return nil, err
		}
		return p.callAndWrap(thread, method, values, nil)
	}
}

// proxyAttribute is a property of a proxy class: the referent's attribute.
func proxyAttribute(name string, read proxyFunc, write func(*proxy, starlark.Value) error) *property {
	prop := &property{name: name, get: func(self starlark.Value) (starlark.Value, error) {
		p, _, err := proxyArg(name, starlark.Tuple{self})
		if err != nil {
			return nil, err
		}
		return read(p.rt.host.Current(), p, nil, nil)
	}}
	if write != nil {
		prop.set = func(self, v starlark.Value) error {
			p, _, err := proxyArg(name, starlark.Tuple{self})
			if err != nil {
				return err
			}
			return write(p, v)
		}
	}
	return prop
}

func (rt *Runtime) makeProxyClasses(mc *managerClasses) {
	attrs := starlark.StringDict{
		"__wire__": proxyWire{rt},
		"__init__": starlark.NewBuiltin("BaseProxy.__init__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			t, manager, err := proxyArguments(b.Name(), args[1:], kwargs)
			if err != nil {
				return nil, err
			}
			args[0].(Instance).SetNative(&proxy{referent: t.ref, self: args[0], manager: manager})
			return starlark.None, nil
		}),
	}
	for _, name := range []string{"_callmethod", "_getvalue", "__deepcopy__", "__repr__", "__str__"} {
		attrs[name] = proxyBuiltin(name, baseProxyMethod(name))
	}
	for _, name := range []string{"_id", "_token", "_manager"} {
		attrs[name] = proxyAttribute(name, func(_ *starlark.Thread, p *proxy, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return p.attr(name)
		}, nil)
	}
	mc.baseProxy = rt.mustClass("BaseProxy", nil, attrs)

	// derive makes a proxy class; methods that are not given just call the referent's.
	derive := func(name string, base starlark.Value, exposed starlark.Tuple, more starlark.StringDict) starlark.Value {
		attrs := starlark.StringDict{"_exposed_": exposed}
		for _, v := range exposed {
			method := string(v.(starlark.String))
			attrs[method] = &proxyMethod{method}
		}
		for k, v := range more {
			attrs[k] = v
		}
		class := rt.mustClass(name, base, attrs)
		mc.proxies[name] = class
		return class
	}
	self := func(_ *starlark.Thread, p *proxy, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return p.self, nil
	}
	none := starlark.None
	derive("IteratorProxy", mc.baseProxy, nameTuple("__next__", "send", "throw", "close"), starlark.StringDict{
		"__iter__": proxyBuiltin("__iter__", self),
	})
	acquirer := derive("AcquirerProxy", mc.baseProxy, nameTuple("acquire", "release"), starlark.StringDict{
		"acquire":   proxyBuiltin("acquire", calling("acquire", "blocking?", starlark.True, "timeout?", none)),
		"__enter__": proxyBuiltin("__enter__", calling("acquire")),
		"__exit__": proxyBuiltin("__exit__", func(thread *starlark.Thread, p *proxy, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return p.call(thread, "release", nil, nil)
		}),
	})
	derive("ConditionProxy", acquirer, nameTuple("acquire", "release", "wait", "notify", "notify_all"), starlark.StringDict{
		"acquire":  acquirer.(ClassValue).Own("acquire"),
		"wait":     proxyBuiltin("wait", calling("wait", "timeout?", none)),
		"notify":   proxyBuiltin("notify", calling("notify", "n?", starlark.MakeInt(1))),
		"wait_for": proxyBuiltin("wait_for", proxyWaitFor),
	})
	derive("EventProxy", mc.baseProxy, nameTuple("is_set", "set", "clear", "wait"), starlark.StringDict{
		"wait": proxyBuiltin("wait", calling("wait", "timeout?", none)),
	})
	barrier := starlark.StringDict{"wait": proxyBuiltin("wait", calling("wait", "timeout?", none))}
	for _, name := range []string{"parties", "n_waiting", "broken"} {
		barrier[name] = proxyAttribute(name, func(thread *starlark.Thread, p *proxy, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return p.call(thread, "__getattribute__", nameTuple(name), nil)
		}, nil)
	}
	derive("BarrierProxy", mc.baseProxy, nameTuple("__getattribute__", "wait", "abort", "reset"), barrier)
	derive("NamespaceProxy", mc.baseProxy, nameTuple("__getattribute__", "__setattr__", "__delattr__"), starlark.StringDict{
		"__getattr__": proxyBuiltin("__getattr__", func(thread *starlark.Thread, p *proxy, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			if name, _ := starlark.AsString(args[0]); name == "" || name[0] == '_' {
				return nil, noAttribute(p.self, name)
			}
			return p.callAndWrap(thread, "__getattribute__", args, nil)
		}),
		"__setattr__": starlark.NewBuiltin("__setattr__", (&proxyMethod{"__setattr__"}).builtin),
		"__delattr__": starlark.NewBuiltin("__delattr__", (&proxyMethod{"__delattr__"}).builtin),
		updateWith:    &proxyMethod{updateWith},
	})
	derive("ValueProxy", mc.baseProxy, nameTuple("get", "set"), starlark.StringDict{
		"value": proxyAttribute("value", calling("get"), func(p *proxy, v starlark.Value) error {
			_, err := p.now("set", v)
			return err
		}),
		updateWith: &proxyMethod{updateWith},
	})
	list := nameTuple("__add__", "__contains__", "__delitem__", "__getitem__", "__len__", "__mul__", "__reversed__", "__rmul__",
		"__setitem__", "append", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort", "__imul__")
	derive("ListProxy", derive("BaseListProxy", mc.baseProxy, list, nil), list, starlark.StringDict{
		"__iadd__": proxyBuiltin("__iadd__", func(thread *starlark.Thread, p *proxy, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			_, err := p.call(thread, "extend", args, nil)
			return p.self, err
		}),
		"__imul__": proxyBuiltin("__imul__", func(thread *starlark.Thread, p *proxy, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			_, err := p.call(thread, "__imul__", args, nil)
			return p.self, err
		}),
		updateWith: &proxyMethod{updateWith},
	})
	derive("DictProxy", mc.baseProxy, nameTuple("__contains__", "__delitem__", "__getitem__", "__iter__", "__len__",
		"__setitem__", "clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"), starlark.StringDict{
		"_method_to_typeid_": stringDict("__iter__", "Iterator"),
		updateWith:           &proxyMethod{updateWith},
	})
	derive("ArrayProxy", mc.baseProxy, nameTuple("__len__", "__getitem__", "__setitem__"), nil)
	derive("PoolProxy", mc.baseProxy, nameTuple("apply", "apply_async", "close", "imap", "imap_unordered", "join", "map", "map_async",
		"starmap", "starmap_async", "terminate"), starlark.StringDict{
		"_method_to_typeid_": stringDict("apply_async", "AsyncResult", "map_async", "AsyncResult", "starmap_async", "AsyncResult",
			"imap", "Iterator", "imap_unordered", "Iterator"),
		"__enter__": proxyBuiltin("__enter__", self),
		"__exit__": proxyBuiltin("__exit__", func(thread *starlark.Thread, p *proxy, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return p.call(thread, "terminate", nil, nil)
		}),
	})
}

// builtin is the method as a built-in's function.
func (m *proxyMethod) builtin(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return m.CallInternal(thread, args, kwargs)
}

func stringDict(pairs ...string) *starlark.Dict {
	d := starlark.NewDict(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		d.SetKey(starlark.String(pairs[i]), starlark.String(pairs[i+1]))
	}
	return d
}

// proxyWaitFor is ConditionProxy.wait_for(predicate, timeout=None): the predicate is the caller's.
func proxyWaitFor(thread *starlark.Thread, p *proxy, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var predicate starlark.Callable
	var timeout seconds
	if err := starlark.UnpackArgs("wait_for", args, kwargs, "predicate", &predicate, "timeout?", &timeout); err != nil {
		return nil, err
	}
	end := time.Now().Add(timeout.d)
	for {
		v, err := p.rt.host.Call(thread, predicate, nil, nil)
		if err != nil || v.Truth() {
			return v, err
		}
		var left starlark.Value = starlark.None
		if timeout.set {
			d := time.Until(end)
			if d <= 0 {
				return v, nil
			}
			left = starlark.Float(d.Seconds())
		}
		if _, err := p.call(thread, "wait", starlark.Tuple{left}, nil); err != nil {
			return nil, err
		}
	}
}

// builtinTypes are the types that SyncManager registers.
func (mc *managerClasses) builtinTypes() map[string]*builtinType {
	all := map[string]*builtinType{}
	add := func(b *builtinType) { all[b.typeid] = b }
	add(&builtinType{typeid: "dict", typ: dictType, proxy: "DictProxy", make: universe("dict")})
	add(&builtinType{typeid: "list", typ: listType, proxy: "ListProxy", make: universe("list")})
	add(&builtinType{typeid: "Namespace", typ: namespaceType, proxy: "NamespaceProxy", make: makeNamespace})
	add(&builtinType{typeid: "Value", typ: heldValueType, proxy: "ValueProxy",
		make: func(_ *Runtime, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			v, err := newManagedValue(args, kwargs)
			if err != nil {
				return nil, err
			}
			return v, nil
		}})
	for _, t := range [][3]string{ // typeid, proxy, what of the module makes it
		{"Queue", "", "JoinableQueue"}, {"JoinableQueue", "", "JoinableQueue"}, {"Event", "EventProxy", "Event"},
		{"Lock", "AcquirerProxy", "Lock"}, {"RLock", "AcquirerProxy", "RLock"}, {"Semaphore", "AcquirerProxy", "Semaphore"},
		{"BoundedSemaphore", "AcquirerProxy", "BoundedSemaphore"}, {"Condition", "ConditionProxy", "Condition"},
		{"Barrier", "BarrierProxy", "Barrier"},
	} {
		b := (&builtinType{typeid: t[0], proxy: t[1], make: near(t[0], t[2])}).as(mc.proxies[t[1]])
		if b.exposed == nil {
			_, names := nearClass(t[0])
			b.exposed = nameTuple(names...)
		}
		add(b)
	}
	add((&builtinType{typeid: "Pool", proxy: "PoolProxy", make: memberMaker("Pool")}).as(mc.proxies["PoolProxy"]))
	add((&builtinType{typeid: "Array", proxy: "ArrayProxy",
		make: func(rt *Runtime, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return rt.managerArray(thread, starlark.NewBuiltin("Array", nil), args, kwargs)
		}}).as(mc.proxies["ArrayProxy"]))
	add((&builtinType{typeid: "Iterator", proxy: "IteratorProxy"}).as(mc.proxies["IteratorProxy"]))
	add(&builtinType{typeid: "AsyncResult"})
	return all
}

// as has b expose, and serve in turn, what the class of its proxies says.
func (b *builtinType) as(class starlark.Value) *builtinType {
	c, ok := class.(ClassValue)
	if !ok {
		return b
	}
	b.exposed = c.Lookup("_exposed_").(starlark.Tuple)
	if d, ok := c.Lookup("_method_to_typeid_").(*starlark.Dict); ok {
		b.wraps = map[string]string{}
		for _, kv := range d.Items() {
			b.wraps[string(kv[0].(starlark.String))] = string(kv[1].(starlark.String))
		}
	}
	return b
}

type maker = func(*Runtime, *starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

// universe makes a value with one of Starlark's own functions.
func universe(name string) maker {
	return func(rt *Runtime, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return rt.host.Call(thread, starlark.Universe[name], args, kwargs)
	}
}

// memberMaker makes a value with a function of the multiprocessing module.
func memberMaker(name string) maker {
	return func(rt *Runtime, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return rt.host.Call(thread, rt.Module().Members[name], args, kwargs)
	}
}
