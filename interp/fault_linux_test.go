package interp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A fault in Go code of a child, whose signals have their default, is still Go's: a crash with its trace, in any thread.
func TestFault(t *testing.T) {
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stderr.Close() }) // after the runtime
	rt := newRuntime(t, Options{Setup: "faulty", Stderr: stderr})
	globals, err := rt.Exec(deadline(t), "t.star", []byte(`
def code(apart):
    p = multiprocessing.Process(target = fault, args = (apart,))
    p.start()
    p.join()
    return p.exitcode
codes = [code(False), code(True)]
`))
	if err != nil || globals["codes"].String() != "[2, 2]" {
		t.Errorf("%v, %v", globals["codes"], err)
	}
	text, err := os.ReadFile(stderr.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"nil pointer dereference", "[signal SIGSEGV", "goroutine "} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in what the children wrote:\n%s", want, text)
		}
	}
}
