//go:build amd64 || arm64

package mp

import "syscall"

// defaultFaults gives SIGSEGV and SIGBUS their default where a process has sent them. Where the CPU has raised them they stay what they
// are, the runtime's: a panic, or a crash with its trace. The runtime itself would do that for all of them, and
// os/signal, which tells the two apart, costs each child the threads that it starts.
func defaultFaults() {
	for _, sig := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS} {
		var act, old sigaction
		act.exchange(sig, nil)
		runtimeHandler = act.handler // one for all signals
		act.handler = faultHandlerPC()
		old.exchange(sig, &act)
	}
}

var (
	runtimeHandler uintptr
	defaultAction  sigaction
)

// faultHandler is the handler of both.
func faultHandler()

var _, _, _ = faultHandler, &runtimeHandler, &defaultAction // used by the assembly

func faultHandlerPC() uintptr
