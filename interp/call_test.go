package interp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.starlark.net/starlark"
)

// deadline is a context of the test that ends a script which hangs.
func deadline(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestExecEvalCall(t *testing.T) {
	ctx := deadline(t)
	rt := newRuntime(t, Options{Predeclared: starlark.StringDict{"base": starlark.MakeInt(40)}, Argv: []string{"s", "x"}})
	globals, err := rt.Exec(ctx, "s.star", []byte("def add(n, by = 0): return base + n + by\nname, argv = __name__, sys.argv\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := globals["name"].String() + globals["argv"].String(); got != `"__main__"["s", "x"]` {
		t.Error(got)
	}
	v, err := rt.Call(ctx, globals["add"], starlark.Tuple{starlark.MakeInt(1)}, []starlark.Tuple{{starlark.String("by"), starlark.MakeInt(1)}})
	if err != nil || v.String() != "42" {
		t.Error(v, err)
	}
	if v, err := rt.Eval(ctx, "base +\n 2"); err != nil || v.String() != "42" {
		t.Error(v, err)
	}
	if _, err := rt.Eval(ctx, "1 +"); !errors.As(err, new(*SyntaxError)) {
		t.Errorf("%T: %v", err, err)
	}
	// A function finds what the host has predeclared in other processes too.
	got, err := rt.Exec(ctx, "p.star", []byte("def f(n): return base + n\nr = multiprocessing.Pool(1).map(f, [1, 2])\n"))
	if err != nil || got["r"].String() != "[41, 42]" {
		t.Error(got, err)
	}
}

func TestErrors(t *testing.T) {
	ctx := deadline(t)
	mine := errors.New("the host's own")
	rt := newRuntime(t, Options{Predeclared: starlark.StringDict{"host": starlark.NewBuiltin("host", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		return nil, mine
	})}, MaxSteps: 100_000})
	for _, c := range []struct{ text, class, msg, pos string }{
		{"def f():\n  return 1 // 0\nf()\n", "ZeroDivisionError", "floored division by zero", "t.star:2"},
		{"multiprocessing.Queue().get(False)\n", "queue.Empty", "", "t.star:1"},
		{"Mine = type('Mine', (ValueError,), {})\nraise_(Mine('x'))\n", "Mine", "x", "t.star:2"},
		{"multiprocessing.Pool(1).map(lambda n: 1 // n, [0])\n", "ZeroDivisionError", "floored division by zero", "t.star:1"},
		{"list(range(1 << 62))\n", "MemoryError", "a sequence of this length does not fit into memory", ""},
		{"host()\n", "ValueError", mine.Error(), "t.star:1"},
	} {
		_, err := rt.Exec(ctx, "t.star", []byte(c.text))
		var e *Error
		if !errors.As(err, &e) || e.Class != c.class || e.Msg != c.msg || e.Pos() != c.pos || !strings.HasSuffix(e.Text(), "\n") {
			t.Errorf("%s: %#v", c.text, err)
		}
		if _, exits := e.ExitStatus(); exits || errors.Is(err, mine) != strings.HasPrefix(c.text, "host") {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	var e *Error
	if _, err := rt.Exec(ctx, "t.star", []byte("sys.exit(3)\n")); !errors.As(err, &e) {
		t.Error(err)
	} else if status, ok := e.ExitStatus(); status != 3 || !ok {
		t.Error(status, ok)
	}
	var limit *LimitError
	_, err := rt.Exec(ctx, "t.star", []byte("def f():\n  while True:\n    try_(lambda: [n for n in range(1000)])\nf()\n"))
	if !errors.As(err, &limit) || limit.Error() != "limit exceeded: steps (100000) at t.star:3" && limit.Pos != "t.star:2" {
		t.Errorf("%v, %+v", err, limit)
	}
	if v, err := rt.Eval(ctx, "len([n for n in range(10000)])"); err != nil || v.String() != "10000" {
		t.Error(v, err) // each call has its own steps
	}
}

func TestModules(t *testing.T) {
	ctx := deadline(t)
	rt := newRuntime(t, Options{Modules: fstest.MapFS{
		"main.star":    {Data: []byte("load('lib/a.star', 'twice')\nr = multiprocessing.Pool(1).map(twice, [1, 2])\n")},
		"lib/a.star":   {Data: []byte("load('b.star', 'two')\ndef twice(n): return two * n\n")},
		"lib/b.star":   {Data: []byte("two = 2\n")},
		"outside.star": {Data: []byte("load('../../etc/passwd', 'x')\n")},
	}})
	globals, err := rt.ExecFile(ctx, "main.star")
	if err != nil || globals["r"].String() != "[2, 4]" {
		t.Error(globals, err)
	}
	if _, err := rt.ExecFile(ctx, "outside.star"); err == nil || !strings.Contains(err.Error(), "ImportError: cannot load ../../etc/passwd: ") {
		t.Error(err)
	}
	if _, err := rt.ExecFile(ctx, "none.star"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// The end of a context stops a script wherever it is, and its processes.
func TestContext(t *testing.T) {
	for name, text := range map[string]string{
		"loop":   "started()\nwhile True: pass\n",
		"caught": "started()\nwhile True: try_(lambda: time.sleep(3600))\n",
		"sleep":  "started()\ntime.sleep(3600)\n",
		"get":    "q = multiprocessing.Queue()\nstarted()\nq.get()\n",
		"join":   "p = multiprocessing.Process(target = time.sleep, args = (3600,))\np.start()\nstarted()\np.join()\n",
		"pool":   "def f(n):\n  while True: pass\npool = multiprocessing.Pool(2)\nr = pool.map_async(f, [1, 2])\nstarted()\nr.get()\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			why := errors.New("enough")
			ctx, cancel := context.WithCancelCause(context.Background())
			rt := newRuntime(t, Options{Predeclared: starlark.StringDict{"started": starlark.NewBuiltin("started", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
				go cancel(why)
				return starlark.None, nil
			})}})
			_, err := rt.Exec(ctx, "t.star", []byte(text))
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, context.Canceled) || !errors.Is(err, why) || e.Class != "" || !strings.HasPrefix(e.Pos(), "t.star:") {
				t.Errorf("%v", err)
			}
			v, err := rt.Eval(context.Background(), "len(multiprocessing.active_children())")
			if err != nil || v.String() != "0" {
				t.Errorf("%v children, %v", v, err)
			}
			if _, err := rt.Eval(ctx, "1"); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	rt := newRuntime(t, Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := rt.Exec(ctx, "t.star", []byte("while True: pass\n")); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// One script of a runtime that is stopped leaves the processes of the others alone.
func TestContextOfOne(t *testing.T) {
	rt := newRuntime(t, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := rt.Exec(deadline(t), "a.star", []byte("q = multiprocessing.Queue()\ndef f(q):\n  q.get()\n  q.put('a')\np = multiprocessing.Process(target = f, args = (q,))\np.start()\nstarted = True\np.join()\n"))
		if err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() {
		_, err := rt.Exec(ctx, "b.star", []byte("p = multiprocessing.Process(target = time.sleep, args = (3600,))\np.start()\np.join()\n"))
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	two := func() bool {
		v, err := rt.Eval(context.Background(), "len(multiprocessing.active_children())")
		return err != nil || v.String() == "2"
	}
	for !two() {
		time.Sleep(time.Millisecond)
	}
	cancel()
	// a's child goes on when it is asked to.
	for {
		v, err := rt.Eval(context.Background(), "[p.name for p in multiprocessing.active_children()]")
		if err != nil {
			t.Fatal(err)
		}
		if v.(*starlark.List).Len() == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	_, err := rt.Exec(deadline(t), "c.star", []byte("[p.terminate() for p in multiprocessing.active_children()]\n"))
	if err != nil {
		t.Error(err)
	}
	wg.Wait()
}

func TestMaxProcesses(t *testing.T) {
	rt := newRuntime(t, Options{MaxProcesses: 3})
	_, err := rt.Exec(deadline(t), "t.star", []byte(`
def bomb(depth):
    ps = []
    for _ in range(100):
        p = multiprocessing.Process(target = bomb, args = (depth + 1,))
        p.start()
        ps.append(p)
    [p.join() for p in ps]
ps = [multiprocessing.Process(target = time.sleep, args = (3600,), daemon = True) for _ in range(4)]
[p.start() for p in ps[:3]]
ps[3].start()
`))
	if err == nil || err.Error() != "t.star:11: OSError: [Errno 11] process limit of 3" {
		t.Error(err)
	}
}

// A setup's built-ins and types are there in all processes.
func TestSetup(t *testing.T) {
	if _, err := New(Options{Setup: "unknown"}); err == nil || !strings.Contains(err.Error(), `no setup "unknown"`) {
		t.Error(err)
	}
	for name, want := range map[string]string{"": "None", "metric": `["3m", "6m"]`, "imperial": `["3ft", "6ft"]`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rt := newRuntime(t, Options{Setup: name})
			globals, err := rt.Exec(deadline(t), "t.star", []byte(setupScript(name)))
			if err != nil || globals["r"].String() != want {
				t.Errorf("%v, %v", globals["r"], err)
			}
		})
	}
}

func setupScript(name string) string {
	if name == "" {
		return "r = None\n"
	}
	return `
def f(n, unit): return n * unit(3)
r = [str(v) for v in multiprocessing.Pool(2).starmap(f, [(1, length), (2, length)])]
`
}

// A program that forgets Child is told so, and starts nothing.
func TestChildForgotten(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(build(t, "./testdata/forgotten")).CombinedOutput()
	if got := string(out); err == nil || strings.Count(got, "main\n") != 1 || !strings.Contains(got, "interp.Child first") {
		t.Errorf("%v\n%s", err, out)
	}
	// Here a child gets to main before Child is called. The start is tried thrice where the child has gone before it was given its task, with
	// spares beside it; that is all.
	cmd := exec.Command(build(t, "./testdata/forgotten"), "late")
	out, err = cmd.CombinedOutput()
	if got := string(out); err == nil || strings.Count(got, "main\n") > 8 || !strings.Contains(got, "interp.Child first") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestRuntimesInGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			var out bytes.Buffer
			rt := newRuntime(t, Options{Stdout: &out, Setup: []string{"metric", "imperial"}[i%2]})
			var inner sync.WaitGroup
			for j := range 4 {
				inner.Go(func() {
					for k := range 5 {
						if _, err := rt.Exec(deadline(t), fmt.Sprintf("%d.%d.star", j, k), []byte("print(length(1))\n")); err != nil {
							t.Error(err)
						}
					}
				})
			}
			inner.Wait()
			want := []string{"1m", "1ft"}[i%2]
			if lines := strings.Fields(out.String()); len(lines) != 20 || slices.ContainsFunc(lines, func(s string) bool { return s != want }) {
				t.Errorf("%q", lines)
			}
		})
	}
	wg.Wait()
}

// The end of a context ends the threads that the script has started, and callbacks; another call goes on.
func TestContextEndsThreads(t *testing.T) {
	rt := newRuntime(t, Options{MaxSteps: 1 << 40})
	fn, err := rt.Exec(deadline(t), "t.star", []byte(`
def loop(n):
    while True:
        n += 1
def threads(): multiprocessing.pool.ThreadPool(2).map(loop, [1, 2])
def callback():
    multiprocessing.pool.ThreadPool(1).apply_async(max, (1, 2), callback = loop)
    time.sleep(3600)
def executor(): concurrent.futures.ThreadPoolExecutor(1).submit(loop, 1).result()
def done():
    concurrent.futures.ThreadPoolExecutor(1).submit(max, 1, 2).add_done_callback(lambda f: loop(1))
    time.sleep(3600)
def other(): time.sleep(0.3); return multiprocessing.pool.ThreadPool(1).apply(max, (1, 2))
`))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if v, err := rt.Call(deadline(t), fn["other"], nil, nil); err != nil || v.String() != "2" {
			t.Error(v, err)
		}
	})
	for _, name := range []string{"threads", "callback", "executor", "done"} {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		if _, err := rt.Call(ctx, fn[name], nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(name, err)
		}
		cancel()
	}
	wg.Wait()
	rt.Close() // which would wait for them
}

// What Eval takes is one expression.
func TestEval(t *testing.T) {
	rt := newRuntime(t, Options{})
	p, _ := newPool(t, rt, PoolOptions{Workers: 1}, "")
	for _, c := range []struct{ expr, want string }{
		{"1 # one", "1"},
		{"  1, 2\t", "(1, 2)"},
		{"(\n1,\n2)", "(1, 2)"},
		{"1 +\n 2", "3"},
		{"1 +\n 1 // 0", "<expr>:2: ZeroDivisionError: floored division by zero"},
		{"1 + * 2", "<expr>:1:5: got '*', want primary expression"},
		{"1 + x", "<expr>:1:5: undefined: x"},
		{"", "<expr>:1:1: not an expression"},
		{"# none", "<expr>:1:1: not an expression"},
		{"1)\nprint('x'", "<expr>:1:1: not an expression"},
		{"x = 1", "<expr>:1:4: got '=', want ')'"},
		{"1\n2", "<expr>:2:1: got int literal, want ')'"},
	} {
		v, err := rt.Eval(deadline(t), c.expr)
		if got := fmt.Sprint(v); err == nil && got != c.want || err != nil && err.Error() != c.want {
			t.Errorf("%q: %v, %v, want %s", c.expr, v, err, c.want)
		}
	}
	var fns []starlark.Value
	for _, expr := range []string{"lambda n: n + 1", "lambda n: n * 2", "lambda n: [\nn]"} {
		fn, err := rt.Eval(deadline(t), expr)
		if err != nil {
			t.Fatal(err)
		}
		fns = append(fns, fn)
	}
	for i, want := range []string{"6", "10", "[5]"} {
		if v, err := p.Call(deadline(t), fns[i], starlark.MakeInt(5)); err != nil || v.String() != want {
			t.Error(v, err)
		}
	}
}

// A function travels with its own text, whatever else has run under the file's name since.
func TestSameName(t *testing.T) {
	rt := newRuntime(t, Options{})
	p, _ := newPool(t, rt, PoolOptions{Workers: 1}, "")
	var fns []starlark.Value
	for i := range 3 {
		globals, err := rt.Exec(deadline(t), "rule.star", fmt.Appendf(nil, "k = %d\ndef f(n): return n + %d * k\n", i, i))
		if err != nil {
			t.Fatal(err)
		}
		fns = append(fns, globals["f"])
	}
	for range 2 {
		for i, want := range []string{"5", "6", "9"} {
			if v, err := p.Call(deadline(t), fns[i], starlark.MakeInt(5)); err != nil || v.String() != want {
				t.Error(i, v, err)
			}
		}
	}
}

// A panic of the program's own built-in passes through, and leaves nothing behind.
func TestPanic(t *testing.T) {
	rt := newRuntime(t, Options{Predeclared: starlark.StringDict{"boom": starlark.NewBuiltin("boom", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		panic("boom")
	})}})
	ctx, cancel := context.WithCancel(context.Background())
	before := runtime.NumGoroutine()
	for range 5 {
		func() {
			defer func() {
				if got := recover(); got != "boom" {
					t.Error(got)
				}
			}()
			rt.Eval(ctx, "boom()")
		}()
	}
	cancel()
	for until := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
	if v, err := rt.Eval(deadline(t), "1 + 1"); err != nil || v.String() != "2" {
		t.Error(v, err)
	}
}

func TestClosed(t *testing.T) {
	rt := newRuntime(t, Options{})
	rt.Close()
	rt.Close()
	if _, err := rt.Exec(deadline(t), "t.star", []byte("multiprocessing.Process(target = print).start()\n")); err == nil || err.Error() != "t.star:1: RuntimeError: cannot start a process: the runtime is closed" {
		t.Error(err)
	}
	if _, err := rt.NewPool(PoolOptions{Workers: 1}); err == nil || err.Error() != "cannot start a process: the runtime is closed" {
		t.Error(err)
	}
}
