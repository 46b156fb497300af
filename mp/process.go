package mp

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// process is the Go state of a Process object, an instance of multiprocessing.Process or of a subclass.
//
// It is "initial" until start, then "started", then "stopped"; "closed" after close. In a process other than the one
// that made it, it only tells its name and pid ("unknown"), except in the child that it describes.
type process struct {
	rt       *Runtime
	identity []int64
	creator  int // os.Getpid() where the object was made

	// The rest is guarded by the script lock.

	self    starlark.Value // the started object, for active_children
	name    string
	daemon  bool
	authkey string
	target  starlark.Value // kept after start, so that the object can be shipped on
	args    starlark.Tuple
	kwargs  *starlark.Dict
	child   *child // nil until started, and after close
	pid     int    // 0 until started
	closed  bool
	owner   *starlark.Thread // that has started it
	limits  *Limits          // of its own, nil for those of this process
	server  bool             // a manager's, which ends after those that may use it
	onEnd   func(*child)     // called once when the process is recovered and its slot not yet free
}

func assertion(msg string) error { return wire.Errorf("AssertionError", "%s", msg) }

// processOf returns the state of self, an instance whose __init__ has run.
func processOf(fn string, self starlark.Value) (*process, error) {
	inst, ok := self.(Instance)
	if !ok {
		return nil, wire.Errorf("TypeError", "Process.%s: got %s, want a Process", fn, self.Type())
	}
	p, ok := inst.Native().(*process)
	if !ok {
		return nil, wire.Errorf("RuntimeError", "Process.%s: Process.__init__() not called", fn)
	}
	return p, nil
}

// newState is the state of a Process made in this process.
func (rt *Runtime) newState(class string) *process {
	id := rt.nextIdentity()
	key := rt.key()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return &process{
		rt: rt, identity: id, creator: os.Getpid(), authkey: key,
		name:   class + "-" + identityString(id),
		daemon: rt.daemon,
		target: starlark.None, kwargs: new(starlark.Dict),
	}
}

// initProcess is Process.__init__(group=None, target=None, name=None, args=(), kwargs={}, *, daemon=None).
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Process
// Unlike CPython, which finds out in the child, a target that cannot be called is an error here.
func (rt *Runtime) initProcess(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, wire.Errorf("TypeError", "Process.__init__: missing self")
	}
	inst, ok := args[0].(Instance)
	if !ok {
		return nil, wire.Errorf("TypeError", "Process.__init__: got %s, want an instance of Process", args[0].Type())
	}
	var group, target, name, daemon starlark.Value = starlark.None, starlark.None, starlark.None, starlark.None
	var pargs, pkwargs starlark.Value = starlark.Tuple(nil), starlark.None
	if len(args) > 6 {
		return nil, wire.Errorf("TypeError", "Process: got %d positional arguments, want at most 5", len(args)-1)
	}
	if err := starlark.UnpackArgs("Process", args[1:], kwargs, "group?", &group, "target?", &target, "name?", &name,
		"args?", &pargs, "kwargs?", &pkwargs, "daemon?", &daemon); err != nil {
		return nil, err
	}
	if group != starlark.None {
		return nil, assertion("group argument must be None for now")
	}
	if target != starlark.None {
		if _, ok := target.(starlark.Callable); !ok {
			return nil, wire.Errorf("TypeError", "Process: target: '%s' object is not callable", target.Type())
		}
	}
	p := rt.newState(inst.ClassName())
	p.target = target
	if name != starlark.None && bool(name.Truth()) {
		s, ok := starlark.AsString(name)
		if !ok {
			return nil, assertion("name must be a string")
		}
		p.name = s
	}
	iter := starlark.Iterate(pargs)
	if iter == nil {
		return nil, wire.Errorf("TypeError", "Process: args: '%s' object is not iterable", pargs.Type())
	}
	defer iter.Done()
	for x := starlark.Value(nil); iter.Next(&x); {
		p.args = append(p.args, x)
	}
	if pkwargs != starlark.None {
		m, ok := pkwargs.(starlark.IterableMapping)
		if !ok {
			return nil, wire.Errorf("TypeError", "Process: kwargs: got %s, want a dict", pkwargs.Type())
		}
		for _, kv := range m.Items() {
			if _, ok := kv[0].(starlark.String); !ok {
				return nil, wire.Errorf("TypeError", "Process: kwargs: keywords must be strings, got %s", kv[0].Type())
			}
			p.kwargs.SetKey(kv[0], kv[1])
		}
	}
	if daemon != starlark.None {
		p.daemon = bool(daemon.Truth())
	}
	inst.SetNative(p)
	return starlark.None, nil
}

