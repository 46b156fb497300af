package mp

import (
	"fmt"
	"os"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// bundle is what a parent hands to a new child: the Process object, whose run method the child calls, and what the
// child is to know of its parent. It is a value only so that it travels in one encoding, which keeps what target, args
// and the object itself share.
type bundle struct {
	process starlark.Value
	target  starlark.Value
	args    starlark.Tuple
	kwargs  *starlark.Dict
	parent  string // the parent's name
	pid     int    // and pid
	argv    []string
	// registered is what the script has registered with the module's own manager classes, None for nothing.
	registered starlark.Value
	logs       logSettings
	dir        string   // the working directory, "" for the one that the child has
	env        []string // the environment, nil for the one that the child has
	limits     *Limits
}

// limitsBelow are the limits of a process that is started here, given its own; nil for none.
func (rt *Runtime) limitsBelow(own *Limits) *Limits {
	switch {
	case own != nil:
		return own
	case rt.limits != nil:
		return rt.limits
	}
	return rt.below
}

func (b *bundle) String() string        { return "<bundle>" }
func (b *bundle) Type() string          { return "bundle" }
func (b *bundle) Freeze()               {}
func (b *bundle) Truth() starlark.Bool  { return true }
func (b *bundle) Hash() (uint32, error) { return 0, wire.Errorf("TypeError", "unhashable: bundle") }

func (rt *Runtime) newBundle(p *process, self starlark.Value) *bundle {
	rt.mu.Lock()
	logs := rt.logs
	rt.mu.Unlock()
	dir, env := rt.host.Surroundings()
	limits := rt.limitsBelow(p.limits)
	return &bundle{
		logs: logs, dir: dir, env: env, limits: limits, registered: rt.registered(),
		process: self, target: p.target, args: p.args, kwargs: p.kwargs,
		parent: rt.Name(), pid: os.Getpid(), argv: rt.host.Argv(),
	}
}

// encode writes target, args and kwargs first, so that an error names the path as the caller of Process wrote it.
func (b *bundle) encode(e *wire.Encoder) error {
	if err := e.Elem("target", b.target); err != nil {
		return err
	}
	if err := e.Elem("args", b.args); err != nil {
		return err
	}
	if err := e.Elem("kwargs", b.kwargs); err != nil {
		return err
	}
	if err := e.Elem("self", b.process); err != nil {
		return err
	}
	if err := e.Elem("registered", b.registered); err != nil {
		return err
	}
	e.String(b.parent)
	e.Int(int64(b.pid))
	e.Int(int64(b.logs.level))
	e.Bool(b.logs.toStderr)
	encodeLimits(e, b.limits)
	encodeStrings(e, b.argv)
	e.String(b.dir)
	e.Bool(b.env != nil)
	if b.env != nil {
		encodeStrings(e, b.env)
	}
	return nil
}

// launch gives a child its name and its bundle. A spare that died unnoticed is replaced.
// One with limits of its own is no spare.
func (rt *Runtime) launch(name string, data []byte, handles []wire.Handle, limits *Limits, onEnd func(*child)) (*child, error) {
	take := rt.take
	if limits != nil {
		take = func() (*child, error) { return rt.spawn(limits) }
	}
	for try := 0; ; try++ {
		c, err := take()
		if err != nil {
			return nil, err
		}
		rt.slot(c.slot).SetName(name)
		c.mu.Lock()
		c.onEnd = onEnd
		c.mu.Unlock()
		err = c.run(data, arenaHandles(handles))
		if err == nil {
			return c, nil
		}
		c.mu.Lock()
		c.onEnd = nil
		c.mu.Unlock()
		c.discard()
		if try == 2 {
			return nil, err
		}
	}
}

func decodeBundle(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
	b := new(bundle)
	for i := 0; i < 3; i++ { // target, args and kwargs come again with the object, as references to these
		if _, err := d.Value(); err != nil {
			return nil, err
		}
	}
	var err error
	if b.process, err = d.Value(); err != nil {
		return nil, err
	}
	if b.registered, err = d.Value(); err != nil {
		return nil, err
	}
	if b.parent, err = d.String(); err != nil {
		return nil, err
	}
	pid, err := d.Int()
	if err != nil {
		return nil, err
	}
	b.pid = int(pid)
	level, err := d.Int()
	if err != nil {
		return nil, err
	}
	b.logs.level = int(level)
	if b.logs.toStderr, err = d.Bool(); err != nil {
		return nil, err
	}
	if b.limits, err = decodeLimits(d); err != nil {
		return nil, err
	}
	if b.argv, err = decodeStrings(d); err != nil {
		return nil, err
	}
	if b.dir, err = d.String(); err != nil {
		return nil, err
	}
	changed, err := d.Bool()
	if err == nil && changed {
		b.env, err = decodeStrings(d)
	}
	return b, err
}

func encodeStrings(e *wire.Encoder, list []string) {
	e.Len(len(list))
	for _, s := range list {
		e.String(s)
	}
}

// decodeStrings returns a list that is not nil.
func decodeStrings(d *wire.Decoder) ([]string, error) {
	n, err := d.Len()
	list := []string{}
	for ; err == nil && n > 0; n-- {
		var s string
		if s, err = d.String(); err == nil {
			list = append(list, s)
		}
	}
	return list, err
}

// processWire is the wire form of the Go state of a Process. It travels to the child that runs it, and may travel on
// as any value does; only the process that made the object can start and join it.
type processWire struct{ rt *Runtime }

func (processWire) String() string        { return "<wire form of Process>" }
func (processWire) Type() string          { return "wire" }
func (processWire) Freeze()               {}
func (processWire) Truth() starlark.Bool  { return true }
func (processWire) Hash() (uint32, error) { return 0, nil }

// EncodeNative writes the Go state of self, an instance of Process.
func (w processWire) EncodeNative(e *wire.Encoder, self starlark.Value) error {
	p, ok := self.(Instance).Native().(*process)
	e.Bool(ok)
	if !ok {
		return nil // __init__ has not run
	}
	e.String(p.name)
	e.Bool(p.daemon)
	e.Bytes([]byte(p.authkey))
	e.Int(int64(p.creator))
	e.Int(int64(p.pid))
	e.Len(len(p.identity))
	for _, n := range p.identity {
		e.Int(n)
	}
	if err := e.Elem(".target", p.target); err != nil {
		return err
	}
	if err := e.Elem(".args", p.args); err != nil {
		return err
	}
	return e.Elem(".kwargs", p.kwargs)
}

// DecodeNative is the inverse of EncodeNative.
func (w processWire) DecodeNative(d *wire.Decoder, self starlark.Value) error {
	ok, err := d.Bool()
	if err != nil || !ok {
		return err
	}
	p := &process{rt: w.rt}
	if p.name, err = d.String(); err != nil {
		return err
	}
	if p.daemon, err = d.Bool(); err != nil {
		return err
	}
	key, err := d.Bytes()
	if err != nil {
		return err
	}
	p.authkey = string(key)
	var ints [2]int64
	for i := range ints {
		if ints[i], err = d.Int(); err != nil {
			return err
		}
	}
	p.creator, p.pid = int(ints[0]), int(ints[1])
	n, err := d.Len()
	if err != nil {
		return err
	}
	for range n {
		id, err := d.Int()
		if err != nil {
			return err
		}
		p.identity = append(p.identity, id)
	}
	if p.target, err = d.Value(); err != nil {
		return err
	}
	args, err := d.Value()
	if err != nil {
		return err
	}
	kwargs, err := d.Value()
	if err != nil {
		return err
	}
	if p.args, ok = args.(starlark.Tuple); !ok {
		return fmt.Errorf("args of a process are a %s", args.Type())
	}
	if p.kwargs, ok = kwargs.(*starlark.Dict); !ok {
		return fmt.Errorf("kwargs of a process are a %s", kwargs.Type())
	}
	self.(Instance).SetNative(p)
	return nil
}
