package interp

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/starmp/starmp/mp"
	"go.starlark.net/starlark"
)

const poolScript = `
def square(n): return n * n
def fails(n): return 1 // n
def forever(n):
    while True:
        pass
def sleeps(n): time.sleep(n)
def exits(n): os.kill(os.getpid(), 9)
def pid(n): return os.getpid()
def kw(a, b = 0): return [a, b]
`

// newPool returns a pool that is closed at the end of the test, and the globals of the script.
func newPool(t testing.TB, rt *Runtime, o PoolOptions, script string) (*Pool, starlark.StringDict) {
	t.Helper()
	globals, err := rt.Exec(context.Background(), "pool.star", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	p, err := rt.NewPool(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, globals
}

func ints(n int) []starlark.Value {
	var list []starlark.Value
	for i := range n {
		list = append(list, starlark.MakeInt(i))
	}
	return list
}

func TestPool(t *testing.T) {
	ctx := deadline(t)
	rt := newRuntime(t, Options{})
	p, fn := newPool(t, rt, PoolOptions{Workers: 2}, poolScript)
	if v, err := p.Call(ctx, fn["square"], starlark.MakeInt(7)); err != nil || v.String() != "49" {
		t.Error(v, err)
	}
	if v, err := p.CallKw(ctx, fn["kw"], starlark.Tuple{starlark.None}, []starlark.Tuple{{starlark.String("b"), starlark.True}}); err != nil || v.String() != "[None, True]" {
		t.Error(v, err)
	}
	list, err := p.Map(ctx, fn["square"], ints(100))
	if err != nil || len(list) != 100 || list[99].String() != "9801" {
		t.Error(list, err)
	}
	var e *Error
	if _, err := p.Map(ctx, fn["fails"], []starlark.Value{starlark.MakeInt(1), starlark.MakeInt(0), starlark.MakeInt(2)}); !errors.As(err, &e) || e.Class != "ZeroDivisionError" || !strings.Contains(e.Text(), "pool.star:3:24: in fails") {
		t.Errorf("%v\n%s", err, e.Text())
	}
	if _, err := p.Call(ctx, fn["exits"], starlark.None); !errors.As(err, &e) || e.Class != "multiprocessing.WorkerLostError" {
		t.Error(err)
	}
	if _, err := p.Call(ctx, starlark.MakeInt(1)); err == nil || !strings.Contains(err.Error(), "TypeError: 'int' object is not callable") {
		t.Error(err)
	}
	if _, err := p.Call(ctx, fn["square"], starlark.NewBuiltin("mine", nil)); err == nil || !strings.Contains(err.Error(), "args[0][0]") {
		t.Error(err)
	}
	// Values are taken as they are needed.
	taken := 0
	for v, err := range p.Results(ctx, fn["square"], func(yield func(starlark.Value) bool) {
		for yield(starlark.MakeInt(taken)) {
			taken++
		}
	}) {
		if err != nil || v.String() == "400" {
			break
		}
	}
	if taken < 20 || taken > 40 {
		t.Errorf("%d values were taken", taken)
	}
	p.Close()
	p.Close()
	if _, err := p.Call(ctx, fn["square"], starlark.MakeInt(7)); !errors.Is(err, ErrPoolClosed) {
		t.Error(err)
	}
}

// The end of a context stops its task, and no other one.
func TestPoolContext(t *testing.T) {
	rt := newRuntime(t, Options{})
	p, fn := newPool(t, rt, PoolOptions{Workers: 2}, poolScript)
	var wg sync.WaitGroup
	wg.Go(func() {
		if list, err := p.Map(deadline(t), fn["square"], ints(500)); err != nil || len(list) != 500 {
			t.Error(err)
		}
	})
	for i := range 40 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*time.Millisecond)
			defer cancel()
			name := []string{"forever", "sleeps"}[i%2]
			if v, err := p.Call(ctx, fn[name], starlark.MakeInt(3600)); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(v, err)
			}
		})
	}
	wg.Wait()
	for wait := 10 * time.Millisecond; ; wait *= 2 { // until it has begun before it is stopped
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(wait, cancel)
		_, err := p.Call(ctx, fn["forever"], starlark.None)
		if !errors.Is(err, context.Canceled) || wait > 10*time.Second {
			t.Fatal(err)
		}
		if strings.Contains(err.Error(), "pool.star:") {
			break
		}
	}
}

