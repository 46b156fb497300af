package wire

import (
	gotime "time"

	"go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// other writes values whose Go type isn't one of Starlark's common ones.
func (e *Encoder) other(v starlark.Value) error {
	if v == nil {
		return refuse(nil, nil)
	}
	if isPointer(v) {
		if name, ok := e.c.nameOf(v); ok {
			e.raw(extName, name)
			return nil
		}
	}
	if t := e.c.typeOf(v); t != nil {
		return e.typed(t, v)
	}
	if start, stop, step, ok := rangeOf(v); ok {
		at := e.open(extRange)
		e.Int(start)
		e.Int(stop)
		e.Int(step)
		e.close(at)
		return nil
	}
	if base, method, ok := viewOf(v); ok {
		at := e.open(extView)
		e.String(method)
		err := e.value(base)
		e.close(at)
		return err
	}
	return refuse(v, nil)
}

func (e *Encoder) typed(t *Type, v starlark.Value) error {
	if t.Shared {
		if done, err := e.enter(v, identity{p: v}, t.Late); done || err != nil {
			return err
		}
	} else if err := e.deeper(v); err != nil {
		return err
	}
	at := e.open(extTyped)
	e.typeRef(t)
	if err := t.Encode(e, v); err != nil {
		return refuse(v, err)
	}
	e.close(at)
	e.depth--
	if t.Late {
		e.Defined(v)
	}
	return nil
}

// typeRef writes a type's name when the message uses it first, its index later.
func (e *Encoder) typeRef(t *Type) {
	for i, u := range e.types {
		if u == t {
			e.Uint(uint64(i))
			return
		}
	}
	e.types = append(e.types, t)
	e.String(t.Name)
}

func (e *Encoder) structure(s *starlarkstruct.Struct) error {
	if name, ok := e.c.nameOf(s); ok {
		e.raw(extName, name)
		return nil
	}
	if done, err := e.enter(s, identity{p: s}, false); done || err != nil {
		return err
	}
	// The decoder has the struct when all of it is decoded, so that nothing in it can refer to it but through
	// containers that can be filled in. A struct can't be changed, so such a cycle was made by Go code or through
	// a container: late finds both.
	e.seen.list[len(e.seen.list)-1].late = true
	e.late++
	at := e.open(extStruct)
	if err := e.Elem(".constructor", s.Constructor()); err != nil {
		return err
	}
	e.mapping(s.Len())
	for name, v := range s.Entries() {
		e.String(name)
		if err := e.Elem("."+name, v); err != nil {
			return err
		}
	}
	e.close(at)
	e.Defined(s)
	e.depth--
	return nil
}

func (e *Encoder) builtin(b *starlark.Builtin) error {
	recv := b.Receiver()
	if name, ok := e.c.nameOf(b); ok {
		e.raw(extName, name)
		return nil
	}
	if recv == nil {
		return refuse(b, Errorf("TypeError", "built-in function %s has no name that other processes know", b.Name()))
	}
	name, err := attrName(recv, b.Name())
	if err != nil {
		return refuse(b, err)
	}
	if err := e.deeper(b); err != nil {
		return err
	}
	at := e.open(extMethod)
	if err := e.Elem(".__self__", recv); err != nil {
		return err
	}
	e.String(name)
	e.close(at)
	e.depth--
	return nil
}

// attrName returns the attribute of recv that is the built-in method of that name. A built-in may be named after its
// type too: "Queue.put" is the attribute "put".
func attrName(recv starlark.Value, name string) (string, error) {
	if o, ok := recv.(starlark.HasAttrs); ok {
		_, last, _ := cutLast(name)
		for _, attr := range []string{name, last} {
			v, err := o.Attr(attr)
			if b, ok := v.(*starlark.Builtin); err == nil && ok && b.Name() == name && b.Receiver() != nil {
				return attr, nil
			}
		}
	}
	return "", Errorf("TypeError", "%s has no method %s", recv.Type(), name)
}

func (e *Encoder) module(m *starlarkstruct.Module) error {
	name, ok := e.c.nameOf(m)
	if !ok {
		// Another copy of a module that both sides know.
		if known, isModule := e.c.named(m.Name).(*starlarkstruct.Module); !isModule || known.Name != m.Name {
			return refuse(m, Errorf("TypeError", "module %s has no name that other processes know", m.Name))
		}
		name = m.Name
	}
	e.raw(extName, name)
	return nil
}

func (e *Encoder) time(v time.Time) {
	t := gotime.Time(v)
	zone, offset := t.Zone()
	at := e.open(extTime)
	e.Int(t.Unix())
	e.Int(int64(t.Nanosecond()))
	e.String(t.Location().String())
	e.Int(int64(offset))
	e.String(zone)
	e.close(at)
}
