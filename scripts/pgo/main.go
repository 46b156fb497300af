// Pgo is the starmp command, profiled: it writes a CPU profile of the process that runs the script to the file that
// STARMP_PROFILE names. Its children write none. See scripts/pgo.sh.
package main

import (
	"fmt"
	"os"
	"runtime/pprof"

	"github.com/starmp/starmp/interp"
)

func main() {
	interp.Child()
	os.Exit(profiled())
}

func profiled() int {
	f, err := os.Create(os.Getenv("STARMP_PROFILE"))
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgo:", err)
		return 1
	}
	defer f.Close()
	defer pprof.StopCPUProfile()
	return interp.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}
