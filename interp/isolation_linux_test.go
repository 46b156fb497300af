package interp

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.starlark.net/starlark"
)

// What it costs to run a function in a process of its own; the table is in the README.
//
//	CGO_ENABLED=0 go test ./interp -run '^$' -bench Isolation -benchtime 2s
func BenchmarkIsolation(b *testing.B) {
	ctx := context.Background()
	seven := starlark.MakeInt(7)
	// plain: the function in the host's own thread, as go.starlark.net runs it; runtime: by Runtime.Call.
	b.Run("plain", func(b *testing.B) {
		rt := newRuntime(b, Options{})
		fn := poolFunctions(b, rt)
		thread := rt.NewThread("plain")
		rt.Enter(thread)
		defer rt.Leave(thread)
		times(b, func() error {
			_, err := starlark.Call(thread, fn["square"], starlark.Tuple{seven}, nil)
			return err
		})
	})
	b.Run("runtime", func(b *testing.B) {
		rt := newRuntime(b, Options{})
		fn := poolFunctions(b, rt)
		times(b, func() error {
			_, err := rt.Call(ctx, fn["square"], starlark.Tuple{seven}, nil)
			return err
		})
	})
	for name, limits := range map[string]Limits{"free": {}, "limited": {Memory: 128 << 20, CPU: time.Second, Time: time.Second, Output: 1 << 20}} {
		b.Run("call/"+name, func(b *testing.B) {
			rt := newRuntime(b, Options{})
			p, fn := newPool(b, rt, PoolOptions{Workers: 1, Limits: limits}, poolScript)
			p.Call(ctx, fn["square"], seven)
			fresh := pss(b, p.workers.Pids()[0])
			times(b, func() error {
				_, err := p.Call(ctx, fn["square"], seven)
				return err
			})
			b.ReportMetric(fresh, "MiB-fresh")
			b.ReportMetric(pss(b, p.workers.Pids()[0]), "MiB-later")
		})
		b.Run("two/"+name, func(b *testing.B) {
			rt := newRuntime(b, Options{})
			p, fn := newPool(b, rt, PoolOptions{Workers: 2, Limits: limits}, poolScript)
			p.Map(ctx, fn["square"], ints(10))
			b.ResetTimer()
			start := time.Now()
			var wg sync.WaitGroup
			next := make(chan struct{}, 100)
			for range 4 {
				wg.Go(func() {
					for range next {
						if _, err := p.Call(ctx, fn["square"], seven); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for b.Loop() {
				next <- struct{}{}
			}
			close(next)
			wg.Wait()
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "calls/s")
		})
	}
	b.Run("exec", func(b *testing.B) {
		rt := newRuntime(b, Options{})
		p, _ := newPool(b, rt, PoolOptions{Workers: 1}, "")
		text := []byte("def main(n): return n * n\n")
		p.Exec(ctx, "s.star", text, "main", seven)
		times(b, func() error {
			_, err := p.Exec(ctx, "s.star", text, "main", seven)
			return err
		})
	})
	// cancel: from the end of the context until Call has returned and the worker can take the next task.
	b.Run("cancel", func(b *testing.B) {
		rt := newRuntime(b, Options{})
		p, fn := newPool(b, rt, PoolOptions{Workers: 1}, poolScript)
		var took []time.Duration
		for b.Loop() {
			ctx, cancel := context.WithCancel(ctx)
			var start time.Time
			time.AfterFunc(2*time.Millisecond, func() {
				start = time.Now()
				cancel()
			})
			p.Call(ctx, fn["forever"], starlark.None)
			took = append(took, time.Since(start))
		}
		report(b, took)
	})
	// gone: from the end of the context until a worker that does not stop, in a function written in Go, has been killed and waited for.
	b.Run("gone", func(b *testing.B) {
		rt := newRuntime(b, Options{})
		p, fn := newPool(b, rt, PoolOptions{Workers: 1}, "def deaf(): return hashlib.pbkdf2_hmac('sha256', b'x', b'y', 1 << 40)\n")
		var took []time.Duration
		for b.Loop() {
			pid := p.workers.Pids()[0]
			ctx, cancel := context.WithCancel(ctx)
			var start time.Time
			time.AfterFunc(20*time.Millisecond, func() {
				start = time.Now()
				cancel()
			})
			p.Call(ctx, fn["deaf"])
			for syscall.Kill(pid, 0) == nil {
				time.Sleep(50 * time.Microsecond)
			}
			took = append(took, time.Since(start))
			p.Call(context.Background(), starlark.Universe["len"], starlark.String("")) // the new one is there
		}
		report(b, took)
	})
	b.Run("close", func(b *testing.B) {
		rt := newRuntime(b, Options{})
		var took []time.Duration
		for b.Loop() {
			p, err := rt.NewPool(PoolOptions{Workers: 2})
			if err != nil {
				b.Fatal(err)
			}
			p.Map(ctx, starlark.Universe["str"], ints(4))
			start := time.Now()
			p.Close()
			took = append(took, time.Since(start))
		}
		report(b, took)
	})
}

func poolFunctions(b *testing.B, rt *Runtime) starlark.StringDict {
	fn, err := rt.Exec(context.Background(), "pool.star", []byte(poolScript))
	if err != nil {
		b.Fatal(err)
	}
	return fn
}

// times reports how long f takes: the median, and what one in a hundred exceeds.
func times(b *testing.B, f func() error) {
	took := make([]time.Duration, 0, 1<<20)
	for b.Loop() {
		start := time.Now()
		err := f()
		took = append(took, time.Since(start))
		if err != nil {
			b.Fatal(err)
		}
	}
	report(b, took)
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "µs-median")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "µs-p99")
	b.ReportMetric(0, "ns/op")
}

// pss is the memory of a process in MiB, with its share of what others use as well.
func pss(b *testing.B, pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		b.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); f[0] == "Pss:" {
			n, _ := strconv.Atoi(f[1])
			return float64(n) / 1024
		}
	}
	return 0
}
