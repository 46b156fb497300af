package mp

import (
	"syscall"
	"unsafe"
)

// defaultSignals gives the signals whose default is to end a process that default again. Go's runtime ignores some of
// them and turns others into a dump of goroutines, which would be news to a script.
func defaultSignals() {
	var act struct { // the kernel's struct sigaction, all zero: SIG_DFL
		handler, flags, restorer uintptr
		mask                     uint64
	}
	for _, sig := range []syscall.Signal{
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGQUIT, syscall.SIGABRT,
		syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGSTKFLT, syscall.SIGIO, syscall.SIGPWR, syscall.SIGXCPU, syscall.SIGXFSZ,
	} {
		syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&act)), 0, 8, 0, 0)
	}
}