// What scripts that are not trusted do, each in a limited worker: the host goes on, the error names the limit and the line, and the next task works.
func TestLimits(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("RLIMIT_DATA limits memory on Linux")
	}
	if notConfined != "" {
		t.Skip(notConfined)
	}
	t.Parallel()
	limits := Limits{Memory: 128 << 20, CPU: 5 * time.Second, Time: 20 * time.Second, Processes: 4, OpenFiles: 40, Output: 1 << 20}
	with := func(f func(l *Limits)) Limits {
		l := limits
		f(&l)
		return l
	}
	for _, c := range []struct {
		name   string
		limits Limits
		text   string
		want   string // Error() of the *LimitError, or with a class of the *Error; several are separated by |
	}{
		{"memory", limits, "def f():\n    l = []\n    while True:\n        l.append('x' * 1000000)\n", "limit exceeded: memory (128 MiB) at t.star:3|limit exceeded: memory (128 MiB) at t.star:4"},
		{"string", limits, "def f():\n    a = 1\n    return 'x' * (1 << 29)\n", "limit exceeded: memory (128 MiB) at t.star:3"},
		{"doubling", limits, "def f():\n    x = 'x'\n    while True:\n        x += x\n", "limit exceeded: memory (128 MiB) at t.star:3|limit exceeded: memory (128 MiB) at t.star:4"},
		{"huge", limits, "def f():\n    return 'x' * (1 << 40)\n", "t.star:2: OverflowError: repeat count 1099511627776 too large"},
		{"range", limits, "def f():\n    return list(range(1 << 62))\n", "limit exceeded: memory (128 MiB) at t.star:2"},
		{"loop", with(func(l *Limits) { l.CPU = 200 * time.Millisecond }), "def f():\n    while True: pass\n", "limit exceeded: CPU time (200ms) at t.star:2"},
		{"caught", with(func(l *Limits) { l.CPU = 200 * time.Millisecond }), "def f():\n    while True: try_(lambda: [i for i in range(1000)])\n", "limit exceeded: CPU time (200ms) at t.star:2"},
		{"steps", with(func(l *Limits) { l.Steps = 12345 }), "def f():\n    while True:\n        pass\n", "limit exceeded: steps (12345) at t.star:2"},
		{"counting", with(func(l *Limits) { l.Steps = 12345 }), "def f():\n    n = 0\n    while True:\n        n += 1\n", "limit exceeded: steps (12345) at t.star:3"},
		{"sleep", with(func(l *Limits) { l.Time = time.Second }), "def f():\n    time.sleep(3600)\n", "limit exceeded: time (1s) at t.star:2"},
		{"builtin", with(func(l *Limits) { l.Time = 100 * time.Millisecond }), "def f():\n    return pow(3, 1 << 40)\n", "limit exceeded: time (100ms) at t.star:2|t.star:2: OverflowError|limit exceeded: time (100ms)"},
		{"recursion", limits, "def f():\n    return f()\n", "t.star:2: RecursionError: Starlark stack overflow|limit exceeded: memory (128 MiB) at t.star:2"},
		{"print", limits, "def f():\n    while True: print('x' * 1000)\n", "limit exceeded: output (1 MiB) at t.star:2"},
		{"stderr", limits, "def f():\n    while True: sys.stderr.write('x' * 1000)\n", "limit exceeded: output (1 MiB) at t.star:2"},
		{"bomb", limits, "def f():\n    ps = [multiprocessing.Process(target = f) for _ in range(3)]\n    [p.start() for p in ps]\n    [p.join() for p in ps]\n", "limit exceeded: processes (4) at t.star:"},
		{"processes", limits, "def f():\n    while True: multiprocessing.Process(target = time.sleep, args = (3600,)).start()\n", "limit exceeded: processes (4) at t.star:2"},
		{"none", with(func(l *Limits) { l.Processes = -1 }), "def f():\n    multiprocessing.Pool(1)\n", "limit exceeded: processes (0) at t.star:2"},
		{"files", limits, "def f():\n    l = []\n    while True: l.append(open('/dev/null'))\n", "limit exceeded: open files (40) at t.star:3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out outputLog
			rt := newRuntime(t, Options{Stdout: &out, Stderr: &out})
			globals, err := rt.Exec(deadline(t), "t.star", []byte(c.text+"def works(): return sum(range(10))\n"))
			if err != nil {
				t.Fatal(err)
			}
			p, err := rt.NewPool(PoolOptions{Workers: 1, Limits: c.limits})
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Call(deadline(t), globals["f"])
			found := false
			for want := range strings.SplitSeq(c.want, "|") {
				found = found || err != nil && strings.HasPrefix(err.Error(), want)
			}
			var limit *LimitError
			if !found || errors.As(err, &limit) != strings.HasPrefix(err.Error(), "limit exceeded") {
				t.Errorf("got  %v\nwant %v", err, c.want)
			}
			if v, err := p.Call(deadline(t), globals["works"]); err != nil || v.String() != "45" {
				t.Errorf("the next task: %v, %v", v, err)
			}
			p.Close()
			rt.Close()
			if text := out.text.String(); len(text) > 2<<20 || strings.Contains(text, "goroutine") || strings.Contains(text, "fatal error") {
				t.Errorf("%d bytes of output:\n%.2000s", len(text), text)
			}
		})
	}
	rt := newRuntime(t, Options{})
	p, fn := newPool(t, rt, PoolOptions{Limits: Limits{Memory: mp.MinMemory}}, "def f(): return len([str(n) for n in range(100000)])\n")
	if v, err := p.Call(deadline(t), fn["f"]); err != nil || v.String() != "100000" {
		t.Error("the least memory: ", v, err)
	}
	if _, err := rt.NewPool(PoolOptions{Limits: Limits{Memory: 1 << 20}}); err == nil || !strings.Contains(err.Error(), "must be at least 64 MiB") {
		t.Error(err)
	}
}

