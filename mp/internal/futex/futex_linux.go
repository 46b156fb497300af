//go:build linux && !starmp_portable

package futex

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The shared forms: without FUTEX_PRIVATE_FLAG the kernel finds waiters by the page, not by the address.
const (
	opRequeue    = 3
	opWaitBitset = 9
	opWakeBitset = 10
)

// monotonic reads the clock of FUTEX_WAIT_BITSET.
func monotonic() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("BUG: futex: no monotonic clock: " + err.Error())
	}
	return ts.Nano()
}

func wait(w *atomic.Uint32, old, bits uint32, dl Deadline, _ *Cancel) error {
	var timeout *unix.Timespec
	if dl != 0 {
		ts := unix.NsecToTimespec(int64(dl))
		timeout = &ts
	}
	// Syscall6, not RawSyscall6: the scheduler must know that this thread may sleep.
	_, _, errno := syscall.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), opWaitBitset, uintptr(old),
		uintptr(unsafe.Pointer(timeout)), 0, uintptr(bits))
	switch errno {
	case 0, unix.EAGAIN, unix.EINTR:
		return nil
	case unix.ETIMEDOUT:
		return ErrTimeout
	}
	panic("BUG: futex: wait: " + errno.Error())
}

func wake(w *atomic.Uint32, n int, bits uint32) int {
	// A wake does not sleep, so it needs no word with the scheduler.
	woken, _, errno := syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), opWakeBitset, uintptr(n),
		0, 0, uintptr(bits))
	if errno != 0 {
		panic("BUG: futex: wake: " + errno.Error())
	}
	return int(woken)
}

func move(w, to *atomic.Uint32, n int) int {
	moved, _, errno := syscall.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), opRequeue, 0, uintptr(n),
		uintptr(unsafe.Pointer(to)), 0)
	if errno != 0 {
		wake(w, n, AllBits)
		return 0
	}
	return int(moved)
}
