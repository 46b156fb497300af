package interp_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/starmp/starmp/interp"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A script that is not trusted, in a process of its own.
func Example() {
	// In main, first of all: interp.Child(interp.Setup{Name: "closed", Omit: interp.SystemNames()})
	rt := newRuntime(interp.Options{Setup: "closed", Stdout: os.Stdout})
	defer rt.Close()
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 1, Limits: interp.Limits{Steps: 100_000, Time: time.Minute, Output: 1000}})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	v, err := pool.Exec(ctx, "rule.star", []byte(`
def accept(order):
    print("looking at", order["city"])
    return order["total"] < 1000
`), "accept", order("Oslo", 64))
	fmt.Println(v, err)
	// Output:
	// looking at Oslo
	// True <nil>
}

func order(city string, total int) starlark.Value {
	d := new(starlark.Dict)
	d.SetKey(starlark.String("city"), starlark.String(city))
	d.SetKey(starlark.String("total"), starlark.MakeInt(total))
	return d
}

// The first thing in main.
func ExampleChild() {
	interp.Child() // never returns in a child process

	rt, err := interp.New(interp.Options{Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	_, err = rt.Exec(context.Background(), "hello.star", []byte(`
p = multiprocessing.Process(target = lambda name: print("hello", name), args = ("bob",))
p.start()
p.join()
`))
	if err != nil {
		log.Fatal(err)
	}
	// Output: hello bob
}

func ExampleNew() {
	rt, err := interp.New(interp.Options{
		Argv:        []string{"greet.star", "bob"},
		Stdout:      os.Stdout,
		Predeclared: starlark.StringDict{"greeting": starlark.String("good morning")},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	rt.Exec(context.Background(), "greet.star", []byte(`print(greeting, sys.argv[1])`))
	// Output: good morning bob
}

// What scripts find and may do.
func ExampleOptions() {
	var out strings.Builder
	rt := newRuntime(interp.Options{
		Argv:        []string{"count.star", "3"},
		Stdin:       strings.NewReader("a line\n"),
		Stdout:      &out,
		Stderr:      &out,
		Predeclared: starlark.StringDict{"step": starlark.MakeInt(2)},
		Modules: fstest.MapFS{"lib.star": {Data: []byte(`
def count(n, step): return list(range(0, n, step))
`)}},
		MaxSteps:     10_000,
		MaxProcesses: 4,
		Limits:       interp.Limits{CPU: time.Second},
		SharedMemory: 16 << 20,
	})
	_, err := rt.Exec(context.Background(), "count.star", []byte(`
load("lib.star", "count")
print(count(int(sys.argv[1]), step), input())
multiprocessing.Pool(1).apply(print, ("a child",))
while True:
    len(sys.argv)
`))
	rt.Close() // what children have printed is there now
	fmt.Print(&out)
	fmt.Println(err)
	// Output:
	// [0, 2] a line
	// a child
	// limit exceeded: steps (10000) at count.star:5
}

// Time that stands still, for scripts whose results are to be the same each time.
type stopped struct{ now time.Time }

func (c *stopped) Now() time.Time { return c.now }

func (c *stopped) Sleep(_ context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return nil
}

func ExampleClock() {
	rt := newRuntime(interp.Options{Clock: &stopped{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}})
	defer rt.Close()
	v, err := rt.Eval(context.Background(), `[time.gmtime()[:6], time.sleep(3600), time.gmtime()[:6]]`)
	fmt.Println(v, err)
	// Output: [(2026, 1, 2, 3, 4, 5), None, (2026, 1, 2, 4, 4, 5)] <nil>
}

func ExampleSystemNames() {
	fmt.Println(slices.Contains(interp.SystemNames(), "open"))
	rt := newRuntime(interp.Options{Setup: "closed"}) // interp.Setup{Name: "closed", Omit: interp.SystemNames()}
	defer rt.Close()
	_, err := rt.Exec(context.Background(), "s.star", []byte(`subprocess.run("true")`))
	fmt.Println(err)
	// Output:
	// true
	// s.star:1:1: undefined: subprocess
}

// A program that runs many scripts may want the collector of the command.
func ExampleTuneGC() {
	interp.TuneGC()
	// Output:
}

func ExampleLimits() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 1, Limits: interp.Limits{
		CPU:       time.Second,      // of processor time, each task
		Time:      10 * time.Second, // each task
		Output:    1 << 20,          // bytes, each task
		OpenFiles: 32,               // each worker
		Processes: 2,                // below each worker
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	_, err = pool.Exec(context.Background(), "many.star", []byte("multiprocessing.Pool(10)"), "")
	fmt.Println(err)
	// Output: limit exceeded: processes (2) at many.star:1
}

func ExampleLimitError() {
	rt := newRuntime(interp.Options{MaxSteps: 1000})
	defer rt.Close()
	_, err := rt.Exec(context.Background(), "loop.star", []byte("n = 0\nwhile True:\n    n += 1\n"))
	var limit *interp.LimitError
	if errors.As(err, &limit) {
		fmt.Println(limit.Limit == interp.LimitSteps, limit.Max, limit.Pos)
	}
	// Output: true 1000 loop.star:2
}

func ExamplePoolOptions() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 2, MaxTasks: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	getpid := rt.Predeclared()["os"].(starlark.HasAttrs)
	fn, _ := getpid.Attr("getpid")
	a, _ := pool.Call(context.Background(), fn)
	b, _ := pool.Call(context.Background(), fn)
	fmt.Println(a != b) // a new process for each task
	// Output: true
}

func ExampleRuntime_NewPool() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	_, err := rt.NewPool(interp.PoolOptions{Limits: interp.Limits{Memory: 1 << 20}})
	fmt.Println(err)
	pool, err := rt.NewPool(interp.PoolOptions{Limits: interp.Limits{Time: time.Minute}})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	fmt.Println(pool.Call(context.Background(), starlark.Universe["len"], starlark.String("four")))
	// Output:
	// Limits.Memory is 1 MiB, must be at least 64 MiB
	// 4 <nil>
}

func ExamplePool_Close() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 1})
	if err != nil {
		log.Fatal(err)
	}
	pool.Close()
	_, err = pool.Call(context.Background(), starlark.Universe["len"], starlark.String("four"))
	fmt.Println(errors.Is(err, interp.ErrPoolClosed))
	// Output: true
}

