package mp

import (
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// registration is what a server knows of a typeid.
type registration struct {
	callable  starlark.Value // or None: the object is the argument itself
	exposed   starlark.Tuple // nil: the public methods
	wraps     map[string]string
	proxytype starlark.Value // None for AutoProxy
}

// registryAttr is the class attribute with the registrations of scripts, as in CPython: a dict from typeids to tuples
// (callable, exposed, method_to_typeid, proxytype), copied from the base's when a class first gets one of its own.
const registryAttr = "_registry"

// registryOf returns the registrations that a manager class has, which may be nil.
func registryOf(class ClassValue) *starlark.Dict {
	d, _ := class.Lookup(registryAttr).(*starlark.Dict)
	return d
}

// classMethod is a class method written in Go, whose first argument is the class.
type classMethod struct{ *starlark.Builtin }

// ClassMethod is what the method is called through.
func (m classMethod) ClassMethod() starlark.Callable { return m.Builtin }

// register is BaseManager.register(typeid, callable=None, proxytype=None, exposed=None, method_to_typeid=None, create_method=True).
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.managers.BaseManager.register
func (rt *Runtime) register(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var self starlark.Value
	var typeid string
	var callable, proxytype, exposed, wraps starlark.Value = starlark.None, starlark.None, starlark.None, starlark.None
	create := truth(true)
	if err := starlark.UnpackArgs("register", args, kwargs, "cls", &self, "typeid", &typeid, "callable?", &callable, "proxytype?", &proxytype,
		"exposed?", &exposed, "method_to_typeid?", &wraps, "create_method?", &create); err != nil {
		return nil, err
	}
	class, ok := self.(ClassValue)
	if !ok {
		return nil, wire.Errorf("TypeError", "register: got %s, want a class", self.Type())
	}
	if _, ok := callable.(starlark.Callable); !ok && callable != starlark.None {
		return nil, wire.Errorf("TypeError", "register: callable: '%s' object is not callable", pythonType(callable))
	}
	if _, ok := proxytype.(starlark.Callable); !ok && proxytype != starlark.None {
		return nil, wire.Errorf("TypeError", "register: proxytype: '%s' object is not callable", pythonType(proxytype))
	}
	if c, ok := proxytype.(ClassValue); ok {
		if !exposed.Truth() && c.Lookup("_exposed_") != nil {
			exposed = c.Lookup("_exposed_")
		}
		if !wraps.Truth() && c.Lookup("_method_to_typeid_") != nil {
			wraps = c.Lookup("_method_to_typeid_")
		}
	}
	entry := starlark.Tuple{callable, exposed, wraps, proxytype}
	if _, err := parseRegistration(typeid, entry); err != nil {
		return nil, err
	}
	d, _ := class.Own(registryAttr).(*starlark.Dict)
	if d == nil {
		d = starlark.NewDict(1)
		if base := registryOf(class); base != nil {
			for _, kv := range base.Items() {
				d.SetKey(kv[0], kv[1])
			}
		}
		class.Put(registryAttr, d)
	}
	if err := d.SetKey(starlark.String(typeid), entry); err != nil {
		return nil, err
	}
	if create {
		class.Put(typeid, &typeMethod{rt, typeid})
	}
	return starlark.None, nil
}

// ownClasses are the module's own manager classes. Those of scripts travel with their registrations.
func (mc *managerClasses) ownClasses() []ClassValue {
	return []ClassValue{mc.base.(ClassValue), mc.sync.(ClassValue), mc.sharedMemory.(ClassValue)}
}

// registered is what scripts have registered with the module's own classes: a dict of registries by class name, or None.
func (rt *Runtime) registered() starlark.Value {
	if rt.classes == nil {
		return starlark.None
	}
	var all *starlark.Dict
	for _, class := range rt.classes.ownClasses() {
		if own := class.Own(registryAttr); own != nil {
			if all == nil {
				all = new(starlark.Dict)
			}
			all.SetKey(starlark.String(class.Name()), own)
		}
	}
	if all == nil {
		return starlark.None
	}
	return all
}

// registerAll registers in a child what its parent had.
func (rt *Runtime) registerAll(registered starlark.Value) {
	all, ok := registered.(*starlark.Dict)
	if !ok {
		return
	}
	for _, class := range rt.managerClasses().ownClasses() {
		v, _, _ := all.Get(starlark.String(class.Name()))
		registry, ok := v.(*starlark.Dict)
		if !ok {
			continue
		}
		class.Put(registryAttr, registry)
		for _, kv := range registry.Items() {
			if typeid, ok := starlark.AsString(kv[0]); ok {
				class.Put(typeid, &typeMethod{rt, typeid})
			}
		}
	}
}

// parseRegistry reads the registrations that a server got.
func parseRegistry(d *starlark.Dict) (map[string]*registration, error) {
	all := map[string]*registration{}
	if d == nil {
		return all, nil
	}
	for _, kv := range d.Items() {
		typeid, _ := starlark.AsString(kv[0])
		entry, ok := kv[1].(starlark.Tuple)
		if !ok {
			return nil, wire.Errorf("TypeError", "_registry[%s] is a %s", kv[0], kv[1].Type())
		}
		r, err := parseRegistration(typeid, entry)
		if err != nil {
			return nil, err
		}
		all[typeid] = r
	}
	return all, nil
}

func parseRegistration(typeid string, entry starlark.Tuple) (*registration, error) {
	if len(entry) != 4 {
		return nil, wire.Errorf("TypeError", "_registry[%q] has %d elements, not 4", typeid, len(entry))
	}
	r := &registration{callable: entry[0], proxytype: entry[3]}
	if entry[1].Truth() {
		iter := starlark.Iterate(entry[1])
		if iter == nil {
			return nil, wire.Errorf("TypeError", "exposed of '%s': '%s' object is not iterable", typeid, pythonType(entry[1]))
		}
		defer iter.Done()
		r.exposed = starlark.Tuple{}
		for x := starlark.Value(nil); iter.Next(&x); {
			if _, ok := starlark.AsString(x); !ok {
				return nil, wire.Errorf("TypeError", "exposed of '%s': %s is not a string", typeid, x)
			}
			r.exposed = append(r.exposed, x)
		}
	}
	if !entry[2].Truth() {
		return r, nil
	}
	m, ok := entry[2].(starlark.IterableMapping)
	if !ok {
		return nil, wire.Errorf("TypeError", "Method_to_typeid %s: type %s, not dict", entry[2], entry[2].Type())
	}
	r.wraps = map[string]string{}
	for _, kv := range m.Items() {
		name, ok := starlark.AsString(kv[0])
		to, ok2 := starlark.AsString(kv[1])
		switch {
		case !ok:
			return nil, assertion(kv[0].String() + " is not a string")
		case !ok2:
			return nil, assertion(kv[1].String() + " is not a string")
		}
		r.wraps[name] = to
	}
	return r, nil
}

// typeMethod is the method of a manager class that makes an object of a registered type.
type typeMethod struct {
	rt     *Runtime
	typeid string
}

var _ starlark.Callable = (*typeMethod)(nil)

func (m *typeMethod) Name() string          { return m.typeid }
func (m *typeMethod) String() string        { return "<function " + m.typeid + ">" }
func (m *typeMethod) Type() string          { return "function" }
func (m *typeMethod) Freeze()               {}
func (m *typeMethod) Truth() starlark.Bool  { return true }
func (m *typeMethod) Hash() (uint32, error) { return starlark.String(m.typeid).Hash() }

// CallInternal makes an object in the server of the manager that is the first argument.
func (m *typeMethod) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, wire.Errorf("TypeError", "%s() needs a manager", m.typeid)
	}
	mgr, err := managerOf(m.typeid, args[0])
	if err != nil {
		return nil, err
	}
	return mgr.create(thread, args[0], m.typeid, args[1:], kwargs)
}

// builtinType is a type that SyncManager registers.
type builtinType struct {
	typeid  string
	typ     *managedType // of what make returns, if it is one of ours
	proxy   string       // name of the proxy's class; "" for AutoProxy
	exposed starlark.Tuple
	wraps   map[string]string
	make    func(*Runtime, *starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) // nil: the object is the argument
}

func nameTuple(names ...string) starlark.Tuple {
	t := make(starlark.Tuple, len(names))
	for i, name := range names {
		t[i] = starlark.String(name)
	}
	return t
}
