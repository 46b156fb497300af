//go:build !race

package interp

import (
	"runtime"
	"testing"

	"go.starlark.net/starlark"
)

// costs bound what an operation of a script costs in this process, in counts that no other load on the machine changes:
// pieces of memory and bytes allocated by one turn of a loop around it. A bound stands a little above what was measured;
// who lowers the cost lowers the bound. The loop itself allocates nothing while i is small.
var costs = []struct {
	name   string
	setup  string
	op     string
	n      int
	allocs float64
	bytes  float64
}{
	{"nothing", "", "pass", 10000, 0.05, 4},
	{"lock", "l = multiprocessing.Lock()", "l.acquire(); l.release()", 10000, 0.05, 4},
	{"rlock", "l = multiprocessing.RLock()", "l.acquire(); l.release()", 10000, 0.05, 4},
	{"semaphore", "s = multiprocessing.Semaphore(2)", "s.acquire(); s.release()", 10000, 0.05, 4},
	{"bounded semaphore", "s = multiprocessing.BoundedSemaphore(2)", "s.acquire(); s.release()", 10000, 0.05, 4},
	{"event", "e = multiprocessing.Event()", "e.set(); e.wait(); e.clear()", 10000, 1.1, 20},
	{"condition", "c = multiprocessing.Condition()", "c.acquire(); c.notify(); c.release()", 10000, 3.1, 70},
	{"Value", "v = multiprocessing.Value('i', 0)", "v.value = i; v.value", 10000, 0.05, 4},
	{"Array", "a = multiprocessing.Array('d', 10)", "a[3] = 0.5; a[3]", 10000, 1.1, 12},
	{"put and get", "q = multiprocessing.Queue()", "q.put(i); q.get()", 10000, 1.1, 20},
	{"put and get of a string", "q = multiprocessing.Queue()", "q.put('message'); q.get()", 10000, 3.1, 48},
	{"put and get of a dict", "q = multiprocessing.Queue()\nd = {'id': 1, 'cost': 2.5}", "q.put(d); q.get()", 10000, 5.1, 600},
	{"put and get of 1 MiB", "q = multiprocessing.Queue()\nb = b'0123456789abcdef' * 65536", "q.put(b); q.get()", 50, 8, 1.2e6},
	{"SimpleQueue", "q = multiprocessing.SimpleQueue()", "q.put(i); q.get()", 10000, 2.1, 40},
	{"pipe", "r, w = multiprocessing.Pipe(False)", "w.send(i); r.recv()", 10000, 3.1, 48},
	{"manager's dict", "d = multiprocessing.Manager().dict()", "d['key'] = i; d['key']", 1000, 20, 880},
	{"manager's namespace", "ns = multiprocessing.Manager().Namespace()", "ns.x = i; ns.x", 1000, 23, 850},
	{"pool's map, 1,000 ints", "p = multiprocessing.Pool(2)\np.map(abs, range(1000))", "p.map(abs, range(1000))", 100, 110, 26000},
	{"pool's apply", "p = multiprocessing.Pool(2)\np.map(abs, range(1000))", "p.apply(abs, (i,))", 500, 32, 1300}, // 24 where nobody has to sleep, 28 on a busy machine,
	{"pool's imap, one task", "p = multiprocessing.Pool(2)\np.map(abs, range(1000))\nit = p.imap(abs, range(3000))", "it.next()", 500, 14, 330},
	{"method call", "C = type('C', (), {'f': lambda self: None})\no = C()", "o.f()", 10000, 2.1, 56},
	{"len, str and isinstance", "x = 'text'", "len(x); str(x); isinstance(x, str)", 10000, 3.1, 70},
	{"with_", "l = multiprocessing.Lock()\ndef body():\n    pass", "with_(l, body)", 10000, 2.1, 52},
	{"attribute", "C = type('C', (), {})\no = C()", "o.x = i; o.x", 10000, 0.05, 4},
}

func TestCosts(t *testing.T) {
	for _, c := range costs {
		t.Run(c.name, func(t *testing.T) {
			rt := newRuntime(t, Options{})
			globals, err := run(rt, "cost", c.setup+"\ndef turn(n):\n    for i in range(n):\n        "+c.op+"\n")
			if err != nil {
				t.Fatal(err)
			}
			thread := rt.NewThread("cost")
			rt.Enter(thread)
			defer rt.Leave(thread)
			turn := func(n int) {
				if _, err := (host{rt}).Call(thread, globals["turn"], starlark.Tuple{starlark.MakeInt(n)}, nil); err != nil {
					t.Fatal(err)
				}
			}
			turn(c.n / 10) // what is made once
			// What goes on in the background can only add, so the least of a few counts.
			allocs, bytes := c.allocs+1e9, c.bytes+1e9
			for range 3 {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				turn(c.n)
				runtime.ReadMemStats(&after)
				allocs = min(allocs, float64(after.Mallocs-before.Mallocs)/float64(c.n))
				bytes = min(bytes, float64(after.TotalAlloc-before.TotalAlloc)/float64(c.n))
			}
			t.Logf("%.2f allocations, %.0f bytes", allocs, bytes)
			if allocs > c.allocs || bytes > c.bytes {
				t.Errorf("one turn makes %.2f allocations of %.0f bytes, bound %.2f of %.0f", allocs, bytes, c.allocs, c.bytes)
			}
		})
	}
}
