package eval

import (
	"errors"
	"sync"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// frame is a call of a function that is under way.
type frame struct {
	locals []starlark.Value
	fn     *Function
	th     *state
	at     pos            // of the statement or call that it is at, when somebody may ask
	entry  bool           // starlark.Call called it
	result starlark.Value // of a return statement

	// What the thread's stack was, where the call did not fit in.
	under   []starlark.Value
	underSP int
}

// pos is a position in the function's file.
type pos struct{ line, col int32 }

func at(p syntax.Position) pos { return pos{p.Line, p.Col} }

// state is what a thread has of its own for this package.
type state struct {
	thread  *starlark.Thread
	err     error
	frames  []*frame // those at and above depth are free
	depth   int
	stack   []starlark.Value // locals and arguments of frames; nil from sp on
	sp      int
	size    int  // how many steps the thread takes before it looks whether it may go on
	left    int  // of these
	urgent  bool // it looks after the operation that is under way
	inPlace bool // the operator that is being executed is that of an augmented assignment

	owners    [4]typeOwner // of the last receivers of methods
	nextOwner int
}

const (
	localKey   = "eval"
	eachLook   = 512 // steps
	firstStack = 64
	mostDepth  = 100_000
	mostKept   = 10_000 // frames that a thread keeps for later calls
)

func stateOf(thread *starlark.Thread) *state {
	if th, ok := thread.Local(localKey).(*state); ok {
		return th
	}
	th := &state{thread: thread, left: eachLook, size: eachLook, stack: make([]starlark.Value, firstStack)}
	thread.SetLocal(localKey, th)
	return th
}

// take returns the error and forgets it.
func (th *state) take() error {
	err := th.err
	th.err = nil
	return err
}

//lint:ignore ST1005 these are the words of go.starlark.net
var errOverflow = errors.New("Starlark stack overflow")

// push makes a frame for a call of fn, whose first nargs locals are on the top of the stack already. It returns nil for an error.
func (th *state) push(fn *Function, nargs int) *frame {
	if th.depth == mostDepth {
		th.err = errOverflow
		return nil
	}
	if th.depth == len(th.frames) {
		more := make([]frame, max(8, th.depth))
		for i := range more {
			more[i].th = th
			th.frames = append(th.frames, &more[i])
		}
	}
	fr := th.frames[th.depth]
	th.depth++
	base := th.sp - nargs
	top := base + fn.code.nlocals
	if top > len(th.stack) {
		fr.under, fr.underSP = th.stack, base
		stack := make([]starlark.Value, max(4*len(th.stack), fn.code.nlocals+firstStack))
		copy(stack, th.stack[base:th.sp])
		clear(th.stack[base:th.sp])
		th.stack, base, top = stack, 0, fn.code.nlocals
	}
	th.sp = top
	fr.locals = th.stack[base:top:top]
	fr.fn = fn
	fr.entry = false
	return fr
}

// pop ends the call that push began last.
func (th *state) pop(fr *frame) {
	clear(fr.locals)
	th.sp -= len(fr.locals)
	if fr.under != nil {
		th.stack, th.sp = fr.under, fr.underSP
		fr.under = nil
	}
	fr.fn, fr.result = nil, nil
	th.depth--
}

// unwind takes away the frames above depth, whose calls a panic has ended.
func (th *state) unwind(depth int, stack []starlark.Value, sp int) {
	for _, fr := range th.frames[depth:th.depth] {
		clear(fr.locals)
		fr.fn, fr.result, fr.under = nil, nil, nil
	}
	clear(stack[sp:])
	th.depth, th.stack, th.sp, th.err = depth, stack, sp, nil
}

// call calls fn. It returns nil for an error.
func (th *state) call(fn *Function, args starlark.Tuple, kwargs []starlark.Tuple, entry bool) starlark.Value {
	fr := th.push(fn, 0)
	if fr == nil {
		return nil
	}
	fr.entry = entry
	if err := fn.bind(fr.locals, args, kwargs); err != nil {
		fr.fail(at(fn.code.pos), err)
		th.pop(fr)
		return nil
	}
	return th.run(fr)
}

// run executes the body of the function whose frame has its parameters, and pops the frame.
func (th *state) run(fr *frame) starlark.Value {
	c := fr.fn.code
	for _, i := range c.cells {
		fr.locals[i] = &cell{fr.locals[i]}
	}
	c.once.Do(c.compile)
	v := c.run(fr)
	th.pop(fr)
	return v
}

// step reports whether the thread may take one more, at p.
func (fr *frame) step(p pos) bool {
	if th := fr.th; th.left > 0 {
		th.left--
		return true
	}
	return fr.look(p)
}

// look reports whether the thread may go on after the steps that it has taken, and accounts for them. It is at p.
func (fr *frame) look(p pos) bool {
	th := fr.th
	fr.at = p
	steps := th.thread.Steps + uint64(th.size-th.left) + 1
	th.size, th.left, th.urgent = eachLook, eachLook, false
	th.thread.Steps = steps - 1 // the first instruction there counts as one, and compares
	_, err := starlark.Call(th.thread, lookFunction(), nil, nil)
	th.thread.Steps = steps
	if err != nil {
		th.size, th.left = 0, 0 // it must not go on with anything else
		fr.fail(p, errors.Unwrap(err))
		return false
	}
	return true
}

// Hurry has a thread look whether it was cancelled as soon as the operation is over that calls it.
func Hurry(thread *starlark.Thread) { stateOf(thread).urgent = true }

// InPlace reports whether the operator that a thread executes is that of an augmented assignment.
func InPlace(thread *starlark.Thread) bool { return stateOf(thread).inPlace }

// SetMaxSteps is thread.SetMaxExecutionSteps for a thread that runs functions of this package: it looks as soon as it has got that far.
func SetMaxSteps(thread *starlark.Thread, n uint64) {
	thread.SetMaxExecutionSteps(n)
	th := stateOf(thread)
	thread.Steps += uint64(th.size - th.left)
	th.size = 0
	if n > thread.Steps {
		th.size = int(min(n-thread.Steps-1, eachLook))
	}
	th.left = th.size
}

// lookFunction does nothing; calling it has go.starlark.net look at the thread's steps and whether it was cancelled.
var lookFunction = sync.OnceValue(func() *starlark.Function {
	globals, err := starlark.ExecFileOptions(&syntax.FileOptions{}, new(starlark.Thread), "eval", "def look(): pass", nil)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return globals["look"].(*starlark.Function)
})
