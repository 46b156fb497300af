package mp

import (
	"fmt"
	"os"
	"reflect"
	"slices"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// The one start method is spawn: a process begins afresh and gets what it needs by value. There is nothing to choose, but
// programs that choose spawn, or ask, work as in CPython.
// https://docs.python.org/3.13/library/multiprocessing.html#contexts-and-start-methods
const startMethod = "spawn"

// checkMethod is the error of asking for another method, in CPython's words.
func checkMethod(method starlark.Value) error {
	if method == starlark.None || method == starlark.String(startMethod) {
		return nil
	}
	if s, ok := starlark.AsString(method); ok {
		return wire.Errorf("ValueError", "cannot find context for '%s'", s)
	}
	return wire.Errorf("ValueError", "cannot find context for %s", method)
}

// Context is a context: an object with all functions of the module, and the one start method.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.get_context
type Context struct {
	rt   *Runtime
	made map[string]*starlark.Builtin // what differs from the module's functions; guarded by the script lock
}

var _ starlark.HasAttrs = (*Context)(nil)

func (c *Context) String() string {
	return fmt.Sprintf("<multiprocessing.context.SpawnContext object at %p>", c)
}
func (c *Context) Type() string          { return "SpawnContext" }
func (c *Context) Freeze()               {}
func (c *Context) Truth() starlark.Bool  { return true }
func (c *Context) Hash() (uint32, error) { return pointerHash(c), nil }

// contextNames are the members of the module that contexts have too.
var contextNames = []string{
	"Array", "AuthenticationError", "Barrier", "BoundedSemaphore", "BufferTooShort", "Condition", "Event", "JoinableQueue", "Lock", "Manager",
	"Pipe", "Pool", "ProcessError", "Queue", "RLock", "RawArray", "RawValue", "Semaphore", "SimpleQueue", "TimeoutError", "Value",
	"active_children", "allow_connection_pickling", "cpu_count", "current_process", "freeze_support", "get_logger", "log_to_stderr",
	"parent_process", "set_executable", "set_forkserver_preload",
}

// Attr implements starlark.HasAttrs.
func (c *Context) Attr(name string) (starlark.Value, error) {
	if slices.Contains(contextNames, name) {
		return c.rt.module.Members[name], nil
	}
	if b := c.made[name]; b != nil {
		return b, nil
	}
	var f builtinFunc
	switch name {
	case "Process":
		return c.rt.spawnProcess()
	case "get_context":
		f = c.getContext
	case "get_start_method":
		f = func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var allowNone truth
			return starlark.String(startMethod), starlark.UnpackArgs(b.Name(), args, kwargs, "allow_none?", &allowNone)
		}
	case "set_start_method":
		f = func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var method starlark.Value
			var force truth
			if err := starlark.UnpackArgs(b.Name(), args, kwargs, "method", &method, "force?", &force); err != nil {
				return nil, err
			}
			return nil, wire.Errorf("ValueError", "cannot set start method of concrete context")
		}
	default:
		return nil, nil
	}
	if c.made == nil {
		c.made = map[string]*starlark.Builtin{}
	}
	c.made[name] = starlark.NewBuiltin(name, f).BindReceiver(c)
	return c.made[name], nil
}

// AttrNames implements starlark.HasAttrs.
func (c *Context) AttrNames() []string {
	names := append([]string{"Process", "get_context", "get_start_method", "set_start_method"}, contextNames...)
	slices.Sort(names)
	return names
}

func (c *Context) getContext(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var method starlark.Value = starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "method?", &method); err != nil {
		return nil, err
	}
	if err := checkMethod(method); err != nil {
		return nil, err
	}
	return c, nil
}

// getContext is get_context(method=None). As in CPython, asking for the default settles the method.
func (rt *Runtime) getContext(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if rt.context == nil {
		rt.context = &Context{rt: rt}
	}
	c, err := rt.context.getContext(thread, b, args, kwargs)
	if err == nil && (len(args)+len(kwargs) == 0 || len(args) == 1 && args[0] == starlark.None) {
		rt.methodSet = true
	}
	return c, err
}

// contextWire is the wire form of a context, of which each process has one.
func (rt *Runtime) contextWire() wire.Type {
	return wire.Type{
		Name:   "mp.context",
		Go:     reflect.TypeFor[*Context](),
		Encode: func(*wire.Encoder, starlark.Value) error { return nil },
		Decode: func(*wire.Decoder, func(starlark.Value)) (starlark.Value, error) {
			if rt.context == nil {
				rt.context = &Context{rt: rt}
			}
			return rt.context, nil
		},
	}
}

// getStartMethod is get_start_method(allow_none=False). As in CPython, asking settles the method.
func (rt *Runtime) getStartMethod(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var allowNone truth
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "allow_none?", &allowNone); err != nil {
		return nil, err
	}
	if bool(allowNone) && !rt.methodSet {
		return starlark.None, nil
	}
	rt.methodSet = true
	return starlark.String(startMethod), nil
}

// setStartMethod is set_start_method(method, force=False).
func (rt *Runtime) setStartMethod(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var method starlark.Value
	var force truth
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "method", &method, "force?", &force); err != nil {
		return nil, err
	}
	if rt.methodSet && !bool(force) {
		return nil, wire.Errorf("RuntimeError", "context has already been set")
	}
	if err := checkMethod(method); err != nil {
		return nil, err
	}
	rt.methodSet = method != starlark.None
	return starlark.None, nil
}

// getAllStartMethods is get_all_start_methods().
func getAllStartMethods(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return starlark.NewList([]starlark.Value{starlark.String(startMethod)}), noArgs(b, args, kwargs)
}

// freezeSupport is freeze_support(), which has nothing to do here.
func freezeSupport(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return starlark.None, noArgs(b, args, kwargs)
}

// allowConnectionPickling is allow_connection_pickling(): connections can be sent as they are.
func allowConnectionPickling(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return starlark.None, noArgs(b, args, kwargs)
}

// setExecutable is set_executable(executable). A child is always the program that runs already: another one is an error.
func setExecutable(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var executable starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "executable", &executable); err != nil {
		return nil, err
	}
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	switch x := executable.(type) {
	case starlark.NoneType:
		return starlark.None, nil
	case starlark.String, starlark.Bytes:
		if text(x) == own {
			return starlark.None, nil
		}
		return nil, wire.Errorf("ValueError", "set_executable: processes run the executable of the first one, %s, not %s", own, executable)
	}
	return nil, wire.Errorf("TypeError", "set_executable: expected str, bytes or os.PathLike object, not %s", executable.Type())
}

// setForkserverPreload is set_forkserver_preload(module_names), a hint for a start method that is not here.
func setForkserverPreload(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var names starlark.Iterable
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "module_names", &names); err != nil {
		return nil, err
	}
	iter := names.Iterate()
	defer iter.Done()
	for x := starlark.Value(nil); iter.Next(&x); {
		if _, ok := x.(starlark.String); !ok {
			return nil, wire.Errorf("TypeError", "module_names must be a list of strings")
		}
	}
	return starlark.None, nil
}
