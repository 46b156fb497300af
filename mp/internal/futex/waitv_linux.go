//go:build linux && !starmp_portable

package futex

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	sysFutexWaitv = 449 // on all architectures
	waitvMost     = 128 // words in one call
	waitvU32      = 2   // 32-bit words, shared between processes
)

// waitv is the kernel's struct futex_waitv.
type waitv struct {
	val   uint64
	addr  uint64
	flags uint32
	_     uint32
}

// noWaitv is set when the kernel turns out not to have futex_waitv, which came with Linux 5.16.
var noWaitv atomic.Bool

func waitAny(words []*atomic.Uint32, old []uint32, dl Deadline, c *Cancel) error {
	if noWaitv.Load() || len(words) > waitvMost {
		return pollAny(words, old, dl, c)
	}
	list := make([]waitv, len(words))
	for i, w := range words {
		list[i] = waitv{val: uint64(old[i]), addr: uint64(uintptr(unsafe.Pointer(w))), flags: waitvU32}
	}
	var timeout *unix.Timespec
	if dl != 0 {
		ts := unix.NsecToTimespec(int64(dl))
		timeout = &ts
	}
	_, _, errno := syscall.Syscall6(sysFutexWaitv, uintptr(unsafe.Pointer(&list[0])), uintptr(len(list)), 0,
		uintptr(unsafe.Pointer(timeout)), unix.CLOCK_MONOTONIC, 0)
	// The list has addresses only. No word moves: WaitAny lets them escape to its Cancel, so none is on a stack.
	runtime.KeepAlive(words)
	switch errno {
	case 0, unix.EAGAIN, unix.EINTR:
		return nil
	case unix.ETIMEDOUT:
		return ErrTimeout
	case unix.ENOSYS, unix.EPERM: // EPERM: a sandbox that does not know the call
		noWaitv.Store(true)
		return pollAny(words, old, dl, c)
	}
	panic("BUG: futex: waitv: " + errno.Error())
}

// pollAny is waitAny for kernels without the call and for more words than it takes. A wake that leaves its word as it is passes unseen,
// but not for long: a caller is never left alone for more than longestPoll.
func pollAny(words []*atomic.Uint32, old []uint32, dl Deadline, c *Cancel) error {
	return poll(func() bool { return !same(words, old) }, dl, c)
}
