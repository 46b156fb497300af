package mp

import (
	"crypto/rand"
	"math"
	"os"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
	"go.starlark.net/starlark"
)

// parentLink is what a child knows of its parent.
type parentLink struct {
	name    string
	pid     int
	gone    atomic.Uint32  // 1 when the parent's end of the control socket is closed
	asked   atomic.Bool    // a script has asked for parent_process()
	process starlark.Value // parent_process(), made at first use; guarded by the script lock
}

// orphanGrace is how long a process that has asked for its parent goes on without it, so that it can see that the parent is
// gone and tidy up. Others end at once.
const orphanGrace = time.Second

// orphaned ends this process, whose parent is gone.
func (rt *Runtime) orphaned() {
	link := rt.parent
	link.gone.Store(1)
	futex.Wake(&link.gone, math.MaxInt32)
	if link.asked.Load() {
		time.Sleep(orphanGrace)
	}
	rt.Kill()
	os.Exit(1)
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
		p, err := rt.standIn(thread, rt.mainClass, &process{
			rt: rt, name: rt.name, pid: os.Getpid(), authkey: rt.key(), target: starlark.None, kwargs: new(starlark.Dict),
		})
		if err != nil {
			return nil, err
		}
		rt.current = p
	}
	return rt.current, nil
}

// standIn makes an object of a class from makeStandIns around a state that has no child of its own.
func (rt *Runtime) standIn(thread *starlark.Thread, class starlark.Value, p *process) (starlark.Value, error) {
	v, err := rt.host.Call(thread, class, nil, nil)
	if err != nil {
		return nil, err
	}
	v.(Instance).SetNative(p)
	return v, nil
}

// makeStandIns makes the classes of what current_process() is in the root and parent_process() in a child. They have names,
// so that their objects can be sent; these mean something where the process they stand for is the current one or the parent.
func (rt *Runtime) makeStandIns() (err error) {
	attrs := func() starlark.StringDict {
		return starlark.StringDict{"__module__": starlark.String("multiprocessing.process"), "__init__": starlark.NewBuiltin("__init__", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			return starlark.None, nil
		})}
	}
	main, parent := attrs(), attrs()
	parent["is_alive"] = processMethod("is_alive", func(_ *starlark.Thread, p *process, _ starlark.Value) (starlark.Value, error) {
		link := rt.parent
		if link == nil || p.pid != link.pid {
			return nil, assertion("can only test a child process")
		}
		return starlark.Bool(link.gone.Load() == 0), nil
	})
	parent["join"] = starlark.NewBuiltin("Process.join", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		p, timeout, err := unpackJoin(b, args, kwargs)
		if err != nil {
			return nil, err
		}
		link := rt.parent
		if link == nil || p.pid != link.pid {
			return nil, assertion("can only join a child process")
		}
		return starlark.None, rt.waitWord(thread, &link.gone, 0, timeout)
	})
	if rt.mainClass, err = rt.host.NewClass("_MainProcess", []starlark.Value{rt.baseProcess}, main); err != nil {
		return err
	}
	rt.parentClass, err = rt.host.NewClass("_ParentProcess", []starlark.Value{rt.baseProcess}, parent)
	return err
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
	link.asked.Store(true)
	if link.process == nil {
		p, err := rt.standIn(thread, rt.parentClass, &process{
			rt: rt, name: link.name, pid: link.pid, target: starlark.None, kwargs: new(starlark.Dict),
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
