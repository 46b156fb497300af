package interp

import (
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.starlark.net/starlark"
)

// lines records each write to it.
type lines struct {
	mu     sync.Mutex
	writes []string // guarded by mu
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, string(p))
	return len(p), nil
}

// newRuntime returns a runtime that is closed at the end of the test.
func newRuntime(t testing.TB, o Options) *Runtime {
	t.Helper()
	rt, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rt.Close)
	return rt
}

// run runs a script on a thread of its own.
func run(rt *Runtime, name, text string) (starlark.StringDict, error) {
	thread := rt.NewThread(name)
	rt.Enter(thread)
	defer rt.Leave(thread)
	return rt.exec(thread, mainName, name+".star", []byte(text))
}

func TestPrintWritesLines(t *testing.T) {
	var out lines
	rt := newRuntime(t, Options{Stdout: &out})
	if _, err := run(rt, "t", "print('a', 1, [2])\nprint()\nprint('b\\nc')\n"); err != nil {
		t.Fatal(err)
	}
	want := []string{"a 1 [2]\n", "\n", "b\nc\n"}
	if !slices.Equal(out.writes, want) {
		t.Errorf("got %q, want %q", out.writes, want)
	}
}

func TestStderrWritesOnce(t *testing.T) {
	var out lines
	rt := newRuntime(t, Options{Stderr: &out})
	_, err := run(rt, "t", "def f():\n    fail('x')\nf()\n")
	thread := rt.NewThread("report")
	rt.Enter(thread)
	(host{rt}).Stderr((host{rt}).Traceback(err))
	rt.Leave(thread)
	if len(out.writes) != 1 || !strings.HasSuffix(out.writes[0], "  t.star:2:9: in f\n    fail('x')\n        ^\nException: x\n") {
		t.Errorf("got %q", out.writes)
	}
}

// A thread in a loop lets others run, a thread that sleeps too.
func TestThreadsTakeTurns(t *testing.T) {
	rt := newRuntime(t, Options{})
	shared := starlark.NewList(nil)
	rt.Predeclared()["shared"] = shared
	var wg sync.WaitGroup
	for name, text := range map[string]string{
		"first":  "while len(shared) < 1: pass\nshared.append(2)\nwhile len(shared) < 3: pass\nshared.append(4)\n",
		"second": "shared.append(1)\nwhile len(shared) < 2: time.sleep(0)\nshared.append(3)\nwhile len(shared) < 4: pass\n",
	} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := run(rt, name, text); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}()
	}
	wg.Wait()
	if got := shared.String(); got != "[1, 2, 3, 4]" {
		t.Errorf("shared is %s", got)
	}
}

// Two runtimes in one program have nothing in common.
func TestTwoRuntimes(t *testing.T) {
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b"} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var out lines
			rt := newRuntime(t, Options{Stdout: &out, Argv: []string{name}})
			for range 20 {
				if _, err := run(rt, name, "C = type('C', (), {'n': sys.argv[0]})\nprint(C().n)\n"); err != nil {
					t.Error(err)
				}
			}
			if len(out.writes) != 20 || slices.ContainsFunc(out.writes, func(s string) bool { return s != name+"\n" }) {
				t.Errorf("%s printed %q", name, out.writes)
			}
		}()
	}
	wg.Wait()
}

func TestPos(t *testing.T) {
	rt := newRuntime(t, Options{})
	var got string
	rt.Predeclared()["where"] = starlark.NewBuiltin("where", func(thread *starlark.Thread, _ *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		got = (host{rt}).Pos(thread)
		return starlark.None, nil
	})
	if _, err := run(rt, "t", "def f():\n    map(lambda _: where(), [1])\n\nf()\n"); err != nil {
		t.Fatal(err)
	}
	if got != "t.star:2" {
		t.Errorf("got %q, want t.star:2", got)
	}
	if got := (host{rt}).Pos(rt.NewThread("idle")); got != "" {
		t.Errorf("position of an idle thread: %q", got)
	}
}

// Every process pays this at its start.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		rt, err := New(Options{})
		if err != nil {
			b.Fatal(err)
		}
		rt.Predeclared()
	}
}

// A script that allocates, with Go's default for the collector and with what TuneGC sets.
func BenchmarkCollector(b *testing.B) {
	for name, percent := range map[string]int{"default": 100, "tuned": gcPercent} {
		b.Run(name, func(b *testing.B) {
			defer debug.SetGCPercent(debug.SetGCPercent(percent))
			rt := newRuntime(b, Options{})
			for b.Loop() {
				if _, err := run(rt, "b", "x = [[i, str(i), {'k': i}] for i in range(100000)]\n"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
