package mp

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// proxy is the script's view of an object that a manager serves. Each operation is one round trip to the manager.
type proxy struct {
	*referent
	kind    *managedType
	self    starlark.Value               // what the script has
	manager starlark.Value               // that made it, None if it came from elsewhere
	methods map[string]*starlark.Builtin // made when first used; guarded by the script lock
}

// DictProxy is what Manager().dict() returns, with the methods of Python's DictProxy, and d[k], k in d, len(d) and iteration.
type DictProxy struct{ proxy }

// ListProxy is what Manager().list() returns, with the methods of Python's ListProxy, and l[i], x in l, len(l) and iteration.
type ListProxy struct{ proxy }

// NamespaceProxy is what Manager().Namespace() returns: its attributes are the served object's, but for those whose names
// begin with an underscore.
type NamespaceProxy struct {
	proxy
	private starlark.StringDict // nil for none; guarded by the script lock
}

var (
	_ starlark.IterableMapping = (*DictProxy)(nil)
	_ starlark.HasSetKey       = (*DictProxy)(nil)
	_ starlark.Sequence        = (*DictProxy)(nil)
	_ starlark.HasSetIndex     = (*ListProxy)(nil)
	_ starlark.Sequence        = (*ListProxy)(nil)
	_ starlark.HasBinary       = (*ListProxy)(nil)
	_ starlark.HasSetField     = (*NamespaceProxy)(nil)
	_ starlark.Comparable      = (*DictProxy)(nil)
)

// newProxy makes the proxy of an object as one of our own types.
func newProxy(kind *managedType, r *referent, manager starlark.Value) proxyValue {
	var v proxyValue
	switch kind {
	case dictType:
		v = &DictProxy{}
	case listType:
		v = &ListProxy{}
	case namespaceType:
		v = &NamespaceProxy{}
	case heldValueType:
		v = &ValueProxy{}
	}
	*v.state() = proxy{referent: r, kind: kind, self: v, manager: manager}
	return v
}

// proxyValue is a value whose methods are calls of a served object.
type proxyValue interface {
	starlark.Value
	state() *proxy
}

func (p *proxy) state() *proxy { return p }

// proxyOf returns the state of a proxy, nil for any other value.
func proxyOf(v starlark.Value) *proxy {
	switch v := v.(type) {
	case proxyValue:
		return v.state()
	case Instance:
		p, _ := v.Native().(*proxy)
		return p
	}
	return nil
}

// registerProxy gives the proxies of one of our own types their wire form.
func (rt *Runtime) registerProxy(kind *managedType, name string) {
	rt.host.Codec().Register(wire.Type{
		Name: "mp." + name,
		Go:   reflect.TypeOf(newProxy(kind, nil, nil)),
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			return encodeReferent(e, v.(proxyValue).state().referent)
		},
		Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			r, err := rt.decodeReferent(d)
			if err != nil {
				return nil, err
			}
			return newProxy(kind, r, starlark.None), nil
		},
	})
}

// Type is the name of the proxy's class.
func (p *proxy) Type() string { return p.kind.proxy }

// Class is the class that isinstance knows.
func (p *proxy) Class() starlark.Value { return p.rt.managerClasses().proxies[p.kind.proxy] }

// Freeze does nothing: what a proxy stands for is elsewhere.
func (p *proxy) Freeze() {}

// Hash hashes the identity of the served object.
func (p *proxy) Hash() (uint32, error) { return uint32(p.id)*2654435761 ^ uint32(p.id>>32), nil }

// CompareSameType makes two proxies of one object equal. Unlike CPython's, which are equal only to themselves.
func (p *proxy) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	o := proxyOf(y)
	return compareIdentity(op, o != nil && o.id == p.id && o.server.same(p.server), p.kind.proxy)
}

// now is call for operators, which go.starlark.net calls without a thread.
func (p *proxy) now(method string, args ...starlark.Value) (starlark.Value, error) {
	return p.call(p.rt.host.Current(), method, args, nil)
}

