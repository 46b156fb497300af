package mp

import (
	"syscall"
	"unsafe"
)

// sigaction is the kernel's struct of that name; all zero is SIG_DFL.
type sigaction struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

// exchange fills old with what happens for sig, and makes it act, unless that is nil.
func (old *sigaction) exchange(sig syscall.Signal, act *sigaction) {
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(act)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
}

// defaultSignals gives the signals whose default is to end a process that default again. Go's runtime ignores some of
// them and turns others into a dump of goroutines, which would be news to a script. Of those that it passes on by itself,
// SIGTERM and SIGHUP, it does so later than the kernel, which makes a difference if SIGKILL follows. Compiled code
// checks divisors and has no bad instructions, so the runtime needs neither SIGFPE nor SIGILL.
func defaultSignals() {
	var act, old sigaction
	for _, sig := range []syscall.Signal{
		syscall.SIGTERM, syscall.SIGHUP, syscall.SIGFPE, syscall.SIGILL,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGQUIT, syscall.SIGABRT,
		syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGSTKFLT, syscall.SIGIO, syscall.SIGPWR, syscall.SIGXCPU, syscall.SIGXFSZ,
	} {
		old.exchange(sig, &act)
	}
	defaultFaults()
}
