package mp

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// taskGrace is how long a task with limits gets to end once it has exceeded one, or its caller wants no more of it. Then its process ends.
const taskGrace = 100 * time.Millisecond

// fenceReason is why the thread of such a task is cancelled. It is no exception's name: a script cannot catch it.
const fenceReason = "the task was stopped"

// fence is a task under limits.
type fence struct {
	rt     *Runtime
	limits *Limits
	thread *starlark.Thread
	cancel *Cancel
	job    uint64              // 0 for none of a pool's
	whole  bool                // the process itself is the task
	report func(e *LimitError) // called if the task does not end, before the process is ended
	slice  func(*starlark.Thread)

	start, sliced uint64        // steps
	others        atomic.Uint64 // steps of other threads meanwhile
	ended         chan struct{}
	stopping      sync.WaitGroup

	mu      sync.Mutex
	over    bool            // guarded by mu
	why     Limit           // guarded by mu: what ends the task, empty for nothing
	threads []startedThread // guarded by mu: that it has started
}

// fences is what stops tasks under limits from outside.
type fences struct {
	mu       sync.Mutex
	current  *fence          // guarded by mu
	unwanted map[uint64]bool // guarded by mu: jobs that were not yet here when they were stopped
	output   atomic.Int64    // bytes that the current task may still write
}

// mostUnwanted is how many jobs are remembered that are unwanted; those that are over are among them.
const mostUnwanted = 1024

// fenced runs call, a task or the whole process, under the limits of this process. The error is a *LimitError where it exceeded one. The
// caller has the script lock.
func (rt *Runtime) fenced(thread *starlark.Thread, job uint64, whole bool, report func(*LimitError), call func() (starlark.Value, error)) (starlark.Value, error) {
	l := rt.limits
	g := &fence{rt: rt, limits: l, thread: thread, job: job, whole: whole, report: report, ended: make(chan struct{}), start: thread.ExecutionSteps(), slice: thread.OnMaxSteps}
	g.cancel, _ = thread.Local(CancelKey).(*Cancel)
	mark, refused := rt.Mark(), rt.member.Slot().Refused.Load()

	thread.OnMaxSteps = g.onSteps
	g.next(g.start)
	rt.member.Slot().SetPos("") // not where the task before was
	rt.fences.mu.Lock()
	unwanted := job != 0 && rt.fences.unwanted[job]
	delete(rt.fences.unwanted, job)
	rt.fences.current = g
	rt.fences.output.Store(l.Output)
	rt.fences.mu.Unlock()
	var v starlark.Value
	err := errUnwanted
	if !unwanted {
		stopWatch := g.watch()
		v, err = Protected(call)
		stopWatch()
	}
	rt.fences.mu.Lock()
	rt.fences.current = nil
	rt.fences.mu.Unlock()
	g.mu.Lock()
	g.over = true
	why := g.why
	g.mu.Unlock()
	close(g.ended)
	g.stopping.Wait() // for nothing that needs the script lock
	thread.OnMaxSteps = g.slice
	if g.slice != nil {
		rt.host.SetMaxSteps(thread, thread.ExecutionSteps()+1)
	} else {
		rt.host.SetMaxSteps(thread, 1<<62)
	}
	if now := rt.Mark(); now != mark {
		rt.host.Block(thread, func() { rt.EndSince(mark) })
	}
	if threads := g.threads; len(threads) > 0 { // no more are added
		rt.host.Block(thread, func() { endThreads(threads) })
	}

	if why != "" {
		thread.Uncancel()
		g.cancel.Reset()
		return nil, g.limitError(why, err)
	}
	var limit Limit
	switch {
	case l.Memory > 0 && errors.Is(err, errLength):
		limit = LimitMemory
	case l.Processes != 0 && rt.member.Slot().Refused.Load() != refused:
		limit = LimitProcesses
	case err == nil || unwanted:
		return v, err
	case errors.Is(err, arena.ErrFull):
		e := NewLimitError(LimitShared, bytesText(int64(rt.member.Arena().Chunks())*arena.ChunkSize), err)
		return nil, e
	case l.OpenFiles > 0 && tooManyFiles(err):
		limit = LimitOpenFiles
	default:
		return v, err
	}
	return nil, g.limitError(limit, err)
}

