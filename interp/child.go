package interp

import (
	"os"

	"github.com/starmp/starmp/mp"
)

// Child runs this process as a child of a family, and does not return, if it was started as one; else it returns at once.
//
// Every program whose scripts start processes must call it at the top of main, before flags, files and goroutines:
// a child is the same executable started again. Main calls it itself.
func Child() {
	mp.Child(func(m *mp.Runtime) (mp.Host, error) {
		TuneGC()
		rt := newHost(Options{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
		rt.mp = m
		rt.lib.Predeclared() // while the child waits to be needed
		return rt, nil
	})
}
