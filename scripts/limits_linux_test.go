package scripts

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
)

// TestJoinBeforeDrain joins a child while the 100 MB that it has put are still in the queue.
func TestJoinBeforeDrain(t *testing.T) {
	t.Parallel()
	got := runStarmp(t, `
def produce(q):
    for i in range(100):
        q.put("%d" % i + "x" * 1000000)

q = multiprocessing.Queue()
p = multiprocessing.Process(target = produce, args = (q,))
p.start()
p.join()
print(p.exitcode, q.qsize(), [int(q.get()[:-1000000]) for _ in range(100)] == list(range(100)))
`)
	if got != "0 100 True\n" {
		t.Errorf("printed %q", got)
	}
}

// TestSteadyMemory makes and drops locks, and queues that are sent through a queue, by the hundred thousand, with
// STARMP_STRESS=200 a million locks: what the family takes of its shared memory stays small.
func TestSteadyMemory(t *testing.T) {
	t.Parallel()
	n := min(max(100000, number("STARMP_STRESS", 2)*5000), 1000000)
	got := runStarmp(t, `
def drop(queues):
    while True:
        q = queues.get()
        if q == None:
            break
        q.put("x")

def shared_megabytes():
    for line in open("/proc/self/status").read().splitlines():
        if line.startswith("RssShmem:"):
            return int(line.split()[1]) // 1024
    return 0

locks, sent = int(sys.argv[1]), int(sys.argv[2])
for _ in range(locks):
    multiprocessing.Lock()
queues = multiprocessing.Queue(100)
p = multiprocessing.Process(target = drop, args = (queues,))
p.start()
for _ in range(sent):
    queues.put(multiprocessing.Queue())
queues.put(None)
p.join()
print(p.exitcode, shared_megabytes() < 100 or shared_megabytes())
`, fmt.Sprint(n), fmt.Sprint(n/10))
	if got != "0 True\n" {
		t.Errorf("printed %q", got)
	}
}

// TestArenaFull fills the arena with messages: an error of the sender, after which everything is usable.
func TestArenaFull(t *testing.T) {
	t.Setenv("STARMP_ARENA", "16M")
	got := runStarmp(t, `
q = multiprocessing.Queue()
n = 0
while True:
    r = try_(q.put, "x" * 1000000)
    if not r.ok:
        break
    n += 1
print(type(r.error), n > 5, n == q.qsize())
print(sum([len(q.get()) for _ in range(n)]) == n * 1000000, q.empty())
q.put("x" * 1000000)
print(len(q.get()))

locks = []
while True:
    r = try_(multiprocessing.Lock)
    if not r.ok:
        break
    locks.append(r.value)
print(type(r.error), len(locks) > 100)
print(locks[-1].acquire(), locks[0].acquire(False))
locks.clear()
print(multiprocessing.Lock().acquire())
`)
	want := "MemoryError True True\nTrue True\n1000000\nMemoryError True\nTrue True\nTrue\n"
	if got != want {
		t.Errorf("printed:\n%swant:\n%s", got, want)
	}
}

// TestTooManyProcesses starts processes until a small arena has no room for one more: an error, after which those that run go
// on and new ones can take the places of those that end.
func TestTooManyProcesses(t *testing.T) {
	t.Setenv("STARMP_ARENA", "2M")
	got := runStarmp(t, `
go = multiprocessing.Event()
ps = []
while True:
    p = multiprocessing.Process(target = go.wait)
    r = try_(p.start)
    if not r.ok:
        break
    ps.append(p)
print("too many processes" in str(r.error) or "arena is full" in str(r.error), len(ps) > 10, len(ps) < 100)
go.set()
for q in ps:
    q.join()
print(set([p.exitcode for p in ps]))
p = multiprocessing.Process(target = go.wait)
p.start()
p.join()
print(p.exitcode)
`)
	want := "True True True\nset([0])\n0\n"
	if got != want {
		t.Errorf("printed:\n%swant:\n%s", got, want)
	}
}

// TestDescriptors counts the root's descriptors while it makes, uses and drops everything that has some.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	f := newFamily(t, starmp, "-c", `
def child(q):
    q.put(multiprocessing.current_process().name)

def once():
    q = multiprocessing.Queue()
    ps = [multiprocessing.Process(target = child, args = (q,)) for _ in range(3)]
    for p in ps:
        p.start()
    for p in ps:
        p.join()
        q.get()
    pool = multiprocessing.Pool(2)
    pool.map(abs, range(10))
    pool.close()
    pool.join()
    manager = multiprocessing.Manager()
    manager.list([1])
    manager.shutdown()

while True:
    once()
    print("round")
    if input() == "end":
        break
`)
	stdin, err := f.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	f.cmd.Stdout = nil
	stdout, err := f.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(stdout)
	var counts []int
	for range 40 {
		if line, err := out.ReadString('\n'); line != "round\n" {
			t.Fatalf("printed %q, %v\n%s", line, err, &f.stderr)
		}
		n, err := descriptors(f.cmd.Process.Pid)
		if err != nil {
			t.Skip(err)
		}
		counts = append(counts, n)
		io.WriteString(stdin, "go\n")
	}
	io.WriteString(stdin, "end\n")
	io.Copy(io.Discard, out)
	if status := f.wait(t); status != 0 {
		t.Errorf("exit status %d:\n%s", status, &f.stderr)
	}
	// Processes kept ready for the next start come and go; a leak would add one descriptor at least in each round.
	if early, late := slices.Max(counts[10:20]), slices.Max(counts[30:]); late > early+10 {
		t.Errorf("descriptors open after each round: %v", counts)
	}
}

// TestInheritedDescriptors starts the command with a descriptor that is not close-on-exec: its children do not have it.
func TestInheritedDescriptors(t *testing.T) {
	t.Parallel()
	f := newFamily(t, starmp, "-c", `
def names():
    return ["100" in os.listdir("/proc/%d/fd" % os.getpid())]

q = multiprocessing.Queue()
p = multiprocessing.Process(target = lambda: q.put(names()))
p.start()
print(names(), q.get())
p.join()
`)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	f.cmd.ExtraFiles = []*os.File{97: null} // 3 + 97
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if status := f.wait(t); status != 0 || f.stdout.String() != "[True] [False]\n" {
		t.Errorf("exit status %d, printed %q\n%s", status, &f.stdout, &f.stderr)
	}
}