// limitError is the error of the task that err, which may be nil, ended. What is no script's, as the sending of its result, was where the script
// was last.
func (g *fence) limitError(limit Limit, err error) *LimitError {
	e := NewLimitError(limit, g.limits.max(limit), err)
	if e.Pos == "" {
		e.Pos = g.rt.member.Slot().Pos()
	}
	return e
}

// errUnwanted is the outcome of a task whose caller has gone before it began. Nobody sees it.
var errUnwanted = wire.Errorf("multiprocessing.ProcessError", "the task is not wanted any more")

// watch looks after time until the returned function is called.
func (g *fence) watch() (stop func()) {
	var timer *time.Timer
	if g.limits.Time > 0 {
		timer = time.AfterFunc(g.limits.Time, func() { g.violate(LimitTime) })
	}
	if g.limits.CPU > 0 {
		g.stopping.Add(1)
		used := cpuTime()
		go func() {
			defer g.stopping.Done()
			for {
				left := g.limits.CPU - (cpuTime() - used)
				if left <= 0 {
					g.violate(LimitCPU)
					return
				}
				// One thread runs scripts, but the collector may use others.
				again := time.NewTimer(max(left/time.Duration(runtime.GOMAXPROCS(0)), time.Millisecond))
				select {
				case <-g.ended:
					again.Stop()
					return
				case <-again.C:
				}
			}
		}()
	}
	return func() {
		if timer != nil {
			timer.Stop()
		}
	}
}

// violate ends the task for a limit, the first one that counts. It does not block, and may be called from any goroutine.
func (g *fence) violate(limit Limit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over || g.why != "" {
		return
	}
	g.why = limit
	g.thread.Cancel(fenceReason)
	g.stopping.Add(1)
	go g.insist(limit)
}

// insist cancels what the task does until it has ended, again and again, since an error of a special method may take back a cancellation.
func (g *fence) insist(limit Limit) {
	end := time.NewTimer(taskGrace)
	defer end.Stop()
	defer g.stopping.Done()
	for again := time.NewTimer(0); ; again.Reset(5 * time.Millisecond) {
		select {
		case <-g.ended:
			again.Stop()
			return
		case <-end.C:
			e := &LimitError{Limit: limit, Max: g.limits.max(limit), Pos: g.rt.member.Slot().Pos()}
			g.report(e)
			g.rt.Kill()
			killPid(os.Getpid())
		case <-again.C:
			g.thread.Cancel(fenceReason)
			g.cancel.Cancel()
		}
	}
}

// Steps between looks at the task. With a limit on memory: all of the first ones, so that the position is right where a short function needs
// too much at once, then fewer (BenchmarkIsolation). Else each is as long as all before.
const (
	eachStep   = 32
	fewSteps   = 1024
	slicedStep = 20_000
)

// onSteps is the thread's OnMaxSteps.
func (g *fence) onSteps(thread *starlark.Thread) {
	n := thread.ExecutionSteps()
	done := n - g.start
	if g.limits.Steps > 0 && done+g.others.Load() > g.limits.Steps {
		g.violate(LimitSteps)
		g.rt.host.SetMaxSteps(thread, n+1)
		return
	}
	g.note()
	if g.slice != nil && n-g.sliced >= slicedStep {
		g.sliced = n
		g.slice(thread)
	}
	g.next(n)
}

// note notes where the task is.
func (g *fence) note() { g.rt.member.Slot().SetPos(g.rt.host.Pos(g.thread)) }

// next sets when onSteps is called next.
func (g *fence) next(n uint64) {
	step := min(max(n-g.start, 1), slicedStep)
	if g.limits.Memory > 0 {
		step = fewSteps
		if n-g.start < eachStep {
			step = 1
		}
	}
	if g.limits.Steps > 0 {
		step = min(step, max(g.limits.Steps+1-(n-g.start), 1))
	}
	g.rt.host.SetMaxSteps(g.thread, n+step)
}

