package mp

import (
	"crypto/rand"
	"os"
	"sync/atomic"

	"go.starlark.net/starlark"
)

// parentLink is what a child knows of its parent.
type parentLink struct {
	name    string
	pid     int
	gone    atomic.Uint32  // 1 when the parent's end of the control socket is closed
	process starlark.Value // parent_process(), made at first use; guarded by the script lock
}

func (rt *Runtime) setName(name string) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.name = name
}

// currentProcess is current_process().
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.current_process
func (rt *Runtime) currentProcess(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	if rt.current == nil { // guarded by the script lock
		p, err := rt.standIn(thread, "_MainProcess", &process{
			rt: rt, name: rt.name, pid: os.Getpid(), authkey: rt.key(), target: starlark.None, kwargs: new(starlark.Dict),
		}, nil)
		if err != nil {
			return nil, err
		}
		rt.current = p
	}
	return rt.current, nil
}

// standIn makes an instance of a subclass of Process around a state that has no child of its own.
func (rt *Runtime) standIn(thread *starlark.Thread, name string, p *process, attrs starlark.StringDict) (starlark.Value, error) {
	all := starlark.StringDict{"__init__": starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		args[0].(Instance).SetNative(p)
		return starlark.None, nil
	})}
	for k, v := range attrs {
		all[k] = v
	}
	class, err := rt.host.NewClass(name, []starlark.Value{rt.baseProcess}, all)
	if err != nil {
		return nil, err
	}
	return rt.host.Call(thread, class, nil, nil)
}

// parentProcess is parent_process(): None in the root.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.parent_process
func (rt *Runtime) parentProcess(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	link := rt.parent
	if link == nil {
		return starlark.None, nil
	}
	if link.process == nil {
		p, err := rt.standIn(thread, "_ParentProcess", &process{
			rt: rt, name: link.name, pid: link.pid, target: starlark.None, kwargs: new(starlark.Dict),
		}, starlark.StringDict{
			"is_alive": processMethod("is_alive", func(*starlark.Thread, *process, starlark.Value) (starlark.Value, error) {
				return starlark.Bool(link.gone.Load() == 0), nil
			}),
			"join": starlark.NewBuiltin("Process.join", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				var self starlark.Value
				var timeout seconds
				if err := starlark.UnpackArgs(b.Name(), args, kwargs, "self", &self, "timeout?", &timeout); err != nil {
					return nil, err
				}
				return starlark.None, rt.waitWord(thread, &link.gone, 0, timeout)
			}),
		})
		if err != nil {
			return nil, err
		}
		link.process = p
	}
	return link.process, nil
}

// activeChildren is active_children(), which also joins the children that have ended.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.active_children
func (rt *Runtime) activeChildren(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	rt.mu.Lock()
	all := make([]*child, 0, len(rt.children))
	objects := make(map[*child]starlark.Value, len(rt.children))
	for c, p := range rt.children {
		all = append(all, c)
		objects[c] = p.self
	}
	rt.mu.Unlock()
	var live []starlark.Value
	for _, c := range all {
		if c.ended() {
			rt.forget(c)
		} else {
			live = append(live, objects[c])
		}
	}
	return starlark.NewList(live), nil
}

// cpuCount is cpu_count(), the same number as os.cpu_count().
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.cpu_count
func (rt *Runtime) cpuCount(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	return starlark.MakeInt(rt.host.CPUCount()), nil
}

// key is the family's authentication key, made at first use in the root and inherited.
func (rt *Runtime) key() string {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.authkey == "" {
		var b [32]byte
		rand.Read(b[:])
		rt.authkey = string(b[:])
	}
	return rt.authkey
}
