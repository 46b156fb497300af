//go:build unix

package mp

import (
	"encoding/binary"
	"errors"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is the processor time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// childCPU is the processor time that a process has used which has not been waited for, 0 if that is not known.
func childCPU(pid int) time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(^int32(pid)<<3|2, &t) != nil { // CPUCLOCK_SCHED of the process
		return 0
	}
	return time.Duration(t.Nano())
}

// tooManyFiles reports whether err is that of a process that may have no more descriptors.
func tooManyFiles(err error) bool { return errors.Is(err, syscall.EMFILE) }

// applyLimits sets what the system and the collector enforce. The processes that this one starts inherit the system's part.
func (rt *Runtime) applyLimits() error {
	l := rt.limits
	if l.Memory > 0 {
		// The system counts what is mapped, the collector what it has mapped itself. Of that a Go program has some 70 MiB from the start that it
		// does not touch: the runtime's index of the heap, and a buffer of crypto's.
		mapped, used := privateMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		rt.host.LimitMemory(l.Memory/10*8 + max(int64(m.Sys)-used, 0))
		if err := lower(unix.RLIMIT_DATA, l.Memory+max(mapped-used, 0)); err != nil {
			return err
		}
	}
	if l.OpenFiles > 0 {
		return lower(unix.RLIMIT_NOFILE, int64(l.OpenFiles))
	}
	return nil
}

// lower limits a resource to n, or leaves it at less.
func lower(resource int, n int64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	most := min(uint64(n), uint64(now.Max))
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: most, Max: most})
}

// stopOrder is what a parent writes into the control socket of a pool's worker: 's', and the number of a task that it wants no more.
const stopOrder = 9

// order tells the child that a task is not wanted any more. It does not block: what finds no room is lost, since a child that does not
// listen is ended by other means.
func (c *child) order(job uint64) {
	c.control.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	c.control.Write(binary.LittleEndian.AppendUint64([]byte{'s'}, job))
}

// hearParent does what the parent orders, until it is gone.
func (rt *Runtime) hearParent() {
	var b [stopOrder]byte
	for have := 0; ; {
		n, err := syscall.Read(controlFD, b[have:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		if have += n; have == stopOrder {
			have = 0
			rt.stopTask(binary.LittleEndian.Uint64(b[1:]))
		}
	}
}