// Stepped counts steps of a thread that runs scripts. Those of threads beside a task's own, as in a ThreadPool, are the task's as well.
func (rt *Runtime) Stepped(thread *starlark.Thread, steps uint64) {
	if rt.limits == nil || rt.limits.Steps == 0 {
		return
	}
	rt.fences.mu.Lock()
	g := rt.fences.current
	rt.fences.mu.Unlock()
	if g != nil && g.thread != thread && g.others.Add(steps) > rt.limits.Steps {
		g.violate(LimitSteps)
	}
}

// Starting tells of a thread that is made to run scripts, by the one that has the script lock. It ends with the task.
func (rt *Runtime) Starting(thread *starlark.Thread) {
	rt.fences.mu.Lock()
	g := rt.fences.current
	rt.fences.mu.Unlock()
	if g == nil || g.whole {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.over {
		cancel, _ := thread.Local(CancelKey).(*Cancel)
		g.threads = append(g.threads, startedThread{thread, cancel})
	}
}

type startedThread struct {
	*starlark.Thread
	cancel *Cancel // read before the thread runs, when it may have changed its locals
}

// endThreads cancels what is left of a task.
func endThreads(threads []startedThread) {
	for _, t := range threads {
		t.Cancel(fenceReason)
		t.cancel.Cancel()
	}
}

// StepLimit is how many steps the scripts of this process may take, 0 for no limit.
func (rt *Runtime) StepLimit() uint64 {
	if rt.limits == nil {
		return 0
	}
	return rt.limits.Steps
}

// Stop ends the task of a pool with that number, or sees to it that it does not begin.
func (rt *Runtime) stopTask(job uint64) {
	gs := &rt.fences
	gs.mu.Lock()
	g := gs.current
	if g == nil || g.job != job {
		g = nil
		if gs.unwanted == nil || len(gs.unwanted) >= mostUnwanted {
			gs.unwanted = map[uint64]bool{}
		}
		gs.unwanted[job] = true
	}
	gs.mu.Unlock()
	if g != nil {
		g.violate(limitEnd)
	}
}

// Wrote counts n bytes that a script writes to standard output or standard error. It reports false if they are more than it may write; then the
// task ends.
func (rt *Runtime) Wrote(n int) bool {
	if rt.limits == nil || rt.limits.Output == 0 || rt.fences.output.Add(int64(-n)) >= 0 {
		return true
	}
	rt.fences.mu.Lock()
	g := rt.fences.current
	rt.fences.mu.Unlock()
	if g != nil {
		g.violate(LimitOutput)
	}
	return false
}

// Protected calls call. A panic of Go's for a length that nothing can have, as by list(range(1 << 62)), becomes a MemoryError.
func Protected(call func() (starlark.Value, error)) (v starlark.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			if err = lengthPanic(p); err == nil {
				panic(p)
			}
		}
	}()
	return call()
}

// lengthPanic is the MemoryError that a recovered panic stands for, nil if it is another.
func lengthPanic(p any) error {
	wrong, ok := p.(runtime.Error)
	if !ok || !strings.Contains(wrong.Error(), "makeslice") {
		return nil
	}
	return errLength
}

var errLength = wire.Errorf("MemoryError", "a sequence of this length does not fit into memory")

// outOfMemory reports whether what a process wrote as it crashed says that it needed more memory than it got. Go's collector
// does not look whether it got any for its queues, and so ends at address 0, outside of any goroutine.
func outOfMemory(crash string) bool {
	return strings.HasPrefix(crash, "SIGSEGV") && strings.Contains(crash, "addr=0x0") && strings.Contains(crash, "\ngoroutine 0 ") ||
		strings.Contains(crash, "out of memory") || strings.Contains(crash, "cannot allocate memory") || strings.Contains(crash, "cannot map pages")
}

// Confined reports whether this process was started for scripts with limits.
func (rt *Runtime) Confined() bool { return rt.confined }
