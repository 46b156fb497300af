//go:build unix

package scripts

import (
	"strings"
	"syscall"
	"testing"
)

// TestInterruptExecutor presses Ctrl-C while an executor has more to do than will ever end, wherever the script waits for it:
// there is one traceback, at once, and nothing is left.
func TestInterruptExecutor(t *testing.T) {
	const script = `
load("futures", "ProcessPoolExecutor", "ThreadPoolExecutor", "as_completed", "wait")

ready = multiprocessing.Semaphore(0)

def hold(x):
    ready.release()
    time.sleep(600)

def body(executor):
    fs = [executor.submit(hold, i) for i in range(20)]
    ready.acquire()
    ready.acquire()
    print("ready")
    WAIT

RUN
`
	for _, kind := range []string{"ProcessPoolExecutor", "ThreadPoolExecutor"} {
		for _, c := range []struct{ name, run, wait string }{
			{"result", "with_(KIND(2), body)", "fs[0].result()"},
			{"wait", "with_(KIND(2), body)", "wait(fs)"},
			{"as_completed", "with_(KIND(2), body)", "list(as_completed(fs))"},
			{"map", "with_(KIND(2), body)", "list(executor.map(hold, range(5)))"},
			{"leaving", "with_(KIND(2), body)", "pass"},
			{"shutdown", "body(KIND(2))", "executor.shutdown()"},
			{"bare", "body(KIND(2))", "fs[0].result()"},
			{"exit", "body(KIND(2))", "pass"},
			{"exit with callbacks", "body(KIND(2))", "[f.add_done_callback(lambda f: time.sleep(600)) for f in fs]"},
		} {
			t.Run(kind+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				f := newFamily(t, starmp, "-c", strings.NewReplacer("WAIT", c.wait, "RUN", strings.ReplaceAll(c.run, "KIND", kind)).Replace(script))
				f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				f.startUntil(t, "ready")
				if err := syscall.Kill(-f.cmd.Process.Pid, syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
				if status := f.wait(t); status != 130 {
					t.Errorf("exit status %d, want 130", status)
				}
				stderr := f.stderr.String()
				if strings.Count(stderr, "Traceback") > 1 || !strings.HasSuffix(stderr, "KeyboardInterrupt\n") {
					t.Errorf("standard error, which is to be one traceback:\n%s", stderr)
				}
			})
		}
	}
}
