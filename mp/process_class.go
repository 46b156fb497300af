package mp

import (
	"fmt"
	"syscall"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// property is a class attribute computed in Go, as Python's property.
type property struct {
	name string
	get  func(self starlark.Value) (starlark.Value, error)
	set  func(self, v starlark.Value) error // nil: read-only
}

func (p *property) String() string        { return "<property " + p.name + ">" }
func (p *property) Type() string          { return "property" }
func (p *property) Freeze()               {}
func (p *property) Truth() starlark.Bool  { return true }
func (p *property) Hash() (uint32, error) { return starlark.String(p.name).Hash() }

// Get computes the property for self.
func (p *property) Get(self starlark.Value) (starlark.Value, error) { return p.get(self) }

// Set sets the property for self; a read-only property gives AttributeError.
func (p *property) Set(self, v starlark.Value) error {
	if p.set == nil {
		return wire.Errorf("AttributeError", "property '%s' of '%s' object has no setter", p.name, self.Type())
	}
	return p.set(self, v)
}

// makeProcessClass makes multiprocessing.Process and its base.
func (rt *Runtime) makeProcessClass() error {
	attrs := starlark.StringDict{
		"__init__": starlark.NewBuiltin("Process.__init__", rt.initProcess),
		"__repr__": processMethod("__repr__", func(_ *starlark.Thread, p *process, self starlark.Value) (starlark.Value, error) {
			return starlark.String(p.repr(self.(Instance).ClassName())), nil
		}),
		"run": processMethod("run", func(thread *starlark.Thread, p *process, _ starlark.Value) (starlark.Value, error) {
			if p.target == starlark.None {
				return starlark.None, nil
			}
			_, err := rt.host.Call(thread, p.target, p.args, p.kwargs.Items())
			return starlark.None, err
		}),
		"start": processMethod("start", func(_ *starlark.Thread, p *process, self starlark.Value) (starlark.Value, error) {
			return starlark.None, p.start(self)
		}),
		"join": starlark.NewBuiltin("Process.join", joinProcess),
		"is_alive": processMethod("is_alive", func(_ *starlark.Thread, p *process, _ starlark.Value) (starlark.Value, error) {
			ok, err := p.alive()
			return starlark.Bool(ok), err
		}),
		"interrupt": processMethod("interrupt", func(_ *starlark.Thread, p *process, _ starlark.Value) (starlark.Value, error) {
			return starlark.None, p.send("interrupt", syscall.SIGINT)
		}),
		"terminate": processMethod("terminate", func(_ *starlark.Thread, p *process, _ starlark.Value) (starlark.Value, error) {
			return starlark.None, p.send("terminate", sigterm)
		}),
		"kill": processMethod("kill", func(_ *starlark.Thread, p *process, _ starlark.Value) (starlark.Value, error) {
			return starlark.None, p.send("kill", sigkill)
		}),
		"close": processMethod("close", func(_ *starlark.Thread, p *process, _ starlark.Value) (starlark.Value, error) {
			return starlark.None, p.close()
		}),
	}
	for _, prop := range processProperties {
		attrs[prop.name] = prop
	}
	attrs["__wire__"] = processWire{rt}
	attrs["__module__"] = starlark.String("multiprocessing.process")
	var err error
	if rt.baseProcess, err = rt.host.NewClass("BaseProcess", nil, attrs); err == nil {
		rt.processClass, err = rt.deriveProcess("Process")
	}
	if err == nil {
		err = rt.makeStandIns()
	}
	if err != nil {
		return fmt.Errorf("BUG: making multiprocessing.Process: %w", err)
	}
	return nil
}

// deriveProcess makes a class of the module context.
func (rt *Runtime) deriveProcess(name string) (starlark.Value, error) {
	return rt.host.NewClass(name, []starlark.Value{rt.baseProcess}, starlark.StringDict{"__module__": starlark.String("multiprocessing.context")})
}

// spawnProcess is the class that a context has as Process. It differs from the module's in its name alone. Who encodes something makes
// the members of all modules, perhaps without the script lock.
func (rt *Runtime) spawnProcess() (class starlark.Value, err error) {
	rt.spawnOnce.Do(func() { rt.spawnClass, rt.spawnErr = rt.deriveProcess("SpawnProcess") })
	return rt.spawnClass, rt.spawnErr
}

// processMethod wraps f, a method without parameters beside self.
func processMethod(name string, f func(*starlark.Thread, *process, starlark.Value) (starlark.Value, error)) *starlark.Builtin {
	return starlark.NewBuiltin("Process."+name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var self starlark.Value
		if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &self); err != nil {
			return nil, err
		}
		p, err := processOf(name, self)
		if err != nil {
			return nil, err
		}
		return f(thread, p, self)
	})
}

