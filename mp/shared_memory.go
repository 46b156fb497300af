package mp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"

	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// SharedMemory is multiprocessing.shared_memory.SharedMemory: a block of memory that the processes of the family find by
// its name.
// https://docs.python.org/3.13/library/multiprocessing.shared_memory.html
//
// Names are the family's own: other programs do not see them, and what was never unlinked is gone when the root ends. Unlike
// CPython's, a SharedMemory that is sent stays usable when it is unlinked meanwhile.
type SharedMemory struct {
	shared
	seg    *prim.Segment
	name   string
	size   int
	view   *memoryView
	closed bool // by close(); guarded by the script lock
}

var (
	_ starlark.HasAttrs   = (*SharedMemory)(nil)
	_ starlark.Comparable = (*SharedMemory)(nil)
)

// sharedMemoryModule is multiprocessing.shared_memory.
func (rt *Runtime) sharedMemoryModule() *starlarkstruct.Module {
	m := &starlarkstruct.Module{Name: "multiprocessing.shared_memory", Members: starlark.StringDict{
		"SharedMemory":  newClass("shared_memory", "SharedMemory", rt.makeSharedMemory, nil, sharedMemoryType),
		"ShareableList": newClass("shared_memory", "ShareableList", rt.makeShareableList, nil, shareableListType),
	}}
	for name, f := range m.Members {
		rt.host.Codec().Name("multiprocessing.shared_memory."+name, f)
	}
	return m
}

// makeSharedMemory is SharedMemory(name=None, create=False, size=0, *, track=True). There is nothing to track: what a family leaves goes
// with it.
func (rt *Runtime) makeSharedMemory(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var given starlark.Value = starlark.None
	var create, track truth
	size := 0
	if len(args) > 3 {
		return nil, wire.Errorf("TypeError", "SharedMemory.__init__() takes from 1 to 4 positional arguments but %d were given", len(args)+1)
	}
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "name?", &given, "create?", &create, "size?", &size, "track?", &track); err != nil {
		return nil, err
	}
	name, named := starlark.AsString(given)
	switch {
	case size < 0 || bool(create) && size == 0:
		return nil, sizeError(size)
	case given != starlark.None && !named:
		return nil, wire.Errorf("TypeError", "SharedMemory: name: got %s, want string or None", given.Type())
	case !named && !bool(create):
		return nil, wire.Errorf("ValueError", "'name' can only be None if create=True")
	case bool(create):
		return rt.newSharedMemory(name, named, size)
	}
	return rt.findSharedMemory(name)
}

// sizeError says what is wrong with the size of a new block, if anything is.
func sizeError(size int) error {
	switch {
	case size < 0:
		return wire.Errorf("ValueError", "'size' must be a positive integer")
	case size == 0:
		return wire.Errorf("ValueError", "'size' must be a positive number different from zero")
	}
	return nil
}

// newSharedMemory makes a block with a name, its own if named is false.
func (rt *Runtime) newSharedMemory(name string, named bool, size int) (*SharedMemory, error) {
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	rt.pacer.made(size)
	for {
		if !named {
			name = fmt.Sprintf("psm_%08x", rand.Uint32())
		}
		key, err := segmentKey(name)
		if err != nil {
			return nil, err
		}
		seg, err := prim.NewSegment(m, key, size)
		switch {
		case err == nil:
			return rt.wrapSharedMemory(seg, name), nil
		case named || !errors.Is(err, prim.ErrExists):
			return nil, segmentError(err, name)
		}
	}
}

// findSharedMemory is the block of that name.
func (rt *Runtime) findSharedMemory(name string) (*SharedMemory, error) {
	key, err := segmentKey(name)
	if err != nil {
		return nil, err
	}
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	seg, err := prim.OpenSegment(m, key)
	if err != nil {
		return nil, segmentError(err, name)
	}
	return rt.wrapSharedMemory(seg, name), nil
}

// segmentKey is what the system makes of a name: slashes before it do not count, others must not be.
func segmentKey(name string) (string, error) {
	if strings.Contains(name, "\x00") {
		return "", wire.Errorf("ValueError", "embedded null character")
	}
	key := strings.TrimLeft(name, "/")
	if key == "" || strings.Contains(key, "/") || len(key) > prim.MaxName {
		return "", wire.Errorf("OSError", "[Errno 22] Invalid argument: '/%s'", name)
	}
	return key, nil
}

// segmentError adds the name to an error, as the system's path.
func segmentError(err error, name string) error {
	var class interface{ ExceptionClass() string }
	if errors.As(err, &class) {
		return wire.Errorf(class.ExceptionClass(), "%w: '/%s'", err, name)
	}
	return scriptError(err)
}

func (rt *Runtime) wrapSharedMemory(seg *prim.Segment, name string) *SharedMemory {
	s := &SharedMemory{seg: seg, name: name, size: seg.Mem().Len()}
	s.shared = shared{rt: rt, typ: sharedMemoryType, h: seg.Handle(), self: s}
	s.view = &memoryView{owner: s, mem: seg.Mem(), step: 1, n: s.size}
	own(rt, s, seg.Close)
	return s
}

func (s *SharedMemory) String() string {
	return fmt.Sprintf("SharedMemory('%s', size=%d)", s.name, s.size)
}

// Attr implements starlark.HasAttrs.
func (s *SharedMemory) Attr(name string) (starlark.Value, error) {
	switch name {
	case "buf":
		if s.closed {
			return starlark.None, nil
		}
		return s.view, nil
	case "name":
		return starlark.String(s.name), nil
	case "size":
		return starlark.MakeInt(s.size), nil
	}
	return s.shared.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (s *SharedMemory) AttrNames() []string {
	return append(s.shared.AttrNames(), "buf", "name", "size")
}

var sharedMemoryType = &sharedType{"SharedMemory", []method{
	{"close", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		b.Receiver().(*SharedMemory).close()
		return starlark.None, nil
	}},
	{"unlink", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		return starlark.None, b.Receiver().(*SharedMemory).unlink()
	}},
}}

// close gives this value's use of the block up.
func (s *SharedMemory) close() {
	s.closed = true
	s.seg.Close()
}

// unlink takes the name from the block that has it now.
func (s *SharedMemory) unlink() error {
	key, err := segmentKey(s.name)
	if err != nil {
		return err
	}
	if err := prim.UnlinkSegment(s.rt.member, key); err != nil {
		return segmentError(err, s.name)
	}
	return nil
}

// sharedMemoryWire is the wire form of a SharedMemory: the block, or of one that is closed only the name, as in CPython.
func (rt *Runtime) sharedMemoryWire() wire.Type {
	return wire.Type{
		Name:   "mp.sharedmemory",
		Go:     reflect.TypeFor[*SharedMemory](),
		Shared: true,
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			s := v.(*SharedMemory)
			e.String(s.name)
			e.Bool(s.closed)
			if !s.closed {
				e.Handle(wire.Handle(s.h))
			}
			return nil
		},
		Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
			name, err := d.String()
			if err != nil {
				return nil, err
			}
			closed, err := d.Bool()
			if err != nil {
				return nil, err
			}
			if closed {
				return rt.findSharedMemory(name)
			}
			seg, err := decodeHandle(rt, d, prim.OpenSegmentHandle)
			if err != nil {
				return nil, err
			}
			return rt.wrapSharedMemory(seg, name), nil
		},
	}
}
