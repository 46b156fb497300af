//go:build unix

package scripts

import (
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
			time.Sleep(50 * time.Millisecond) // it may be in the call by now; the result is the same if it is not
			if err := syscall.Kill(-f.cmd.Process.Pid, syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			if status := f.wait(t); status != 130 {
				t.Errorf("exit status %d", status)
			}
			// Alone where the program had died of it and the script was over before its end.
			if got := f.stderr.String(); !strings.HasSuffix("\n"+got, "\nKeyboardInterrupt\n") {
				t.Errorf("standard error:\n%s", got)
			}
		})
	}
}
