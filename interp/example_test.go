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
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
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
	// limit exceeded: steps (1000) at s.star:3
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
