package wire

import (
	"reflect"
	"strings"
	"sync"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// Handle names an object of the arena. This package only carries handles and lists those that a message has.
type Handle = uint64

// Type is the wire form of one Go type of Starlark values.
type Type struct {
	// Name identifies the type on the wire. It must be the same in all processes of a family.
	Name string
	// Go is the dynamic type of the values, a pointer type if Shared is set.
	Go reflect.Type
	// Others are more types of values that are sent so; what arrives is of type Go.
	Others []reflect.Type
	// Shared keeps identity: a value met twice arrives as one object, and cycles through it are possible.
	Shared bool
	// Late says that Decode needs a part of the content before it can call define. Encode must then call
	// Encoder.Defined after that part, so that references which would come too early are found by the sender.
	Late bool
	// Encode writes the content of v.
	Encode func(e *Encoder, v starlark.Value) error
	// Decode reads what Encode wrote, all of it, and returns the value. For a Shared type it calls define with the
	// value as early as it can, at most once, and must return the same value; if it does not, the decoder does it with
	// the result.
	Decode func(d *Decoder, define func(starlark.Value)) (starlark.Value, error)
}

// Codec knows the wire forms of one runtime's values. Encode and Decode may be called from any goroutine, concurrently;
// neither blocks. Both run script code where a key of a dict or set has a __hash__ method, so the caller has the script
// lock.
type Codec struct {
	encoders, decoders sync.Pool

	mu     sync.RWMutex
	types  map[reflect.Type]*Type
	byName map[string]*Type
	names  map[string]starlark.Value
	hidden map[string]bool           // names that do not arrive
	index  map[starlark.Value]string // names of pointer values, built when first needed; nil when out of date
}

// NewCodec returns a codec that knows Starlark's own values, the types of go.starlark.net's struct and time
// libraries, and the universal built-ins.
func NewCodec() *Codec {
	return &Codec{
		types:  map[reflect.Type]*Type{},
		byName: map[string]*Type{},
		names:  map[string]starlark.Value{},
	}
}

// Register adds the wire form of a type. It panics if the name or the Go type is taken.
func (c *Codec) Register(t Type) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.types[t.Go] != nil || c.byName[t.Name] != nil {
		panic("BUG: wire type registered twice: " + t.Name)
	}
	if t.Shared && t.Go.Kind() != reflect.Pointer {
		panic("BUG: shared wire type is not a pointer: " + t.Name)
	}
	c.types[t.Go] = &t
	for _, other := range t.Others {
		c.types[other] = &t
	}
	c.byName[t.Name] = &t
}

// Name makes v travel as name, and name arrive as v. Both sides name their own value so. The members of a
// module are named along with it, as "module.member". A later value takes the name over; the earlier one
// still travels by it.
func (c *Codec) Name(name string, v starlark.Value) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names[name] = v
	c.index = nil
}

// Hide has nothing arrive by these names, nor members of modules that have them. What was named so still travels, to others.
func (c *Codec) Hide(names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hidden = make(map[string]bool, len(names))
	for _, name := range names {
		c.hidden[name] = true
	}
}

// Renamed says that a named module has members that it didn't have before.
func (c *Codec) Renamed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.index = nil
}

func (c *Codec) typeOf(v starlark.Value) *Type {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.types[reflect.TypeOf(v)]
}

func (c *Codec) typeNamed(name []byte) *Type {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.byName[string(name)]
}

// nameOf returns the name under which v, a pointer, travels.
func (c *Codec) nameOf(v starlark.Value) (string, bool) {
	c.mu.RLock()
	index := c.index
	c.mu.RUnlock()
	if index == nil {
		index = c.buildIndex()
	}
	name, ok := index[v]
	if !ok {
		if b, isBuiltin := v.(*starlark.Builtin); isBuiltin && starlark.Universe[b.Name()] == v {
			return b.Name(), true
		}
	}
	return name, ok
}

func (c *Codec) buildIndex() map[starlark.Value]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	index := make(map[starlark.Value]string, len(c.names))
	for name, v := range c.names {
		for member, v := range made(v) {
			if isPointer(v) {
				index[v] = name + "." + member
			}
		}
	}
	// Values with a name of their own go by that.
	for name, v := range c.names {
		if isPointer(v) {
			index[v] = name
		}
	}
	c.index = index
	return index
}

// made returns the members of a module that exist already: of one that makes them when they are first asked for there is nothing
// that could be sent before. Such a module calls Renamed when it has made them.
func made(v starlark.Value) starlark.StringDict {
	if m, ok := v.(interface{ MadeMembers() starlark.StringDict }); ok {
		return m.MadeMembers()
	}
	return members(v)
}

// members returns the members of a module. Besides go.starlark.net's modules there are such as make their members
// when they are first asked for, by this method.
func members(v starlark.Value) starlark.StringDict {
	switch m := v.(type) {
	case *starlarkstruct.Module:
		return m.Members
	case interface{ ModuleMembers() starlark.StringDict }:
		return m.ModuleMembers()
	}
	return nil
}

func isPointer(v starlark.Value) bool {
	return v != nil && reflect.TypeOf(v).Kind() == reflect.Pointer
}

// named returns the value that travels as name, or nil.
func (c *Codec) named(name string) starlark.Value {
	c.mu.RLock()
	v := c.names[name]
	hidden := false
	if c.hidden != nil {
		first, _, _ := strings.Cut(name, ".")
		hidden = c.hidden[first] || c.hidden[name]
	}
	c.mu.RUnlock()
	if hidden {
		return nil
	}
	if v != nil {
		return v
	}
	if module, member, ok := cutLast(name); ok {
		c.mu.RLock()
		m := c.names[module]
		c.mu.RUnlock()
		if m != nil {
			return members(m)[member]
		}
		return nil
	}
	return starlark.Universe[name]
}

// cutLast cuts name at its last dot.
func cutLast(name string) (before, after string, ok bool) {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			return name[:i], name[i+1:], true
		}
	}
	return "", name, false
}
