//go:build unix

package scripts

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// startUntil starts a script and returns when it has printed the line ready; what it prints later is in stdout after wait.
func (f *family) startUntil(t *testing.T, ready string) {
	t.Helper()
	f.cmd.Stdout = nil
	pipe, err := f.cmd.StdoutPipe()
	if err == nil {
		err = f.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(pipe)
	for {
		line, err := out.ReadString('\n')
		if err != nil {
			f.cmd.Process.Kill()
			f.cmd.Wait()
			t.Fatalf("no line %q: %v\n%s", ready, err, &f.stderr)
		}
		if line == ready+"\n" {
			break
		}
	}
	f.drained = make(chan struct{})
	go func() {
		defer close(f.drained)
		io.Copy(&f.stdout, out)
	}()
}

// A family with everything in it: busy, sleeping and blocked children, a grandchild, a manager, a pool.
const everything = `
def busy(ready):
    ready.release()
    while True:
        pass

def asleep(ready):
    ready.release()
    time.sleep(600)

def blocked(ready):
    q = multiprocessing.Queue()
    ready.release()
    q.get()

def nested(ready):
    p = multiprocessing.Process(target = blocked, args = (ready,))
    p.start()
    p.join()

ready = multiprocessing.Semaphore(0)
for target in [busy] * 10 + [asleep, blocked, nested] * 2:
    multiprocessing.Process(target = target, args = (ready,)).start()
for _ in range(16):
    ready.acquire()
manager = multiprocessing.Manager()
pool = multiprocessing.Pool(2)
pool.map(abs, manager.list(range(10)))
print("ready")
%s
`

// TestInterrupt presses Ctrl-C: all processes of the group get SIGINT. There is one traceback, and nothing is left, after one
// press (cpython#125886), wherever the main process is.
func TestInterrupt(t *testing.T) {
	for _, doing := range []string{
		"time.sleep(600)", "multiprocessing.Queue().get()", "while True: pass", "multiprocessing.active_children()[0].join()",
		"cond = multiprocessing.Condition(); with_(cond, lambda: cond.wait(60))", "multiprocessing.Barrier(2).wait(60)",
		"multiprocessing.Semaphore(0).acquire()", "multiprocessing.Event().wait()", "pool.map(time.sleep, [600] * 4)",
		"manager.Queue().get()", "multiprocessing.Pipe()[0].recv()",
	} {
		t.Run(doing, func(t *testing.T) {
			t.Parallel()
			f := newFamily(t, starmp, "-c", strings.Replace(everything, "%s", doing, 1))
			f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			f.startUntil(t, "ready")
			if err := syscall.Kill(-f.cmd.Process.Pid, syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			if status := f.wait(t); status != 130 {
				t.Errorf("exit status %d, want 130", status)
			}
			stderr := f.stderr.String()
			if strings.Count(stderr, "Traceback") != 1 || !strings.HasSuffix(stderr, "KeyboardInterrupt\n") {
				t.Errorf("standard error, which is to be one traceback:\n%s", stderr)
			}
		})
	}
}

// TestRootTerminated ends the root with SIGTERM: the family ends with it.
func TestRootTerminated(t *testing.T) {
	t.Parallel()
	f := newFamily(t, starmp, "-c", strings.Replace(everything, "%s", "time.sleep(600)", 1))
	f.startUntil(t, "ready")
	if err := f.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := f.wait(t); status == 0 {
		t.Error("exit status 0")
	}
	if text := f.stderr.String(); strings.Contains(text, "Traceback") {
		t.Errorf("standard error:\n%s", text)
	}
}

// TestRootKilled kills the root with SIGKILL: soon no process is left.
func TestRootKilled(t *testing.T) {
	t.Parallel()
	f := newFamily(t, starmp, "-c", strings.Replace(everything, "%s", "time.sleep(600)", 1))
	f.startUntil(t, "ready")
	if n := len(f.members()); n < 20 {
		t.Errorf("%d processes found before the kill, 20 are there", n)
	}
	if err := f.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	f.cmd.Process.Wait()
	f.checkGone(t, patience)
}

// TestChildIgnoresTerminal sends children the SIGINT that a terminal would: they take no notice, unless a script asks for it.
func TestChildIgnoresTerminal(t *testing.T) {
	t.Parallel()
	flag := filepath.Join(t.TempDir(), "flag")
	f := newFamily(t, starmp, "-c", strings.Replace(`
def child(ready):
    ready.release()
    while not os.path.exists("FLAG"):
        time.sleep(0.001)

ready = multiprocessing.Semaphore(0)
family = [multiprocessing.Process(target = child, args = (ready,)) for _ in range(4)]
for p in family:
    p.start()
for p in family:
    ready.acquire()
time.sleep(0.05)  # longer than a child's signals are ignored altogether
print("ready")
for p in family:
    p.join()
print([p.exitcode for p in family])
family = [multiprocessing.Process(target = time.sleep, args = (600,)) for _ in range(4)]
for p in family:
    p.start()
    p.interrupt()
    p.join()
print([p.exitcode for p in family])
`, "FLAG", flag, 1))
	f.startUntil(t, "ready")
	sent := 0
	for range 20 {
		for _, pid := range f.members() {
			if pid != f.cmd.Process.Pid && syscall.Kill(pid, syscall.SIGINT) == nil {
				sent++
			}
		}
	}
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status := f.wait(t); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
	if out := f.stdout.String(); sent < 80 || out != "[0, 0, 0, 0]\n[1, 1, 1, 1]\n" {
		t.Errorf("after %d signals:\n%s\n%s", sent, out, &f.stderr)
	}
}