// The script leaves a process behind that is no daemon; Close waits for it.
func ExampleRuntime_Close() {
	rt := newRuntime(interp.Options{Stdout: os.Stdout})
	rt.Exec(context.Background(), "late.star", []byte(`
multiprocessing.Process(target = lambda: [time.sleep(0.05), print("the child")]).start()
print("the script")
`))
	rt.Close()
	fmt.Println("the program")
	// Output:
	// the script
	// the child
	// the program
}

// A file that the program has run itself, and that is nowhere on the disk.
func ExampleRuntime_AddSource() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	const text = "def double(x): return 2 * x\n"
	globals, err := starlark.ExecFileOptions(&syntax.FileOptions{}, new(starlark.Thread), "double.star", text, nil)
	if err != nil {
		log.Fatal(err)
	}
	rt.AddSource("double", "double.star", []byte(text))
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	fmt.Println(pool.Call(context.Background(), globals["double"], starlark.MakeInt(21)))
	// Output: 42 <nil>
}

// Threads of the program's own that take turns with the runtime's scripts.
func ExampleRuntime_NewThread() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	globals, err := rt.Exec(context.Background(), "f.star", []byte("def f(n): return n + 1\n"))
	if err != nil {
		log.Fatal(err)
	}
	thread := rt.NewThread("mine")
	rt.Enter(thread)
	v, err := starlark.Call(thread, globals["f"], starlark.Tuple{starlark.MakeInt(1)}, nil)
	rt.Leave(thread)
	fmt.Println(v, err)
	// Output: 2 <nil>
}

// A value that scripts may change is looked at while none of them runs.
func ExampleRuntime_Enter() {
	rt := newRuntime(interp.Options{Predeclared: starlark.StringDict{"log": starlark.NewList(nil)}})
	defer rt.Close()
	globals, err := rt.Exec(context.Background(), "log.star", []byte("entries = log\nlog.append('started')\n"))
	if err != nil {
		log.Fatal(err)
	}
	thread := rt.NewThread("look")
	rt.Enter(thread)
	defer rt.Leave(thread)
	fmt.Println(globals["entries"])
	// Output: ["started"]
}

// A built-in that takes long lets other threads run scripts meanwhile.
func ExampleRuntime_Leave() {
	var rt *interp.Runtime
	slow := starlark.NewBuiltin("slow", func(thread *starlark.Thread, _ *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		rt.Leave(thread)
		defer rt.Enter(thread)
		time.Sleep(time.Millisecond)
		return starlark.None, nil
	})
	rt = newRuntime(interp.Options{Predeclared: starlark.StringDict{"slow": slow}})
	defer rt.Close()
	fmt.Println(rt.Eval(context.Background(), "slow()"))
	// Output: None <nil>
}

