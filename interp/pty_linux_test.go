package interp

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a command on a pseudo-terminal.
type terminal struct {
	t    *testing.T
	ptmx *os.File
	cmd  *exec.Cmd

	mu   sync.Mutex
	more *sync.Cond
	out  bytes.Buffer // guarded by mu: everything the command has printed
	seen int          // guarded by mu: how much of it has been expected
	done bool         // guarded by mu
}

// startTerminal starts the starmp command on a new pseudo-terminal, as its controlling terminal.
func startTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	return startTerminalWith(t, nil, args...)
}

// startTerminalWith is startTerminal with variables added to the environment. Without them errors have no colours.
func startTerminalWith(t *testing.T, env []string, args ...string) *terminal {
	t.Helper()
	ptmx, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	fd := int(ptmx.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 200}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("starmp", args...) // TestMain put it in front of PATH
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.Env = append(os.Environ(), "TERM=xterm", "STARMP_HISTORY="+t.TempDir()+"/history", "NO_COLOR=1")
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, ptmx: ptmx, cmd: cmd}
	x.more = sync.NewCond(&x.mu)
	go x.read()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		ptmx.Close()
	})
	return x
}

func (x *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := x.ptmx.Read(buf)
		x.mu.Lock()
		x.out.Write(buf[:n])
		x.done = err != nil // EIO: nobody has the terminal open
		x.more.Broadcast()
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// send types text.
func (x *terminal) send(text string) {
	x.t.Helper()
	if _, err := x.ptmx.WriteString(text); err != nil {
		x.t.Fatal(err)
	}
}

// expect waits until the command has printed want, after what was expected before, and returns what came before it.
func (x *terminal) expect(want string) string {
	x.t.Helper()
	timeout := time.AfterFunc(time.Minute, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.done = true
		x.more.Broadcast()
	})
	defer timeout.Stop()
	x.mu.Lock()
	defer x.mu.Unlock()
	for {
		rest := x.out.String()[x.seen:]
		if before, _, ok := strings.Cut(rest, want); ok {
			x.seen += len(before) + len(want)
			return before
		}
		if x.done {
			x.t.Fatalf("expected %q, got %q", want, rest)
		}
		x.more.Wait()
	}
}

// exit waits for the command's end and returns its status, -1 if it had to be killed.
func (x *terminal) exit() int {
	timeout := time.AfterFunc(time.Minute, func() { x.cmd.Process.Kill() })
	defer timeout.Stop()
	x.cmd.Wait()
	return x.cmd.ProcessState.ExitCode()
}

// rest waits until nobody has the terminal open any more, and returns what was printed since the last that was expected.
func (x *terminal) rest() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	for !x.done {
		x.more.Wait()
	}
	return x.out.String()[x.seen:]
}
