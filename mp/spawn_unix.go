//go:build unix

package mp

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"golang.org/x/sys/unix"
)

const (
	sigkill = syscall.SIGKILL
	sigterm = syscall.SIGTERM
)

// childVariable marks a process as a child: its slot, the slot's generation, and how many threads may run Go code in it
// later on, with the GOMAXPROCS that its environment should have.
const childVariable = "STARMP_CHILD"

// setupVariable is Options.Setup, where there is one.
const setupVariable = "STARMP_SETUP"

// confinedVariable is there for a child that runs scripts with limits: descriptor 2, to which Go writes when it has no memory, is its control
// socket, so that the parent learns of it, and nobody else has to; the standard error is descriptor stderrFD.
const confinedVariable = "STARMP_CONFINED"

// A child starts with one thread for Go code: the threads that Go would start beside it cost an eighth of the time that a
// short child takes (scripts/bench/start.star). One that lives longer than childWarmUp gets as many as its parent has.
const childWarmUp = 3 * time.Millisecond

// childEnv is the environment of a child in slot.
func childEnv(slot arena.SlotID, gen uint32, setup string, confined bool) []string {
	env := os.Environ()
	own, procs := env[:0], ""
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "GOMAXPROCS="); ok {
			procs = v
		} else {
			own = append(own, kv)
		}
	}
	if setup != "" {
		own = append(own, setupVariable+"="+setup)
	}
	if confined {
		own = append(own, confinedVariable+"=1")
	}
	return append(own, "GOMAXPROCS=1", fmt.Sprintf("%s=%d:%d:%d:%s", childVariable, slot, gen, runtime.GOMAXPROCS(0), procs))
}

// Descriptors that a child inherits beside the standard three.
const (
	controlFD = 3
	arenaFD   = 4
	stderrFD  = 5 // where confinedVariable is set
)

var devNull = sync.OnceValues(func() (*os.File, error) { return os.Open(os.DevNull) })

// exec starts the operating-system process of c.
func (c *child) exec(m *arena.Member) error {
	if !childCalled.Load() {
		return errNoChild
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	null, err := devNull()
	if err != nil {
		return err
	}
	stdout, stderr, err := c.rt.host.Stdio()
	if err != nil {
		return fmt.Errorf("its output: %w", err)
	}
	pair, err := socketpair()
	if err != nil {
		return fmt.Errorf("socketpair: %w", err)
	}
	files := []uintptr{null.Fd(), stdout.Fd(), stderr.Fd(), uintptr(pair[1]), m.Arena().File().Fd()}
	if c.confined {
		files[2] = uintptr(pair[1])
		files = append(files, stderr.Fd())
	}
	// The standard input of a child is empty, as in CPython: two readers of one terminal would fight over its lines.
	c.pid, err = syscall.ForkExec(exe, []string{exe, "[child]"}, &syscall.ProcAttr{
		Env:   childEnv(c.slot, m.Arena().Slot(c.slot).Gen.Load(), c.rt.opts.Setup, c.confined),
		Files: files,
		Sys:   &syscall.SysProcAttr{Setpgid: true}, // until joinGroup
	})
	syscall.Close(pair[1])
	if err != nil {
		syscall.Close(pair[0])
		return fmt.Errorf("%s: %w", exe, err)
	}
	c.control = os.NewFile(uintptr(pair[0]), "control")
	return nil
}

// joinGroup puts a child that has something to run into its parent's process group. It is started in one of its own, since the terminal would
// kill it until it ignores Ctrl-C, and so that strays are known by theirs.
func joinGroup() {
	if group, err := syscall.Getpgid(syscall.Getppid()); err == nil {
		syscall.Setpgid(0, group) // fails for an orphan, which ends soon
	}
}

// signal sends sig to the child unless it has been waited for, so that it never reaches a stranger.
func (c *child) signal(sig syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.dead.Load() {
		if sig == syscall.SIGINT && !askInterrupt(c.rt.slot(c.slot)) {
			return
		}
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

// mark is what childVariable says.
type mark struct {
	slot     arena.SlotID
	gen      uint32
	procs    int
	setup    string
	confined bool
}

// readMark reads the mark of a child and puts its environment right.
func readMark() (m mark, ok bool) {
	v, ok := os.LookupEnv(childVariable)
	if !ok {
		return mark{}, false
	}
	os.Unsetenv(childVariable)
	setup := os.Getenv(setupVariable)
	if setup != "" {
		os.Unsetenv(setupVariable)
	}
	_, confined := os.LookupEnv(confinedVariable)
	if confined {
		os.Unsetenv(confinedVariable)
	}
	parts := strings.SplitN(v, ":", 4)
	if len(parts) != 4 {
		return mark{}, false
	}
	slot, err1 := strconv.ParseUint(parts[0], 10, 32)
	gen, err2 := strconv.ParseUint(parts[1], 10, 32)
	procs, err3 := strconv.Atoi(parts[2])
	if parts[3] == "" {
		os.Unsetenv("GOMAXPROCS")
	} else {
		os.Setenv("GOMAXPROCS", parts[3])
	}
	return mark{arena.SlotID(slot), uint32(gen), procs, setup, confined}, err1 == nil && err2 == nil && err3 == nil
}

// signalName is the name of signal number n, such as SIGTERM, or "".
func signalName(n int) string { return unix.SignalName(syscall.Signal(n)) }

// unclaimedChild reports whether this process was started as a child, and Child has not been called.
func unclaimedChild() bool {
	_, marked := os.LookupEnv(childVariable)
	return marked && !childCalled.Load()
}
