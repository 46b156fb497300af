package interp

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.starlark.net/starlark"
)

// Two runtimes with different built-ins in one program, many goroutines, contexts that end at random: nothing is left of them. STARMP_STRESS
// is how many hundred runs there are.
func TestNothingLeaks(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts descriptors and processes in /proc")
	}
	runs := 300
	if n, err := strconv.Atoi(os.Getenv("STARMP_STRESS")); err == nil && n > 0 {
		runs = n * 100
	}
	const script = `
def quick(n): return str(length(n))
def slow(n): time.sleep(3600)
def loop(n):
    while True:
        n += 1
def family(n):
    ps = [multiprocessing.Process(target = slow, args = (n,)) for _ in range(2)]
    [p.start() for p in ps]
    [p.join() for p in ps]
def queue(n):
    q = multiprocessing.Queue()
    q.put("x" * 100000)
    return q.get() and q.get()
def thread(n): return multiprocessing.pool.ThreadPool(2).map(loop, [1, 2])
def callback(n): multiprocessing.pool.ThreadPool(1).apply_async(max, (1, 2), callback = loop) and slow(n)
def dies(n): os.kill(os.getpid(), 9)
def stops(n): os.kill(os.getpid(), signal.SIGSTOP) or slow(n)
`
	names := []string{"quick", "quick", "slow", "loop", "family", "queue", "thread", "callback", "dies"}
	round := func(runs int) {
		var wg sync.WaitGroup
		for i, unit := range []string{"m", "ft"} {
			// Not newRuntime: the test would keep it.
			rt, err := New(Options{Setup: []string{"metric", "imperial"}[i]})
			if err != nil {
				t.Fatal(err)
			}
			fn, err := rt.Exec(deadline(t), "pool.star", []byte(script))
			if err != nil {
				t.Fatal(err)
			}
			p, err := rt.NewPool(PoolOptions{Workers: 2, Limits: Limits{Processes: 8, Time: time.Minute, CPU: time.Minute, Steps: 1 << 40, Output: 1 << 20}})
			if err != nil {
				t.Fatal(err)
			}
			var next atomic.Int64
			for range 8 {
				wg.Go(func() {
					for next.Add(1) <= int64(runs/2) {
						name := names[rand.IntN(len(names))]
						if rand.IntN(200) == 0 {
							name = "stops"
						}
						ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(10_000))*time.Microsecond)
						var v starlark.Value
						var err error
						if name == "dies" || name == "stops" || rand.IntN(2) == 0 {
							v, err = p.Call(ctx, fn[name], starlark.MakeInt(3))
						} else {
							v, err = rt.Call(ctx, fn[name], starlark.Tuple{starlark.MakeInt(3)}, nil)
						}
						cancel()
						var e *Error
						switch {
						case err == nil && name == "quick" && v.String() == `"3`+unit+`"`:
						case errors.Is(err, context.DeadlineExceeded):
						case name == "dies" && errors.As(err, &e) && e.Class == "multiprocessing.WorkerLostError":
						default:
							t.Errorf("%s: %v, %v", name, v, err)
						}
					}
				})
			}
			defer rt.Close()
			defer p.Close()
		}
		wg.Wait()
	}
	round(50) // what is made once
	before := held()
	round(runs)
	var after holdings
	for until := time.Now().Add(time.Minute); time.Now().Before(until); { // what is ending
		if after = held(); after.goroutines <= before.goroutines && after.files <= before.files && after.children == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("%d runs: before %+v, after %+v", runs, before, after)
	if after.goroutines > before.goroutines || after.files > before.files || after.children > 0 {
		t.Errorf("before %+v, after %+v", before, after)
		buf := make([]byte, 1<<16)
		t.Logf("%s", buf[:runtime.Stack(buf, true)])
	}
	if after.heap > before.heap+8<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before.heap, after.heap)
	}
}

type holdings struct {
	goroutines, files, children int
	heap                        uint64
}

func held() holdings {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := filepath.Glob("/proc/self/fd/*")
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	children := 0
	for _, task := range tasks {
		list, _ := os.ReadFile(task)
		for _, c := range list {
			if c == ' ' {
				children++
			}
		}
	}
	return holdings{runtime.NumGoroutine(), len(files), children, m.HeapAlloc}
}
