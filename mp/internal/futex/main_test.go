package futex

import (
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// childEnv makes the test binary play the other process of a test: its value is the part's name.
const childEnv = "FUTEX_TEST_CHILD"

var children = map[string]func(words []atomic.Uint32){"pong": pong, "waiter": waiter}

func TestMain(m *testing.M) {
	if part := os.Getenv(childEnv); part != "" {
		words, err := mapWords(os.NewFile(3, "words"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		children[part](words)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startChild starts the test binary as the given part, with a page of words shared with this process.
func startChild(t testing.TB, part string, env ...string) []atomic.Uint32 {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "words")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(4096); err != nil {
		t.Fatal(err)
	}
	words, err := mapWords(f)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), childEnv+"="+part), env...)
	cmd.ExtraFiles = []*os.File{f}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return words
}

func mapWords(f *os.File) ([]atomic.Uint32, error) {
	mem, err := unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*atomic.Uint32)(unsafe.Pointer(&mem[0])), 1024), nil
}