// String is the text of the served object, as CPython's str(proxy) is. Inside the server, where a proxy is printed as an element of
// another object, it is the proxy's own.
func (p *proxy) String() string {
	if p.local() != nil {
		return p.Repr()
	}
	return p.text()
}

// text is CPython's str(proxy): the referent's repr, or if that fails the proxy's own.
func (p *proxy) text() string {
	v, err := p.now("__repr__")
	if s, ok := v.(starlark.String); ok && err == nil {
		return string(s)
	}
	s := p.Repr()
	return s[:len(s)-1] + "; '__str__()' failed>"
}

// Repr is CPython's repr(proxy).
func (p *proxy) Repr() string {
	name := ""
	if p.kind != nil {
		name = p.kind.proxy
	} else if x, ok := p.self.(Instance); ok {
		name = x.ClassName()
	}
	return fmt.Sprintf("<%s object, typeid '%s' at %#x>", name, p.typeid, p.id)
}

// Truth is that of the served object.
func (p *proxy) Truth() starlark.Bool {
	if p.kind == dictType || p.kind == listType {
		return p.length() > 0
	}
	return true
}

// Attr implements starlark.HasAttrs.
func (p *proxy) Attr(name string) (starlark.Value, error) {
	if b := p.methods[name]; b != nil {
		return b, nil
	}
	var fn builtinFunc
	switch {
	case p.kind.has(name):
		fn = func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return p.callAndWrap(thread, name, args, kwargs)
		}
	case baseProxyMethod(name) != nil:
		own := baseProxyMethod(name)
		fn = func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return own(thread, p, args, kwargs)
		}
	default:
		return p.attr(name)
	}
	b := starlark.NewBuiltin(name, fn).BindReceiver(p.self)
	if p.methods == nil {
		p.methods = map[string]*starlark.Builtin{}
	}
	p.methods[name] = b
	return b, nil
}

