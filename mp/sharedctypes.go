package mp

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// sharedctypesModule is multiprocessing.sharedctypes.
// https://docs.python.org/3.13/library/multiprocessing.html#module-multiprocessing.sharedctypes
//
// There are type codes only: Starlark has no ctypes.
func (rt *Runtime) sharedctypesModule(members starlark.StringDict) *starlarkstruct.Module {
	own := starlark.StringDict{
		"copy":         starlark.NewBuiltin("copy", rt.copyRaw),
		"synchronized": starlark.NewBuiltin("synchronized", rt.makeSynchronized),
	}
	base := newClass("sharedctypes", "SynchronizedBase", nil, nil, valueType, arrayType, stringArrayType)
	array := newClass("sharedctypes", "SynchronizedArray", nil, []*Class{base}, arrayType, stringArrayType)
	for _, c := range []*Class{
		base, array,
		newClass("sharedctypes", "Synchronized", nil, []*Class{base}, valueType),
		newClass("sharedctypes", "SynchronizedString", nil, []*Class{array}, stringArrayType),
	} {
		own[c.name] = c
	}
	for name, v := range own {
		rt.host.Codec().Name("multiprocessing.sharedctypes."+name, v)
	}
	for _, name := range []string{"Value", "Array", "RawValue", "RawArray"} {
		own[name] = members[name]
	}
	return &starlarkstruct.Module{Name: "multiprocessing.sharedctypes", Members: own}
}

// copyRaw is copy(obj): new shared memory with what obj has.
func (rt *Runtime) copyRaw(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var obj starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "obj", &obj); err != nil {
		return nil, err
	}
	switch obj := obj.(type) {
	case *RawValue:
		s, err := rt.newShared(obj.t.size, uint16(obj.t.code))
		if err != nil {
			return nil, err
		}
		v := rt.wrapRawValue(s, obj.t)
		return v, v.set(obj.get())
	case *RawArray:
		s, err := rt.newShared(obj.mem.Len(), uint16(obj.t.code)|rawArrayTag)
		if err != nil {
			return nil, err
		}
		a := rt.wrapRawArray(s, obj.t)
		return a, obj.readBytes(a.mem.Bytes(), 0)
	}
	return nil, errNoSize
}

// makeSynchronized is synchronized(obj, lock=None).
func (rt *Runtime) makeSynchronized(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var obj, lock starlark.Value = nil, starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "obj", &obj, "lock?", &lock); err != nil {
		return nil, err
	}
	g, err := rt.newGuard(lock)
	if err != nil {
		return nil, err
	}
	return rt.synchronize(obj, g)
}
