package interp

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// build builds a program of this repository as releases are built and returns its path.
func build(t *testing.T, pkg string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a program")
	}
	path := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return path
}

// Every process of a family pays for the initialisation of every package of the program. Allocations are what it can
// be measured by without a clock; the largest in what is linked now is 10 KiB in go.starlark.net, 35 KiB in all.
func TestInitBudget(t *testing.T) {
	t.Parallel()
	const (
		packageBytes, packageAllocs = 16 << 10, 150
		totalBytes, totalAllocs     = 64 << 10, 600
	)
	cmd := exec.Command(build(t, "../cmd/starmp"), "-c", "")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	line := regexp.MustCompile(`(?m)^init (\S+) @.*, (\d+) bytes, (\d+) allocs$`)
	all := line.FindAllStringSubmatch(stderr.String(), -1)
	if len(all) < 10 {
		t.Fatalf("no trace of initialisation:\n%s", stderr.Bytes())
	}
	var bytes, allocs int
	for _, m := range all {
		b, _ := strconv.Atoi(m[2])
		a, _ := strconv.Atoi(m[3])
		if b > packageBytes || a > packageAllocs {
			t.Errorf("initialising %s allocates %d bytes in %d pieces, budget %d in %d", m[1], b, a, packageBytes, packageAllocs)
		}
		bytes += b
		allocs += a
	}
	if bytes > totalBytes || allocs > totalAllocs {
		t.Errorf("initialisation allocates %d bytes in %d pieces, budget %d in %d:\n%s", bytes, allocs, totalBytes, totalAllocs, stderr.String())
	}
}

func TestEmbedExample(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(build(t, "./example_embed")).CombinedOutput()
	if err != nil || string(out) != "[[0, 1, 1, 2, 3], [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]]\n" {
		t.Errorf("got %q, %v", out, err)
	}
}