func joinProcess(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p, timeout, err := unpackJoin(b, args, kwargs)
	if err != nil {
		return nil, err
	}
	return starlark.None, p.join(thread, timeout)
}

// unpackJoin unpacks self and the parameter of Process.join(timeout=None).
func unpackJoin(b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (p *process, timeout seconds, err error) {
	var self starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "self", &self, "timeout?", &timeout); err != nil {
		return nil, timeout, err
	}
	p, err = processOf("join", self)
	return p, timeout, err
}

func processProperty(name string, get func(*process) (starlark.Value, error), set func(*process, starlark.Value) error) *property {
	prop := &property{name: name, get: func(self starlark.Value) (starlark.Value, error) {
		p, err := processOf(name, self)
		if err != nil {
			return nil, err
		}
		return get(p)
	}}
	if set != nil {
		prop.set = func(self, v starlark.Value) error {
			p, err := processOf(name, self)
			if err != nil {
				return err
			}
			return set(p, v)
		}
	}
	return prop
}

var processProperties = []*property{
	processProperty("name", func(p *process) (starlark.Value, error) {
		return starlark.String(p.name), nil
	}, func(p *process, v starlark.Value) error {
		s, ok := starlark.AsString(v)
		if !ok {
			return assertion("name must be a string")
		}
		p.name = s
		if p.isCurrent() {
			p.rt.setName(s)
		}
		return nil
	}),
	processProperty("daemon", func(p *process) (starlark.Value, error) {
		return starlark.Bool(p.daemon), nil
	}, func(p *process, v starlark.Value) error {
		if p.pid != 0 {
			return assertion("process has already started")
		}
		p.daemon = bool(v.Truth())
		return nil
	}),
	processProperty("authkey", func(p *process) (starlark.Value, error) {
		return starlark.Bytes(p.authkey), nil
	}, func(p *process, v starlark.Value) error {
		switch v := v.(type) {
		case starlark.Bytes:
			p.authkey = string(v)
		default:
			return wire.Errorf("TypeError", "authkey must be bytes, got %s", v.Type())
		}
		if p.isCurrent() {
			p.rt.mu.Lock()
			p.rt.authkey = p.authkey
			p.rt.mu.Unlock()
		}
		return nil
	}),
	processProperty("exitcode", (*process).exitcode, nil),
	// Not documented, but the way to a worker's number that everybody finds: current_process()._identity[0].
	processProperty("_identity", func(p *process) (starlark.Value, error) {
		id := make(starlark.Tuple, len(p.identity))
		for i, n := range p.identity {
			id[i] = starlark.MakeInt64(n)
		}
		return id, nil
	}, nil),
	processProperty("ident", (*process).ident, nil),
	processProperty("pid", (*process).ident, nil),
	processProperty("sentinel", func(p *process) (starlark.Value, error) {
		c, err := p.startedChild()
		if err != nil {
			return nil, err
		}
		if c == nil && p.creator == 0 && p.rt.parent != nil && p.pid == p.rt.parent.pid {
			return starlark.MakeInt(parentSentinel), nil
		}
		if c == nil {
			return nil, wire.Errorf("ValueError", "process not started")
		}
		return starlark.MakeInt(c.rt.sentinels.of(c)), nil
	}, nil),
}

func (p *process) ident() (starlark.Value, error) {
	if p.closed && p.creator != 0 { // the parent's can be asked for it always
		return nil, errClosed
	}
	if p.pid == 0 {
		return starlark.None, nil
	}
	return starlark.MakeInt(p.pid), nil
}

// exitName names an exit code as CPython's repr does: the signal's name where one ended the process.
func exitName(code int) string {
	if code < 0 {
		if name := signalName(-code); name != "" {
			return "-" + name
		}
	}
	return fmt.Sprint(code)
}