// errClosed is what methods of a closed Process raise.
var errClosed = wire.Errorf("ValueError", "process object is closed")

func (p *process) startedChild() (*child, error) {
	if p.closed {
		return nil, errClosed
	}
	return p.child, nil
}

// start implements Process.start. The whole bundle is encoded before anything starts.
func (p *process) start(self starlark.Value) error {
	rt := p.rt
	switch {
	case p.closed:
		return errClosed
	case p.child != nil || p.pid != 0 && p.creator != 0 && !p.isCurrent():
		return assertion("cannot start a process twice")
	case p.creator != os.Getpid():
		return assertion("can only start a process object created by current process")
	}
	if _, err := rt.mem(); err != nil {
		return err
	}
	data, handles, err := rt.host.Codec().Encode(nil, "", rt.newBundle(p, self))
	if err != nil {
		return err
	}
	c, err := rt.launch(p.name, data, handles, p.limits, p.onEnd)
	if err != nil {
		return err
	}
	p.self, p.child, p.pid, p.owner = self, c, c.pid, rt.host.Current()
	rt.mu.Lock()
	rt.children[c] = p
	rt.mu.Unlock()
	rt.refill()
	return nil
}

// join implements Process.join.
func (p *process) join(thread *starlark.Thread, timeout seconds) error {
	c, err := p.startedChild()
	switch {
	case err != nil:
		return err
	case p.creator != os.Getpid():
		return assertion("can only join a child process")
	case c == nil:
		return assertion("can only join a started process")
	}
	ok, err := c.wait(thread, timeout)
	if ok {
		p.rt.forget(c)
	}
	return err
}

// forget takes an ended child off the list of active ones.
func (rt *Runtime) forget(c *child) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	delete(rt.children, c)
}

// alive implements Process.is_alive.
func (p *process) alive() (bool, error) {
	c, err := p.startedChild()
	switch {
	case err != nil:
		return false, err
	case p.isCurrent():
		return true, nil
	case p.creator != os.Getpid():
		return false, assertion("can only test a child process")
	case c == nil:
		return false, nil
	}
	return !c.ended(), nil
}

// isCurrent reports whether p describes the process it is in.
func (p *process) isCurrent() bool {
	return p.pid == os.Getpid()
}

// send implements interrupt, terminate and kill.
func (p *process) send(fn string, sig syscall.Signal) error {
	c, err := p.startedChild()
	if err != nil {
		return err
	}
	switch {
	case c == nil && p.creator != os.Getpid():
		return wire.Errorf("AttributeError", "Process.%s: can only be called by the process that started %s", fn, p.name)
	case c == nil:
		return wire.Errorf("AttributeError", "Process.%s: the process has not been started", fn)
	}
	c.signal(sig)
	return nil
}

// close implements Process.close.
func (p *process) close() error {
	if c := p.child; c != nil {
		if !c.ended() {
			return wire.Errorf("ValueError", "Cannot close a process while it is still running. You should first call join() or terminate().")
		}
		p.rt.forget(c)
		p.child = nil
	}
	p.closed = true
	return nil
}

// exitcode is the exit code, or None while there is none.
func (p *process) exitcode() (starlark.Value, error) {
	c, err := p.startedChild()
	if err != nil {
		return nil, err
	}
	if c == nil || !c.ended() {
		return starlark.None, nil
	}
	return starlark.MakeInt(c.status), nil
}

// repr is Process.__repr__, word for word CPython's.
func (p *process) repr(class string) string {
	c, closed, pid, daemon, name := p.child, p.closed, p.pid, p.daemon, p.name
	status, exit := "initial", ""
	switch {
	case pid == os.Getpid():
		status = "started"
	case closed:
		status = "closed"
	case p.creator != os.Getpid():
		status = "unknown"
	case c != nil && c.ended():
		status = "stopped"
		exit = fmt.Sprintf(" exitcode=%s", exitName(c.status))
	case c != nil:
		status = "started"
	}
	var sb strings.Builder
	fmt.Fprintf(&sb, "<%s name='%s'", class, name)
	if c != nil {
		fmt.Fprintf(&sb, " pid=%d", pid)
	}
	if p.creator != 0 {
		fmt.Fprintf(&sb, " parent=%d", p.creator)
	} else {
		sb.WriteString(" parent=None")
	}
	sb.WriteString(" " + status + exit)
	if daemon {
		sb.WriteString(" daemon")
	}
	return sb.String() + ">"
}
