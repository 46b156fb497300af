package scripts

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestChaos runs the scripts of chaos/, in which processes are killed at random instants while they use an object together.
// A script that finds something wrong fails; here it is also seen that it ends, and that all of its processes do.
func TestChaos(t *testing.T) {
	paths, err := filepath.Glob("chaos/*.star")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	kills := strconv.Itoa(15 * number("STARMP_STRESS", 2))
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".star"), func(t *testing.T) {
			t.Parallel()
			stdout, stderr, status := run(t, starmp, path, kills)
			if status != 0 || stdout != "ok\n" {
				t.Errorf("exit status %d, output %q, standard error:\n%s", status, stdout, stderr)
			}
		})
	}
}