func ExampleRuntime_Predeclared() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	env := rt.Predeclared()
	fmt.Println(env.Has("multiprocessing"), env.Has("json"), env["ValueError"])
	// Output: true true <class 'ValueError'>
}

func ExampleRuntime_Repr() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	fmt.Println(rt.Repr(starlark.String("text")))
	// Output: "text" <nil>
}

func newRuntime(o interp.Options) *interp.Runtime {
	rt, err := interp.New(o)
	if err != nil {
		log.Fatal(err)
	}
	return rt
}

func ExampleRuntime_Exec() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	globals, err := rt.Exec(context.Background(), "squares.star", []byte(`
def square(n): return n * n
squares = multiprocessing.Pool(2).map(square, range(5))
`))
	fmt.Println(globals["squares"], err)
	// Output: [0, 1, 4, 9, 16] <nil>
}

func ExampleRuntime_ExecFile() {
	rt := newRuntime(interp.Options{Modules: fstest.MapFS{
		"main.star":     {Data: []byte(`load("lib/half.star", "half"); answer = half(84)`)},
		"lib/half.star": {Data: []byte(`def half(n): return n // 2`)},
	}})
	defer rt.Close()
	globals, err := rt.ExecFile(context.Background(), "main.star")
	fmt.Println(globals["answer"], err)
	// Output: 42 <nil>
}

func ExampleRuntime_Eval() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	v, err := rt.Eval(context.Background(), `", ".join(["%02d" % n for n in range(3)])`)
	fmt.Println(v, err)
	// Output: "00, 01, 02" <nil>
}

func ExampleRuntime_Call() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	globals, err := rt.Exec(context.Background(), "f.star", []byte("def f(): time.sleep(3600)\n"))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err = rt.Call(ctx, globals["f"], nil, nil)
	fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
	// Output: f.star:1: context deadline exceeded true
}

func ExampleRuntime_Multiprocessing() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	const script = `
def twice(n): return 2 * n
result = multiprocessing.Pool(2).map(twice, [1, 2])
`
	rt.AddSource("__main__", "twice.star", []byte(script)) // it is no file that could be read again
	globals, err := starlark.ExecFileOptions(&syntax.FileOptions{}, new(starlark.Thread), "twice.star", script, starlark.StringDict{
		"multiprocessing": rt.Multiprocessing(),
	})
	fmt.Println(globals["result"], err)
	// Output: [2, 4] <nil>
}

func ExampleError() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	_, err := rt.Exec(context.Background(), "fail.star", []byte(`
def f(n):
    return 1 // n

f(0)
`))
	var e *interp.Error
	if errors.As(err, &e) {
		fmt.Println(e.Class, "at", e.Pos())
		fmt.Print(e.Text())
	}
	// Output:
	// ZeroDivisionError at fail.star:3
	// Traceback (most recent call last):
	//   fail.star:5:2: in <toplevel>
	//     f(0)
	//      ^
	//   fail.star:3:14: in f
	//     return 1 // n
	//              ^
	// ZeroDivisionError: floored division by zero
}

func ExampleError_Pos() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	_, err := rt.Exec(context.Background(), "fail.star", []byte("def f(): fail('no')\n\nf()\n"))
	var e *interp.Error
	if errors.As(err, &e) {
		fmt.Println(e.Pos(), e.Msg)
	}
	// Output: fail.star:1 no
}

func ExampleError_Text() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	_, err := rt.Exec(context.Background(), "fail.star", []byte("multiprocessing.Pool(1).map(int, ['1', 'x'])\n"))
	var e *interp.Error
	if errors.As(err, &e) {
		lines := strings.Split(e.Text(), "\n")
		fmt.Println(lines[0], "...", strings.Split(lines[len(lines)-2], ":")[0])
	}
	// Output: Traceback (most recent call last): ... ValueError
}

func ExampleTraceback() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	_, err := rt.Exec(context.Background(), "t.star", []byte("def f(): fail('no')\nf()\n"))
	var e *interp.Error
	if errors.As(err, &e) {
		fmt.Println(e.Traceback[0].File, e.Traceback[1].Line, e.Traceback[1].Func)
	}
	// Output: t.star 1 f
}

