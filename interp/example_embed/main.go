// Example_embed is the example of go.starlark.net's README, a program that calls a function of a script, with multiprocessing: one call at
// the top of main, and one value in the script's environment.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/starmp/starmp/interp"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

const script = `
def fibonacci(n):
    res = list(range(n))
    for i in res[2:]:
        res[i] = res[i-2] + res[i-1]
    return res

def fibonaccis(numbers):
    pool = multiprocessing.Pool(2)
    results = pool.map(fibonacci, numbers)
    pool.close()
    return results
`

func main() {
	interp.Child() // a child is this program again: it runs its part here and does not return

	rt, err := interp.New(interp.Options{Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	rt.AddSource("__main__", "fibonacci.star", []byte(script)) // not needed for files

	thread := &starlark.Thread{Name: "my thread"}
	globals, err := starlark.ExecFileOptions(&syntax.FileOptions{}, thread, "fibonacci.star", script, starlark.StringDict{"multiprocessing": rt.Multiprocessing()})
	if err != nil {
		log.Fatal(err)
	}
	numbers := starlark.Tuple{starlark.MakeInt(5), starlark.MakeInt(10)}
	v, err := starlark.Call(thread, globals["fibonaccis"], starlark.Tuple{numbers}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v)
}
