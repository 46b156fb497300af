package interp

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.starlark.net/starlark"
)

// A worker that is stopped cannot look after its limits, and those of its processes: the program does.
func TestStoppedWorker(t *testing.T) {
	t.Parallel()
	const script = `
def stop(pid): os.kill(pid, signal.SIGSTOP)
def itself():
    stop(os.getpid())
    time.sleep(3600)
def family():
    p = multiprocessing.Process(target = itself)
    p.start()
    while open("/proc/%d/stat" % p.pid).read().split()[2] != "T":
        pass
    q.put(p.pid)
    itself()
def parent():
    p = multiprocessing.Process(target = time.sleep, args = (3600,))
    p.start()
    stop(p.pid)
    time.sleep(3600)
def works(): return 42
q = multiprocessing.SimpleQueue()
`
	for name, most := range map[string]time.Duration{
		"itself": 300 * time.Millisecond,
		"family": 3 * time.Second, // enough for its child to start and stop itself
		"parent": 300 * time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rt := newRuntime(t, Options{})
			fn, err := rt.Exec(deadline(t), "t.star", []byte(script))
			if err != nil {
				t.Fatal(err)
			}
			p, err := rt.NewPool(PoolOptions{Workers: 1, Limits: Limits{Time: most, CPU: time.Minute}})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err = p.Call(deadline(t), fn[name])
			var limit *LimitError
			if !errors.As(err, &limit) || limit.Limit != "time" || !strings.HasPrefix(err.Error(), fmt.Sprintf("limit exceeded: time (%v) at t.star:", most)) {
				t.Errorf("%v", err)
			}
			t.Log(err, time.Since(start))
			if v, err := p.Call(deadline(t), fn["works"]); err != nil || v.String() != "42" {
				t.Error(v, err)
			}
			if name == "family" {
				v, err := rt.Call(deadline(t), mustAttr(t, fn["q"], "get"), nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				pid, _ := starlark.AsInt32(v)
				for until := time.Now().Add(time.Minute); syscall.Kill(pid, 0) == nil && !zombie(pid); time.Sleep(10 * time.Millisecond) {
					if time.Now().After(until) {
						t.Fatal("its child still exists")
					}
				}
			}
		})
	}
}

// The pool ends, though a worker is stopped, and one that is stopped while it has no task is replaced.
func TestStoppedIdle(t *testing.T) {
	t.Parallel()
	rt := newRuntime(t, Options{})
	p, fn := newPool(t, rt, PoolOptions{Workers: 1, Limits: Limits{Time: 300 * time.Millisecond}}, poolScript)
	if _, err := p.Call(deadline(t), fn["square"], starlark.MakeInt(1)); err != nil {
		t.Fatal(err)
	}
	stopAll := func() {
		for _, pid := range p.workers.Pids() {
			syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
	stopAll()
	if v, err := p.Call(deadline(t), fn["square"], starlark.MakeInt(7)); err != nil || v.String() != "49" {
		t.Error(v, err)
	}
	stopAll()
	closed := make(chan struct{})
	go func() {
		p.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-deadline(t).Done():
		t.Error("Close hangs")
	}
}

func mustAttr(t *testing.T, v starlark.Value, name string) starlark.Value {
	t.Helper()
	a, err := v.(starlark.HasAttrs).Attr(name)
	if err != nil || a == nil {
		t.Fatal(name, err)
	}
	return a
}

// zombie reports whether a process has ended and was not waited for by whoever inherited it.
func zombie(pid int) bool {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Contains(string(stat), ") Z ")
}