func ExampleError_ExitStatus() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	_, err := rt.Exec(context.Background(), "exit.star", []byte("sys.exit(3)"))
	var e *interp.Error
	if errors.As(err, &e) {
		fmt.Println(e.ExitStatus())
	}
	// Output: 3 true
}

func ExampleSyntaxError() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	_, err := rt.Exec(context.Background(), "wrong.star", []byte("prnt(1)\nx = lenght([])\n"))
	var wrong *interp.SyntaxError
	if errors.As(err, &wrong) {
		for _, p := range wrong.Errors {
			fmt.Println(p)
		}
	}
	// Output:
	// wrong.star:1:1: undefined: prnt (did you mean print?)
	// wrong.star:2:5: undefined: lenght
}

// A type of the program's, and a built-in that makes values of it, work in workers too: see Setup in the program's call of Child.
func ExampleSetup() {
	// In main: interp.Child(interp.Setup{Name: "metric", Predeclared: ..., Types: ...})
	rt := newRuntime(interp.Options{Setup: "metric"})
	defer rt.Close()
	globals, err := rt.Exec(context.Background(), "units.star", []byte(`
def twice(n): return length(n) * 2
lengths = multiprocessing.Pool(2).map(twice, [1, 2])
`))
	fmt.Println(globals["lengths"], err)
	// Output: [2m, 4m] <nil>
}

func ExamplePool_Call() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	globals, err := rt.Exec(context.Background(), "fib.star", []byte(`
def fibonacci(n):
    res = list(range(n))
    for i in res[2:]:
        res[i] = res[i-2] + res[i-1]
    return res
`))
	if err != nil {
		log.Fatal(err)
	}
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	v, err := pool.Call(context.Background(), globals["fibonacci"], starlark.MakeInt(10))
	fmt.Println(v, err)
	// Output: [0, 1, 1, 2, 3, 5, 8, 13, 21, 34] <nil>
}

func ExamplePool_CallKw() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	list := starlark.NewList([]starlark.Value{starlark.MakeInt(1), starlark.MakeInt(3), starlark.MakeInt(2)})
	v, err := pool.CallKw(context.Background(), starlark.Universe["sorted"], starlark.Tuple{list}, []starlark.Tuple{{starlark.String("reverse"), starlark.True}})
	fmt.Println(v, err)
	// Output: [3, 2, 1] <nil>
}

func ExamplePool_Map() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	words := []starlark.Value{starlark.String("some"), starlark.String("words")}
	lengths, err := pool.Map(context.Background(), starlark.Universe["len"], words)
	fmt.Println(lengths, err)
	// Output: [4 5] <nil>
}

func ExamplePool_Results() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	texts := []starlark.Value{starlark.String("1"), starlark.String("x"), starlark.String("3")}
	for v, err := range pool.Results(context.Background(), starlark.Universe["int"], slices.Values(texts)) {
		var e *interp.Error
		if errors.As(err, &e) {
			fmt.Println(e.Class)
		} else {
			fmt.Println(v)
		}
	}
	// Output:
	// 1
	// ValueError
	// 3
}

// A script that is not trusted.
func ExamplePool_Exec() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 1, Limits: interp.Limits{Steps: 1000, Processes: -1}})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	for _, script := range []string{
		"def main(n): return n + 1",
		"def main(n):\n  while True:\n    n += 1",
		"multiprocessing.Process(target = print).start()",
	} {
		v, err := pool.Exec(context.Background(), "s.star", []byte(script), "main", starlark.MakeInt(41))
		var limit *interp.LimitError
		if errors.As(err, &limit) {
			fmt.Println(limit)
		} else {
			fmt.Println(v, err)
		}
	}
	// Output:
	// 42 <nil>
	// limit exceeded: steps (1000) at s.star:2
	// limit exceeded: processes (0) at s.star:1
}

func ExampleTracebackOf() {
	rt := newRuntime(interp.Options{})
	defer rt.Close()
	_, err := rt.Exec(context.Background(), "t.star", []byte("def f(): fail('no')\nf()\n"))
	for _, frame := range interp.TracebackOf(err) {
		fmt.Println(frame)
	}
	// Output:
	// t.star:2:2: in <toplevel>
	// t.star:1:14: in f
}

func ExampleMain() {
	status := interp.Main([]string{"-c", "print(6 * 7)"}, strings.NewReader(""), os.Stdout, os.Stderr)
	fmt.Println("status", status)
	// Output:
	// 42
	// status 0
}
