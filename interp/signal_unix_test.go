//go:build unix

package interp

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script is a running starmp command.
type script struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr bytes.Buffer
}

// startScript starts the command in the test's process group, startGroup in one of its own.
func startScript(t *testing.T, code string) *script { return start(t, code, false) }
func startGroup(t *testing.T, code string) *script  { return start(t, code, true) }

func start(t *testing.T, code string, group bool) *script {
	t.Helper()
	s := &script{t: t, cmd: exec.Command("starmp", "-c", code)} // TestMain put it in front of PATH
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: group}
	s.run(func() { s.cmd.Stderr = &s.stderr })
	return s
}

// run starts s.cmd, whose standard output is read line by line; setup sees it.
func (s *script) run(setup func()) {
	s.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Stdout = w
	setup()
	s.stdout = bufio.NewReader(r)
	err = s.cmd.Start()
	w.Close()
	if err != nil {
		s.t.Fatal(err)
	}
	kill := time.AfterFunc(time.Minute, func() { s.cmd.Process.Kill() })
	s.t.Cleanup(func() {
		kill.Stop()
		s.cmd.Process.Kill() // no-op unless the test has failed
		r.Close()
	})
}

// line waits for a line of output.
func (s *script) line(want string) {
	s.t.Helper()
	got, err := s.stdout.ReadString('\n')
	if got != want+"\n" {
		s.t.Fatalf("got %q (%v), want %q; standard error:\n%s", got, err, want, s.stderr.String())
	}
}

func (s *script) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

func (s *script) exit(status int) {
	s.t.Helper()
	s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != status {
		s.t.Errorf("exit status %d, want %d; standard error:\n%s", got, status, s.stderr.String())
	}
}

// interrupted checks that standard error is one traceback that ends in KeyboardInterrupt.
func (s *script) interrupted() {
	s.t.Helper()
	got := s.stderr.String()
	if strings.Count(got, "Traceback") != 1 || !strings.HasSuffix(got, "\nKeyboardInterrupt\n") {
		s.t.Errorf("got:\n%s\nwant one traceback that ends in KeyboardInterrupt", got)
	}
}

func TestInterruptLoop(t *testing.T) {
	s := startScript(t, "print('ready')\nwhile True: pass\n")
	s.line("ready")
	s.signal(os.Interrupt)
	s.exit(130)
	s.interrupted()
}

func TestInterruptSleep(t *testing.T) {
	s := startScript(t, "print('ready')\ntime.sleep(3600)\n")
	s.line("ready")
	s.signal(os.Interrupt)
	s.exit(130)
	s.interrupted()
}

// try_ does not catch Ctrl-C, with_ leaves its context manager.
func TestInterruptLeavesContext(t *testing.T) {
	s := startScript(t, `
def enter(self): pass
def leave(self, *args): print("left")
CM = type("CM", (), {"__enter__": enter, "__exit__": leave})
def loop():
    print("ready")
    while True: pass
def body():
    try_(loop)
    print("caught")
with_(CM(), body)
`)
	s.line("ready")
	s.signal(os.Interrupt)
	s.line("left")
	s.exit(130)
	s.interrupted()
}

func TestTerminate(t *testing.T) {
	s := startScript(t, "print('ready')\nwhile True: pass\n")
	s.line("ready")
	s.signal(syscall.SIGTERM)
	s.exit(143)
	if got := s.stderr.String(); got != "" {
		t.Errorf("standard error:\n%s", got)
	}
}
