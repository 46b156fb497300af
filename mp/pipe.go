package mp

import (
	"errors"
	"sync/atomic"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// pipe is the link of a connection that Pipe made.
type pipe struct {
	rt  *Runtime
	end *prim.PipeEnd
	numbered
}

// makePipe is Pipe(duplex=True).
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.Pipe
func (rt *Runtime) makePipe(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	duplex := truth(true)
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "duplex?", &duplex); err != nil {
		return nil, err
	}
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	first, second, err := prim.NewPipe(m, bool(duplex))
	if err != nil {
		return nil, scriptError(err)
	}
	return starlark.Tuple{rt.wrapEnd(first), rt.wrapEnd(second)}, nil
}

func (rt *Runtime) wrapEnd(end *prim.PipeEnd) *Connection {
	return rt.newConnection(&pipe{rt: rt, end: end}, end.Readable(), end.Writable())
}

func (p *pipe) send(_ *starlark.Thread, data []byte, handles []arena.Handle) error {
	return p.end.Send(data, handles)
}

func (p *pipe) recv(thread *starlark.Thread, most int) (prim.Msg, error) {
	msg, err := p.end.Recv(prim.Opt{NoWait: true})
	if errors.Is(err, prim.ErrQueueEmpty) {
		msg, err = p.end.Recv(p.rt.opt(thread, true, seconds{}))
	}
	return p.rt.limited(msg, err, most)
}

// filenos numbers connections that have no descriptor, from where no process has descriptors.
var filenos atomic.Int32

const firstFileno = 1 << 24

// numbered is a number that is given out when first asked for.
type numbered struct{ n atomic.Int32 }

func (f *numbered) fileno() (int, error) {
	if f.n.Load() == 0 {
		f.n.CompareAndSwap(0, firstFileno+filenos.Add(1))
	}
	return int(f.n.Load()), nil
}

func (p *pipe) kind() linkKind { return pipeLink }

func (p *pipe) encode(e *wire.Encoder) error {
	e.Handle(wire.Handle(p.end.Handle()))
	return nil
}

func (rt *Runtime) decodePipe(d *wire.Decoder) (link, error) {
	end, err := decodeHandle(rt, d, prim.OpenPipeEnd)
	if err != nil {
		return nil, err
	}
	return &pipe{rt: rt, end: end}, nil
}

func (p *pipe) close() { p.end.Close() }

func (p *pipe) awaited() prim.Awaited { return p.end.In().Awaited() }

func (p *pipe) ready() bool { a := p.awaited(); return a.Ready() }

func (p *pipe) watch() (stop func()) { return func() {} }
