// The starmp command runs Starlark scripts that start processes.
package main

import (
	"os"

	"github.com/starmp/starmp/interp"
)

func main() {
	os.Exit(interp.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