// The time of a task includes that of sending its result; then the line is that where the script was last.
func TestLimitWhileSending(t *testing.T) {
	rt := newRuntime(t, Options{Setup: "faulty"})
	p, fn := newPool(t, rt, PoolOptions{Workers: 1, Limits: Limits{Time: 100 * time.Millisecond}}, "def f():\n    return [slow]\n")
	_, err := p.Call(deadline(t), fn["f"])
	if err == nil || !strings.HasPrefix(err.Error(), "limit exceeded: time (100ms) at pool.star:") {
		t.Error(err)
	}
}

// What a program gets wrong is an error, and the next call works.
func TestPoolMisuse(t *testing.T) {
	ctx := deadline(t)
	rt := newRuntime(t, Options{})
	p, fn := newPool(t, rt, PoolOptions{Workers: 1}, poolScript)
	none := starlark.None
	for _, c := range []struct {
		call func() (starlark.Value, error)
		want string
	}{
		{func() (starlark.Value, error) { return p.Call(ctx, fn["missing"], none) }, "TypeError: the function to call is nil"},
		{func() (starlark.Value, error) { return rt.Call(ctx, fn["missing"], nil, nil) }, "TypeError: the function to call is nil"},
		{func() (starlark.Value, error) { return p.Call(ctx, fn["square"], nil) }, "TypeError: cannot send an unassigned variable at args[0][0]"},
		{func() (starlark.Value, error) { return p.CallKw(ctx, fn["kw"], nil, []starlark.Tuple{{none}}) }, "TypeError: a keyword argument is 1 values, must be a name and a value"},
		{func() (starlark.Value, error) { return p.CallKw(ctx, fn["kw"], nil, []starlark.Tuple{{none, none}}) }, "TypeError: keywords must be strings"},
		{func() (starlark.Value, error) {
			_, err := rt.NewPool(PoolOptions{Workers: 1, Initializer: starlark.MakeInt(1)})
			return nil, err
		}, "initializer must be a callable"},
	} {
		if _, err := c.call(); err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
		if v, err := p.Call(ctx, fn["square"], starlark.MakeInt(7)); err != nil || v.String() != "49" {
			t.Fatal(v, err)
		}
	}
}

// A fault in the program's Go code in a worker is in the error, and its trace in what the program shows.
func TestPoolFault(t *testing.T) {
	var out outputLog
	rt := newRuntime(t, Options{Setup: "faulty", Stderr: &out})
	p, fn := newPool(t, rt, PoolOptions{Workers: 1}, "def f(apart): return fault(apart)\n")
	_, err := p.Call(deadline(t), fn["f"], starlark.False)
	var e *Error
	if !errors.As(err, &e) || e.Class != "multiprocessing.WorkerLostError" || !strings.Contains(e.Msg, "exited with status 2 while it ran this task: panic: runtime error: invalid memory address") {
		t.Error(err)
	}
	p.Close()
	rt.Close()
	if text := out.text.String(); !strings.HasPrefix(text, "Process PoolWorker-1:\npanic: runtime error: invalid memory address") || !strings.Contains(text, "goroutine ") {
		t.Error(text)
	}
}
