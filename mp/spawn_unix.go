//go:build unix

package mp

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/starmp/starmp/mp/internal/arena"
	"golang.org/x/sys/unix"
)

const (
	sigkill = syscall.SIGKILL
	sigterm = syscall.SIGTERM
)

// childVariable marks a process as a child: its slot and the slot's generation.
const childVariable = "STARMP_CHILD"

// Descriptors that a child inherits beside the standard three.
const (
	controlFD = 3
	arenaFD   = 4
)

var devNull = sync.OnceValues(func() (*os.File, error) { return os.Open(os.DevNull) })

// exec starts the operating-system process of c.
func (c *child) exec(m *arena.Member) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	null, err := devNull()
	if err != nil {
		return err
	}
	pair, err := socketpair()
	if err != nil {
		return fmt.Errorf("socketpair: %w", err)
	}
	env := append(os.Environ(), fmt.Sprintf("%s=%d:%d", childVariable, c.slot, m.Arena().Slot(c.slot).Gen.Load()))
	// The standard input of a child is empty, as in CPython: two readers of one terminal would fight over its lines.
	c.pid, err = syscall.ForkExec(exe, []string{exe, "[child]"}, &syscall.ProcAttr{
		Env:   env,
		Files: []uintptr{null.Fd(), 1, 2, uintptr(pair[1]), m.Arena().File().Fd()},
	})
	syscall.Close(pair[1])
	if err != nil {
		syscall.Close(pair[0])
		return fmt.Errorf("%s: %w", exe, err)
	}
	c.control = os.NewFile(uintptr(pair[0]), "control")
	return nil
}

// signal sends sig to the child unless it has been waited for, so that it never reaches a stranger.
func (c *child) signal(sig syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dead.Load() {
		syscall.Kill(c.pid, sig)
	}
}

// killPid kills a process that is known to live.
func killPid(pid int) { syscall.Kill(pid, sigkill) }

// waitPid waits for the process and returns its exit code as Python gives it.
func waitPid(pid int) int {
	var ws syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &ws, 0, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil: // somebody else in a host program has waited for it
			return 255
		case ws.Signaled():
			return -int(ws.Signal())
		}
		return ws.ExitStatus()
	}
}

// childSlot reads and removes the mark of a child.
func childSlot() (slot arena.SlotID, gen uint32, ok bool) {
	v, ok := os.LookupEnv(childVariable)
	if !ok {
		return 0, 0, false
	}
	os.Unsetenv(childVariable)
	a, b, _ := strings.Cut(v, ":")
	s, err1 := strconv.ParseUint(a, 10, 32)
	g, err2 := strconv.ParseUint(b, 10, 32)
	return arena.SlotID(s), uint32(g), err1 == nil && err2 == nil
}

// signalName is the name of signal number n, such as SIGTERM, or "".
func signalName(n int) string { return unix.SignalName(syscall.Signal(n)) }
