package mp

import (
	"fmt"
	"sort"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The words of a managed object's cell. They are written by the server before anyone else has the handle.
const (
	managedRequests = iota // handle of the queue that takes requests
	managedServer          // slot of the server
	managedGen             // generation of that slot
	managedCode            // managedType.code
)

// proxy is the script's view of an object that a manager serves. Each operation is one round trip to the manager.
type proxy struct {
	shared
	kind    *managedType
	server  serverRef
	methods map[string]*starlark.Builtin // made when first used; guarded by the script lock
}

// DictProxy is what Manager().dict() returns, with the methods of Python's DictProxy, and d[k], k in d, len(d) and iteration.
type DictProxy struct{ proxy }

// ListProxy is what Manager().list() returns, with the methods of Python's ListProxy, and l[i], x in l, len(l) and iteration.
type ListProxy struct{ proxy }

// NamespaceProxy is what Manager().Namespace() returns: its attributes are the served object's.
type NamespaceProxy struct{ proxy }

var (
	_ starlark.IterableMapping = (*DictProxy)(nil)
	_ starlark.HasSetKey       = (*DictProxy)(nil)
	_ starlark.Sequence        = (*DictProxy)(nil)
	_ starlark.HasSetIndex     = (*ListProxy)(nil)
	_ starlark.Sequence        = (*ListProxy)(nil)
	_ starlark.HasBinary       = (*ListProxy)(nil)
	_ starlark.HasSetField     = (*NamespaceProxy)(nil)
)

// openProxy makes the proxy for the served object h.
func (rt *Runtime) openProxy(m *arena.Member, h arena.Handle) (starlark.Value, error) {
	c, err := m.Arena().Cell(h, arena.KindManaged)
	if err != nil {
		return nil, scriptError(err)
	}
	requests, err := prim.OpenQueue(m, arena.Handle(c.W[managedRequests].Load()))
	if err != nil {
		return nil, errManagerGone
	}
	if err := m.Retain(h); err != nil {
		requests.Close()
		return nil, scriptError(err)
	}
	p := proxy{server: serverRef{requests, arena.SlotID(c.W[managedServer].Load()), uint32(c.W[managedGen].Load())}}
	p.shared = shared{rt: rt, h: h}
	var v starlark.Value
	release := func() {
		requests.Close()
		m.Release(h)
	}
	switch c.W[managedCode].Load() {
	case dictType.code:
		o := &DictProxy{p}
		o.kind, v = dictType, o
		own(rt, o, release)
	case listType.code:
		o := &ListProxy{p}
		o.kind, v = listType, o
		own(rt, o, release)
	case namespaceType.code:
		o := &NamespaceProxy{p}
		o.kind, v = namespaceType, o
		own(rt, o, release)
	default:
		release()
		return nil, fmt.Errorf("BUG: managed object of an unknown type")
	}
	p2 := proxyOf(v)
	p2.self, p2.typ = v, &sharedType{name: p2.kind.proxy}
	return v, nil
}

func proxyOf(v starlark.Value) *proxy {
	switch v := v.(type) {
	case *DictProxy:
		return &v.proxy
	case *ListProxy:
		return &v.proxy
	case *NamespaceProxy:
		return &v.proxy
	}
	return nil
}

// call runs a method of the served object.
func (p *proxy) call(thread *starlark.Thread, method string, args ...starlark.Value) (starlark.Value, error) {
	return p.callKw(thread, method, args, nil)
}

func (p *proxy) callKw(thread *starlark.Thread, method string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if s := p.rt.serving; s != nil && p.server.slot == p.rt.self {
		// Script code that runs inside the server, such as a sort key, works on the object itself.
		o := s.objects[p.h]
		return o.typ.call(s, thread, o.value, method, args, kwargs)
	}
	return p.rt.remoteCall(thread, p.server, uint64(p.h), method, args, kwargs)
}

// now is call for operators, which go.starlark.net calls without a thread.
func (p *proxy) now(method string, args ...starlark.Value) (starlark.Value, error) {
	return p.call(p.rt.host.Current(), method, args...)
}

// String is the text of the served object, as CPython's str(proxy) is. Inside the server, where a proxy is printed as an element of
// another object, it is the proxy's own.
func (p *proxy) String() string {
	if p.rt.serving != nil && p.server.slot == p.rt.self {
		return p.Repr()
	}
	v, err := p.now("__str__")
	if err != nil {
		s := p.Repr()
		return s[:len(s)-1] + "; '__str__()' failed>" // CPython's words
	}
	return string(v.(starlark.String))
}

// Repr is CPython's repr(proxy).
func (p *proxy) Repr() string {
	return fmt.Sprintf("<%s object, typeid '%s' at %#x>", p.kind.proxy, p.kind.typeid, uint64(p.h))
}

// Truth is that of the served object.
func (p *proxy) Truth() starlark.Bool {
	if p.kind == namespaceType {
		return true
	}
	return p.length() > 0
}

// Attr implements starlark.HasAttrs.
func (p *proxy) Attr(name string) (starlark.Value, error) {
	if b := p.methods[name]; b != nil {
		return b, nil
	}
	if !p.kind.has(name) {
		return nil, nil
	}
	b := starlark.NewBuiltin(name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return p.callKw(thread, name, args, kwargs)
	}).BindReceiver(p.self)
	if p.methods == nil {
		p.methods = map[string]*starlark.Builtin{}
	}
	p.methods[name] = b
	return b, nil
}

// AttrNames implements starlark.HasAttrs.
func (p *proxy) AttrNames() []string {
	names := append([]string(nil), p.kind.own...)
	for name := range p.kind.methods {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (t *managedType) has(name string) bool {
	if t.methods[name] != nil {
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
	return starlark.Iterate(v)
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
	l := v.(*starlark.List)
	items := make([]starlark.Tuple, l.Len())
	for i := range items {
		items[i] = l.Index(i).(starlark.Tuple)
	}
	return items
}

// Binary implements starlark.HasBinary: k in d, d | other.
func (d *DictProxy) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	switch {
	case op == syntax.IN && side == starlark.Right:
		return d.now("__contains__", y)
	case op == syntax.PIPE && side == starlark.Left:
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
func (l *ListProxy) Iterate() starlark.Iterator { return l.iterate("copy") }

// Slice implements starlark.Sliceable: l[a:b:c].
func (l *ListProxy) Slice(start, end, step int) starlark.Value {
	v, err := l.now("copy")
	if err != nil {
		l.rt.host.Pending(err)
		return starlark.None
	}
	return v.(*starlark.List).Slice(start, end, step)
}

// Binary implements starlark.HasBinary: x in l, l + other, l * n.
func (l *ListProxy) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	switch {
	case op == syntax.IN && side == starlark.Right:
		return l.now("__contains__", y)
	case op == syntax.PLUS && side == starlark.Left:
		if other, ok := y.(*ListProxy); ok {
			copied, err := other.now("copy")
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
	if len(name) > 0 && name[0] == '_' {
		return n.proxy.Attr(name)
	}
	return n.now("__getattribute__", starlark.String(name))
}

// SetField implements starlark.HasSetField.
func (n *NamespaceProxy) SetField(name string, v starlark.Value) error {
	_, err := n.now("__setattr__", starlark.String(name), v)
	return err
}
