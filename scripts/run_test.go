package scripts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// patience is how long a script may take before it counts as hanging.
const patience = 2 * time.Minute

// family is one run of a command and all the processes that it starts. They are found by a mark in the environment, which
// each process inherits.
type family struct {
	cmd            *exec.Cmd
	mark           string
	temp           string
	stdout, stderr bytes.Buffer
	foreign        bool // not ours: what it leaves behind is not looked for
	cancel         context.CancelFunc
	drained        chan struct{} // closed when stdout is complete, if startUntil started the family
}

var families atomic.Int64

// newFamily prepares a run of the command, which starts with f.cmd.Start.
func newFamily(t testing.TB, command string, args ...string) *family {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	f := &family{
		cmd:    exec.CommandContext(ctx, command, args...),
		mark:   fmt.Sprintf("STARMP_TEST_FAMILY=%d.%d", os.Getpid(), families.Add(1)),
		temp:   t.TempDir(),
		cancel: cancel,
	}
	f.cmd.Env = append(os.Environ(), f.mark, "TMPDIR="+f.temp)
	f.cmd.Stdout, f.cmd.Stderr = &f.stdout, &f.stderr
	// A descendant that outlives the root and has its standard output would make Wait wait for it. With less than this, what has
	// been written may not have been read yet on a busy machine.
	f.cmd.WaitDelay = 10 * time.Second
	t.Cleanup(func() {
		cancel()
		for _, pid := range f.members() {
			kill(pid)
		}
	})
	return f
}

// wait waits for the root's end and reports its exit status, -1 if a signal ended it. It fails the test if the run took
// too long or left anything behind.
func (f *family) wait(t testing.TB) int {
	t.Helper()
	start := time.Now()
	if f.drained != nil {
		<-f.drained
	}
	err := f.cmd.Wait()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrWaitDelay):
		t.Errorf("the script's output was still open ten seconds after its end")
	case err != nil && !errors.As(err, &exit):
		t.Errorf("waiting: %v", err)
	}
	if time.Since(start) >= patience {
		t.Fatalf("hangs:\n%s%s", &f.stdout, &f.stderr)
	}
	if !f.foreign {
		f.checkGone(t, 0)
	}
	return f.cmd.ProcessState.ExitCode()
}

// checkGone fails the test if a process of the family is there after the given time, or if there are files left.
func (f *family) checkGone(t testing.TB, within time.Duration) {
	t.Helper()
	deadline := time.Now().Add(within)
	left := f.members()
	for len(left) > 0 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
		left = f.members()
	}
	for _, pid := range left {
		t.Errorf("process %d is left after the script's end: %s", pid, status(pid))
		kill(pid)
	}
	files, err := os.ReadDir(f.temp)
	if err != nil {
		t.Error(err)
	}
	for _, file := range files {
		t.Errorf("file %s is left in the temporary directory", file.Name())
		os.RemoveAll(filepath.Join(f.temp, file.Name()))
	}
}

// run runs a script to its end and returns what it printed and its exit status.
func run(t testing.TB, command string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return newFamily(t, command, args...).run(t)
}

func (f *family) run(t testing.TB) (stdout, stderr string, status int) {
	t.Helper()
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	status = f.wait(t)
	f.cancel()
	return f.stdout.String(), f.stderr.String(), status
}

// runStarmp runs a script given as text, which is to succeed and to write nothing to standard error.
func runStarmp(t testing.TB, text string, args ...string) string {
	t.Helper()
	stdout, stderr, status := run(t, starmp, append([]string{"-c", text}, args...)...)
	if status != 0 || stderr != "" {
		t.Fatalf("exit status %d, standard error:\n%s\nstandard output:\n%s", status, stderr, stdout)
	}
	return stdout
}

// lines splits text into its lines.
func lines(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
