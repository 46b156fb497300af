package interp

import "go.starlark.net/starlarkstruct"

// Multiprocessing returns the multiprocessing module, for the environment of a Go program's own scripts. It works
// in any *starlark.Thread, which need not come from NewThread; a call that blocks there is ended by
// the Cancel of an [mp.Cancel] that the program has put into the thread under [mp.CancelKey]; thread.Cancel alone does not wake it.
// The rest of the dialect, its classes and exceptions among it, is in Predeclared.
//
// The program is to start its scripts with starlark.ExecFile and the like, in one goroutine at a time; if mp runs callbacks in goroutines of its own
// while they run, it brackets its calls with [Runtime.Enter] and [Runtime.Leave].
//
// A function that runs in another process must come from a file that can be read again under the name in its positions,
// or from text made known with AddSource. What it reads must be something that can be sent: not, for one, a function
// written in Go that is in no [Setup].
func (rt *Runtime) Multiprocessing() *starlarkstruct.Module { return rt.mp.Module() }

// Close ends what the runtime has started, as the end of a script does: daemonic processes are terminated, the others are
// awaited. It blocks until no process is left, and must be called outside of scripts, once none runs. The family's
// shared memory is given back when nothing refers to the runtime any more. Starting a process is an error then, RuntimeError for a script, and
// a second Close does nothing.
func (rt *Runtime) Close() {
	rt.mp.Shutdown(false)
	rt.closeOutputs()
}
