package interp

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.starlark.net/starlark"
)

// What a script starts, threads, processes and pools, is under the script's limit on steps.
func TestStepsBelow(t *testing.T) {
	const text = `
def loop():
    n = 0
    while True:
        n += 1
def child():
    p = multiprocessing.Process(target = loop)
    p.start()
    p.join()
    return p.exitcode
def pool(): return multiprocessing.Pool(1).apply(loop)
def grandchild():
    p = multiprocessing.Process(target = child)
    p.start()
    p.join()
def executor(): return concurrent.futures.ProcessPoolExecutor(1).submit(loop).result()
def thread(): return multiprocessing.pool.ThreadPool(1).apply(loop)
def threads():
    p = multiprocessing.pool.ThreadPool(4)
    p.map_async(lambda _: loop(), range(4))
    time.sleep(3600)
def callback():
    multiprocessing.pool.ThreadPool(1).apply_async(max, (1, 2), callback = lambda _: loop())
    time.sleep(3600)
def works(): return multiprocessing.Pool(1).map(str, range(3))
def done():
    q = multiprocessing.SimpleQueue()
    f = concurrent.futures.Future()
    f.add_done_callback(lambda f: q.put(f.result()))
    f.set_result(2)
    return q.get()
`
	var out outputLog
	rt := newRuntime(t, Options{MaxSteps: 50_000, Stderr: &out})
	fn, err := rt.Exec(deadline(t), "t.star", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	const limit = "limit exceeded: steps (50000) at t.star:"
	for _, c := range []struct{ name, value, err string }{
		{"child", "1", ""},
		{"grandchild", "None", ""},
		{"pool", "", limit},
		{"executor", "", limit},
		{"thread", "", limit},
		{"works", `["0", "1", "2"]`, ""},
	} {
		v, err := rt.Call(deadline(t), fn[c.name], nil, nil)
		if c.err == "" && (err != nil || v.String() != c.value) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %v, %v", c.name, v, err)
		}
	}
	// In a limited worker, where a thread that goes on ends its task.
	p, err := rt.NewPool(PoolOptions{Workers: 1, Limits: Limits{Steps: 50_000}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"loop", "thread", "threads", "callback", "pool"} {
		_, err := p.Call(deadline(t), fn[name])
		var e *LimitError
		if !errors.As(err, &e) && name != "pool" || err == nil || !strings.Contains(err.Error(), limit) {
			t.Errorf("%s in a worker: %v", name, err)
		}
	}
	for range 3 { // the callbacks of one task end with it, those of the next one run
		if v, err := p.Call(deadline(t), fn["done"]); err != nil || v.String() != "2" {
			t.Error(v, err)
		}
	}
	if v, err := p.Call(context.Background(), fn["works"]); err != nil || v.String() != `["0", "1", "2"]` {
		t.Error(v, err)
	}
	rt.Close()
	if n := strings.Count(out.text.String(), limit+"5"); n != 2 {
		t.Errorf("%d children say why they failed:\n%s", n, &out.text)
	}
}

// Options.Limits are those of whatever scripts start.
func TestLimitsBelow(t *testing.T) {
	if runtime.GOOS != "linux" || notConfined != "" {
		t.Skip("RLIMIT_DATA limits memory on Linux; " + notConfined)
	}
	t.Parallel()
	const text = `
def bomb():
    l = []
    while True:
        l.append("x" * 1000000)
def string():
    return "x" * (1 << 29)
def child(f):
    p = multiprocessing.Process(target = f)
    p.start()
    p.join()
    return p.exitcode != 0
def pool(f): return multiprocessing.Pool(1).apply(f)
def executor(f): return concurrent.futures.ProcessPoolExecutor(1).submit(f).result()
def forever(): time.sleep(3600)
def fork():
    multiprocessing.Process(target = fork).start()
    forever()
`
	var out outputLog
	large := newRuntime(t, Options{Stderr: &out, Limits: Limits{Memory: 96 << 20, Time: time.Minute}})
	long := newRuntime(t, Options{Stderr: &out, Limits: Limits{Memory: 96 << 20, Time: 2 * time.Second, Processes: 3}})
	for _, c := range []struct{ f, limit string }{
		{"bomb", "memory (96 MiB) at t.star:"},
		{"string", "memory (96 MiB) at t.star:7"},
		{"forever", "time (2s) at t.star:15"},
		{"fork", ""},
	} {
		rt := large
		if c.f == "forever" || c.f == "fork" {
			rt = long
		}
		fn, err := rt.Exec(deadline(t), "t.star", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, how := range []string{"child", "pool", "executor"} {
			if (c.f == "forever" || c.f == "fork") && how != "child" {
				continue // they take their time
			}
			v, err := rt.Call(deadline(t), fn[how], starlark.Tuple{fn[c.f]}, nil)
			if how == "child" && (err != nil || v != starlark.True) || how != "child" && (err == nil || !strings.Contains(err.Error(), "limit exceeded: "+c.limit)) {
				t.Errorf("%s of %s: %v, %v", how, c.f, v, err)
			}
		}
	}
	large.Close()
	long.Close()
	for _, s := range []string{"memory (96 MiB) at t.star:", "memory (96 MiB) at t.star:7", "time (2s) at t.star:15", "t.star:17:49: in fork", "process limit of 3"} {
		if !strings.Contains(out.text.String(), s) {
			t.Errorf("no child says %s:\n%s", s, &out.text)
		}
	}
	if strings.Contains(out.text.String(), "goroutine") {
		t.Error(&out.text)
	}
}
