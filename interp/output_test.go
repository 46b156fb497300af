package interp

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
)

// log is a writer that notes whether two Writes ever overlap.
type outputLog struct {
	mu   sync.Mutex
	text strings.Builder
	bad  bool
}

func (l *outputLog) Write(p []byte) (int, error) {
	if !l.mu.TryLock() {
		l.bad = true
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	return l.text.Write(p)
}

const outputScript = `
def child(n):
    print("child", n)
    sys.stderr.write("error %d\n" % n)

def grandparent(n):
    p = multiprocessing.Process(target = child, args = (n,))
    p.start()
    p.join()
    print("grandchild joined", n)

for n in range(20):
    p = multiprocessing.Process(target = grandparent, args = (n,))
    p.start()
    p.join()
    print("joined", n)
multiprocessing.Process(target = print, args = ("x" * 300000,)).start()
`

// What children print reaches the host's writers, and what was printed before a join stands before what comes after it.
func TestOutputOfChildren(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	for n := range 20 {
		fmt.Fprintf(&want, "child %d\nerror %d\ngrandchild joined %d\njoined %d\n", n, n, n, n)
	}
	want.WriteString(strings.Repeat("x", 300000) + "\n")

	t.Run("one", func(t *testing.T) {
		t.Parallel()
		var l outputLog
		rt := newRuntime(t, Options{Stdout: &l, Stderr: &l})
		if _, err := run(rt, "t", outputScript); err != nil {
			t.Fatal(err)
		}
		rt.Close()
		if got := l.text.String(); got != want.String() || l.bad {
			t.Errorf("overlap %v, got:\n%.2000s", l.bad, got)
		}
	})
	t.Run("two", func(t *testing.T) {
		t.Parallel()
		var out, errs outputLog
		rt := newRuntime(t, Options{Stdout: &out, Stderr: &errs})
		if _, err := run(rt, "t", outputScript); err != nil {
			t.Fatal(err)
		}
		rt.Close()
		if got := errs.text.String(); strings.Count(got, "error") != 20 || strings.Count(want.String(), "\n") != 20+strings.Count(out.text.String(), "\n") {
			t.Errorf("got %.2000s and %.2000s", out.text.String(), got)
		}
	})
	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		rt := newRuntime(t, Options{})
		if _, err := run(rt, "t", outputScript); err != nil {
			t.Fatal(err)
		}
		rt.Close()
	})
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rt := newRuntime(t, Options{Stdout: f, Stderr: f})
		if _, err := run(rt, "t", outputScript); err != nil {
			t.Fatal(err)
		}
		rt.Close()
		f.Seek(0, io.SeekStart)
		if got, _ := io.ReadAll(f); string(got) != want.String() {
			t.Errorf("got:\n%.2000s", got)
		}
	})
}