// AttrNames implements starlark.HasAttrs.
func (p *proxy) AttrNames() []string {
	names := append([]string{"_callmethod", "_getvalue", "_id", "_manager", "_token"}, p.kind.own...)
	for name := range p.kind.methods() {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (t *managedType) has(name string) bool {
	if t.methods()[name] != nil {
		return true
	}
	for _, own := range t.own {
		if own == name {
			return true
		}
	}
	return false
}

func (p *proxy) length() int {
	v, err := p.now("__len__")
	if err != nil {
		p.rt.host.Pending(err)
		return 0
	}
	n, _ := starlark.AsInt32(v)
	return n
}

// iterate walks over a copy: of the keys, or of the elements.
func (p *proxy) iterate(method string) starlark.Iterator {
	v, err := p.now(method)
	if err != nil {
		p.rt.host.Pending(err)
		return starlark.Tuple(nil).Iterate()
	}
	iter := starlark.Iterate(v)
	if iter == nil {
		p.rt.host.Pending(wire.Errorf("TypeError", "'%s' object is not iterable", p.Type()))
		return starlark.Tuple(nil).Iterate()
	}
	return iter
}

// Get implements starlark.Mapping: d[k].
func (d *DictProxy) Get(k starlark.Value) (starlark.Value, bool, error) {
	v, err := d.now("__getitem__", k)
	return v, err == nil, err
}

// SetKey implements starlark.HasSetKey: d[k] = v.
func (d *DictProxy) SetKey(k, v starlark.Value) error {
	_, err := d.now("__setitem__", k, v)
	return err
}

// Len implements starlark.Sequence.
func (d *DictProxy) Len() int { return d.length() }

// Iterate implements starlark.Iterable, over the keys.
func (d *DictProxy) Iterate() starlark.Iterator { return d.iterate("keys") }

// Items implements starlark.IterableMapping.
func (d *DictProxy) Items() []starlark.Tuple {
	v, err := d.now("items")
	if err != nil {
		d.rt.host.Pending(err)
		return nil
	}
	var items []starlark.Tuple
	if l, ok := v.(starlark.Iterable); ok {
		for x := range starlark.Elements(l) {
			if pair, ok := x.(starlark.Tuple); ok && len(pair) == 2 {
				items = append(items, pair)
			}
		}
	}
	return items
}

// Binary implements starlark.HasBinary: k in d, d | other.
func (d *DictProxy) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	switch {
	case op == syntax.IN && side == starlark.Right:
		return d.now("__contains__", y)
	case op == syntax.PIPE && side == starlark.Left:
		if d.rt.host.Augmented(d.rt.host.Current()) {
			_, err := d.now("update", y)
			return d, err
		}
		return d.now("__or__", y)
	case op == syntax.PIPE:
		return d.now("__ror__", y)
	}
	return nil, nil
}

// Index implements starlark.Indexable: l[i].
func (l *ListProxy) Index(i int) starlark.Value {
	v, err := l.now("__getitem__", starlark.MakeInt(i))
	if err != nil {
		l.rt.host.Pending(err)
		return starlark.None
	}
	return v
}

// SetIndex implements starlark.HasSetIndex: l[i] = v.
func (l *ListProxy) SetIndex(i int, v starlark.Value) error {
	_, err := l.now("__setitem__", starlark.MakeInt(i), v)
	return err
}

// Len implements starlark.Sequence.
func (l *ListProxy) Len() int { return l.length() }

// Iterate implements starlark.Iterable.
func (l *ListProxy) Iterate() starlark.Iterator { return l.iterate("#GETVALUE") }

// Slice implements starlark.Sliceable: l[a:b:c].
func (l *ListProxy) Slice(start, end, step int) starlark.Value {
	v, err := l.now("#GETVALUE")
	if err != nil {
		l.rt.host.Pending(err)
		return starlark.None
	}
	x, ok := v.(starlark.Sliceable)
	if !ok {
		l.rt.host.Pending(wire.Errorf("TypeError", "'%s' object cannot be sliced", pythonType(v)))
		return starlark.None
	}
	return x.Slice(start, end, step)
}

// Binary implements starlark.HasBinary: x in l, l + other, l * n.
func (l *ListProxy) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	switch {
	case op == syntax.IN && side == starlark.Right:
		return l.now("__contains__", y)
	case op == syntax.PLUS && side == starlark.Left && l.rt.host.Augmented(l.rt.host.Current()):
		_, err := l.now("extend", y)
		return l, err
	case op == syntax.STAR && side == starlark.Left && l.rt.host.Augmented(l.rt.host.Current()):
		_, err := l.now("__imul__", y)
		return l, err
	case op == syntax.PLUS && side == starlark.Left:
		if other, ok := y.(*ListProxy); ok {
			copied, err := other.now("#GETVALUE")
			if err != nil {
				return nil, err
			}
			y = copied
		}
		return l.now("__add__", y)
	case op == syntax.STAR:
		return l.now("__mul__", y)
	}
	return nil, nil
}

// Attr implements starlark.HasAttrs: names that begin with an underscore are the proxy's own, as in CPython.
func (n *NamespaceProxy) Attr(name string) (starlark.Value, error) {
	if private(name) {
		if v, ok := n.private[name]; ok {
			return v, nil
		}
		return n.proxy.Attr(name)
	}
	if name == updateWith {
		return n.proxy.Attr(name)
	}
	return n.now("__getattribute__", starlark.String(name))
}

// SetField implements starlark.HasSetField.
func (n *NamespaceProxy) SetField(name string, v starlark.Value) error {
	if private(name) {
		if n.private == nil {
			n.private = starlark.StringDict{}
		}
		n.private[name] = v
		return nil
	}
	_, err := n.now("__setattr__", starlark.String(name), v)
	return err
}

// DelField is delattr(n, name).
func (n *NamespaceProxy) DelField(name string) error {
	if private(name) {
		if !n.private.Has(name) {
			return noAttribute(n, name)
		}
		delete(n.private, name)
		return nil
	}
	_, err := n.now("__delattr__", starlark.String(name))
	return err
}

// private reports whether an attribute of a NamespaceProxy is the proxy's own.
func private(name string) bool { return strings.HasPrefix(name, "_") }
