//go:build unix

package scripts

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterruptModules presses Ctrl-C while a function of a module takes long: a match that would need centuries, a program that sleeps.
func TestInterruptModules(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]string{
		"re":         `re.match("(a*)*b", "a" * 60)`,
		"subprocess": `subprocess.run(["sleep", "600"])`,
		"sum":        `sum(itertools.count())`,
		"in":         `-1 in itertools.count()`,
		"islice":     `list(itertools.islice(itertools.filterfalse(lambda x: True, itertools.count()), 1))`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFamily(t, starmp, "-c", "print('ready')\n"+call+"\n")
			f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			f.startUntil(t, "ready")
			for !inCall(f.cmd.Process.Pid) {
				time.Sleep(time.Millisecond)
			}
			if err := syscall.Kill(-f.cmd.Process.Pid, syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			if status := f.wait(t); status != 130 {
				t.Errorf("exit status %d", status)
			}
			// With a traceback: it came while the call was under way, also if it ended the program that is called.
			if got := f.stderr.String(); !strings.HasSuffix(got, "^\nKeyboardInterrupt\n") {
				t.Errorf("standard error:\n%s", got)
			}
		})
	}
}

// inCall reports whether a process has computed for some time or started a program. Where /proc doesn't tell, nobody waits for it.
func inCall(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err := strconv.Atoi(fields[11]) // in hundredths of a second
	if err != nil || user >= 10 {
		return true
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	return slices.ContainsFunc(tasks, func(name string) bool {
		text, _ := os.ReadFile(name)
		return len(text) > 0
	})
}

// The terminal's Ctrl-C is the first process's alone, also while another one starts.
func TestInterruptSparesStartingProcess(t *testing.T) {
	t.Parallel()
	for range 10 {
		f := newFamily(t, starmp, "-c", `
swallow = type("Swallow", (), {"__enter__": lambda self: self, "__exit__": lambda self, *error: True})()
p = multiprocessing.Process(target = lambda: None)
p.start()
with_(swallow, lambda: print("ready") or time.sleep(600))
p.join()
print("exit code", p.exitcode)
`)
		f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		f.startUntil(t, "ready")
		if err := syscall.Kill(-f.cmd.Process.Pid, syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if status := f.wait(t); status != 0 || !strings.Contains(f.stdout.String(), "exit code 0\n") {
			t.Fatalf("exit status %d\n%s%s", status, f.stdout.String(), f.stderr.String())
		}
	}
}
