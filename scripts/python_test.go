package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// prelude makes CPython run our scripts.
const prelude = "../testdata/polyglot/prelude.py"

// pythons finds the CPython 3 interpreters of this machine: version by path, each version once.
var pythons = sync.OnceValue(func() map[string]string {
	candidates := []string{"python3.13", "python3.11", "python3"}
	if home, err := os.UserHomeDir(); err == nil {
		for _, version := range []string{"3.13", "3.11"} {
			paths, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions", version+".*/bin/python3"))
			candidates = append(candidates, paths...)
		}
	}
	found := map[string]string{}
	for _, candidate := range candidates {
		// A name in PATH may be a shim without the version behind it.
		out, err := exec.Command(candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)").Output()
		version, path, ok := strings.Cut(strings.TrimSpace(string(out)), " ")
		if err == nil && ok && found[version] == "" && strings.HasPrefix(version, "3.") {
			found[version] = path
		}
	}
	return found
})

// runPython runs a script of ours under a CPython. The managers of one that is terminated leave their sockets behind, for example.
func runPython(t testing.TB, python, script string) (stdout, stderr string, status int) {
	t.Helper()
	f := newFamily(t, python, prelude, script)
	f.foreign = true
	return f.run(t)
}

// eachPython runs test for each CPython found, in parallel.
func eachPython(t *testing.T, test func(t *testing.T, python string)) {
	t.Helper()
	if len(pythons()) == 0 {
		t.Skip("no CPython 3 found (looked for python3, python3.13 and python3.11)")
	}
	for version, path := range pythons() {
		t.Run("python"+version, func(t *testing.T) {
			t.Parallel()
			test(t, path)
		})
	}
}
