package scripts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
)

// calls bounds the system calls of the whole family for one turn of a loop. What takes no wait takes none; where processes wait for
// each other, how often depends on the machine's load, and the bound says no more than that the work comes in batches.
var calls = []struct {
	name, setup, op string
	n               int
	most            float64
}{
	{"lock", "l = multiprocessing.Lock()", "l.acquire(); l.release()", 50000, 0.02},
	{"semaphore", "s = multiprocessing.Semaphore(1)", "s.acquire(); s.release()", 50000, 0.02},
	{"event", "e = multiprocessing.Event()", "e.set(); e.wait(); e.clear()", 50000, 0.02},
	{"condition", "c = multiprocessing.Condition()", "c.acquire(); c.notify(); c.release()", 50000, 0.02},
	{"Value", "v = multiprocessing.Value('i', 0)", "v.value = i; v.value", 50000, 0.02},
	{"put and get", "q = multiprocessing.Queue()", "q.put(i); q.get()", 50000, 0.02},
	{"pipe", "r, w = multiprocessing.Pipe(False)", "w.send(i); r.recv()", 50000, 0.02},
	{"pool's map, 10,000 ints", "p = multiprocessing.Pool(2)", "p.map(abs, range(10000))", 10, 250},
	{"pool's imap, 2,000 tasks", "p = multiprocessing.Pool(2)", "list(p.imap(abs, range(2000), buffersize = 64))", 10, 4000},
	{"start and join", "", "p = multiprocessing.Process(target = abs, args = (1,)); p.start(); p.join()", 10, 700},
}

// TestSystemCalls counts them with strace, for some turns and for none.
func TestSystemCalls(t *testing.T) {
	if out, err := exec.Command("strace", "-f", "-c", "true").CombinedOutput(); err != nil {
		t.Skipf("strace does not work here: %v: %.100s", err, out)
	}
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			script := filepath.Join(t.TempDir(), "cost.star")
			text := c.setup + "\ndef turn(n):\n    for i in range(n):\n        " + c.op + "\nturn(2)\nturn(int(sys.argv[1]))\n"
			if err := os.WriteFile(script, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			each := float64(systemCalls(t, script, c.n)-systemCalls(t, script, 0)) / float64(c.n)
			t.Logf("%.2f system calls", each)
			if each > c.most {
				t.Errorf("one turn makes %.2f system calls, bound %.2f", each, c.most)
			}
		})
	}
}

var total = regexp.MustCompile(`(?m)^100\.00 +\S+ +\S+ +(\d+)`)

func systemCalls(t *testing.T, script string, n int) int {
	t.Helper()
	counts := filepath.Join(t.TempDir(), "counts")
	f := newFamily(t, "strace", "-f", "-c", "-o", counts, starmp, script, strconv.Itoa(n))
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if code := f.wait(t); code != 0 {
		t.Fatalf("exit status %d:\n%s", code, &f.stderr)
	}
	text, err := os.ReadFile(counts)
	if err != nil {
		t.Fatal(err)
	}
	m := total.FindSubmatch(text)
	if m == nil {
		t.Fatalf("no sum in strace's table:\n%s", text)
	}
	calls, _ := strconv.Atoi(string(m[1]))
	return calls
}

// TestPageFaults bounds what a process touches: of the command with an empty script, and of each child. Much of the time in which a
// child starts goes into its page faults.
func TestPageFaults(t *testing.T) {
	const rootMost, childMost = 480, 640
	faults := func(processes int) int {
		cmd := exec.Command(starmp, "-c", `
ps = [multiprocessing.Process(target = abs, args = (1,)) for _ in range(int(sys.argv[1]))]
for p in ps:
    p.start()
for p in ps:
    p.join()
`, fmt.Sprint(processes))
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, &stderr)
		}
		return int(cmd.ProcessState.SysUsage().(*syscall.Rusage).Minflt)
	}
	// What else the machine does adds faults, by how many spares were started and left; it takes none away. The least of a few counts.
	root, child := faults(0), (faults(22)-faults(2))/20
	for range 6 {
		root, child = min(root, faults(0)), min(child, (faults(22)-faults(2))/20)
	}
	t.Logf("%d page faults in the root, %d in a child", root, child)
	if root > rootMost || child > childMost {
		t.Errorf("%d page faults in the root, bound %d; %d in a child, bound %d", root, rootMost, child, childMost)
	}
}
