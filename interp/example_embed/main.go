// Example_embed is a Go program that lets its scripts start processes.
package main

import (
	"fmt"
	"os"

	"github.com/starmp/starmp/interp"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

const script = `
def square(n, results):
    results.put(n * n)

def squares(numbers):
    results = multiprocessing.Queue()
    workers = [multiprocessing.Process(target = square, args = (n, results)) for n in numbers]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    return sorted([results.get() for _ in workers])
`

func main() {
	interp.Child() // a child is this program again: it runs its part here and does not return

	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	rt, err := interp.New(interp.Options{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		return err
	}
	defer rt.Close()
	rt.AddSource("__main__", "squares.star", []byte(script))

	thread := &starlark.Thread{Name: "main"}
	globals, err := starlark.ExecFileOptions(&syntax.FileOptions{}, thread, "squares.star", script, starlark.StringDict{
		"multiprocessing": rt.Multiprocessing(),
	})
	if err != nil {
		return err
	}
	numbers := starlark.NewList([]starlark.Value{starlark.MakeInt(2), starlark.MakeInt(3), starlark.MakeInt(4)})
	result, err := starlark.Call(thread, globals["squares"], starlark.Tuple{numbers}, nil)
	if err != nil {
		return err
	}
	fmt.Println(result)
	return nil
}
