// Forgotten is a program that does not call interp.Child, or with an argument, only in the first process.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/starmp/starmp/interp"
)

func main() {
	fmt.Println("main")
	if len(os.Args) > 1 && os.Args[1] == "late" {
		interp.Child()
	}
	rt, err := interp.New(interp.Options{Stdout: os.Stdout, Stderr: os.Stderr})
	if err == nil {
		_, err = rt.Exec(context.Background(), "t.star", []byte("p = multiprocessing.Process(target = print)\np.start()\np.join()\nif p.exitcode: fail('interp.Child first')\n"))
		rt.Close()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
