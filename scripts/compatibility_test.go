package scripts

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// missing are rows of the table whose names are still to come.
var missing = []string{}

// samples are objects of the documented classes, whose attributes the table lists too. Both languages read them.
var samples = map[string]string{
	"connection.Connection":           `multiprocessing.Pipe()[0]`,
	"connection.Listener":             `multiprocessing.connection.Listener()`,
	"futures.Future":                  `futures.Future()`,
	"futures.ProcessPoolExecutor":     `futures.ProcessPoolExecutor()`,
	"futures.ThreadPoolExecutor":      `futures.ThreadPoolExecutor()`,
	"managers.ArrayProxy":             `manager.Array("i", [1])`,
	"managers.DictProxy":              `manager.dict()`,
	"managers.ListProxy":              `manager.list()`,
	"managers.SharedMemoryManager":    `multiprocessing.managers.SharedMemoryManager()`,
	"managers.SyncManager":            `manager`,
	"managers.ValueProxy":             `manager.Value("i", 1)`,
	"pool.AsyncResult":                `pool.apply_async(abs, (1,))`,
	"pool.IMapIterator":               `pool.imap(abs, [1])`,
	"pool.Pool":                       `pool`,
	"process.BaseProcess":             `multiprocessing.Process()`,
	"queues.JoinableQueue":            `multiprocessing.JoinableQueue()`,
	"queues.Queue":                    `multiprocessing.Queue()`,
	"queues.SimpleQueue":              `multiprocessing.SimpleQueue()`,
	"shared_memory.ShareableList":     `multiprocessing.shared_memory.ShareableList([1])`,
	"shared_memory.SharedMemory":      `multiprocessing.shared_memory.SharedMemory(create = True, size = 1)`,
	"sharedctypes.Synchronized":       `multiprocessing.Value("i")`,
	"sharedctypes.SynchronizedArray":  `multiprocessing.Array("i", 1)`,
	"sharedctypes.SynchronizedString": `multiprocessing.Array("c", 1)`,
	"synchronize.Barrier":             `multiprocessing.Barrier(1)`,
	"synchronize.BoundedSemaphore":    `multiprocessing.BoundedSemaphore()`,
	"synchronize.Condition":           `multiprocessing.Condition()`,
	"synchronize.Event":               `multiprocessing.Event()`,
	"synchronize.Lock":                `multiprocessing.Lock()`,
	"synchronize.RLock":               `multiprocessing.RLock()`,
	"synchronize.Semaphore":           `multiprocessing.Semaphore()`,
}

const submodules = "connection context managers pool process queues shared_memory sharedctypes synchronize"

// namesStart and namesEnd go around a script of either language that prints names.
const (
	namesStart = `
manager = multiprocessing.Manager()
pool = multiprocessing.Pool(1)
def public(name, x):
    return [name + n for n in dir(x) if n[0] != "_"]
def show(names):
    for n in names:
        print(n)
`
	namesEnd = `
pool.terminate()
manager.shutdown()
`
)

// cpythonNames prints CPython's: what the modules list as public or define, and the attributes of the samples.
const cpythonNames = `
import concurrent.futures as futures
import importlib, inspect, multiprocessing, multiprocessing.managers
if __name__ == "__main__":
    for sub in ["", *"SUBMODULES".split()]:
        name = "multiprocessing." + sub if sub else "multiprocessing"
        m = importlib.import_module(name)
        names = set(getattr(m, "__all__", ()))
        if sub:
            names.update(n for n, v in vars(m).items() if n[0] != "_" and not inspect.ismodule(v) and getattr(v, "__module__", name) == name)
        print(*(sub + "." * bool(sub) + n for n in names), sep="\n")
    print(*("futures." + n for n in futures.__all__), sep="\n")
    manager = multiprocessing.Manager()
    pool = multiprocessing.Pool(1)
    for name, x in dict(SAMPLES).items():
        print(*(name + "." + n for n in dir(x) if n[0] != "_"), sep="\n")
        for clean in ("unlink", "close"):
            if name.startswith("shared_memory."):
                getattr(getattr(x, "shm", x), clean)()
    pool.terminate()
    manager.shutdown()
`

// compatibility reads the table of mp/COMPATIBILITY.md: what is said of each name.
func compatibility(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../mp/COMPATIBILITY.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.+) \\|$").FindAllStringSubmatch(string(text), -1) {
		if rows[m[1]] != "" {
			t.Errorf("two rows for %s", m[1])
		}
		if !regexp.MustCompile(`^(as CPython|as CPython 3\.14|better: .+|starmp only: .+|not applicable: .+)$`).MatchString(m[2]) {
			t.Errorf("%s: cannot make out %q", m[1], m[2])
		}
		rows[m[1]] = m[2]
	}
	return rows
}

// ownNames are the public names of starmp's modules, and the attributes of the samples.
func ownNames(t *testing.T) []string {
	t.Helper()
	var script strings.Builder
	script.WriteString(namesStart)
	fmt.Fprintf(&script, "show([n for n in public('', multiprocessing) if n not in %q.split(' ')])\n", submodules)
	for _, sub := range strings.Fields(submodules) {
		fmt.Fprintf(&script, "show(public(%q, multiprocessing.%s))\n", sub+".", sub)
	}
	fmt.Fprintln(&script, "show(public('futures.', futures))")
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		fmt.Fprintf(&script, "show(public(%q, %s))\n", name+".", samples[name])
	}
	script.WriteString(namesEnd)
	stdout, stderr, status := run(t, starmp, "-c", script.String())
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	return lines(stdout)
}

// TestCompatibility compares the table of public names with what there is.
func TestCompatibility(t *testing.T) {
	t.Parallel()
	rows := compatibility(t)
	own := map[string]bool{}
	for _, name := range ownNames(t) {
		own[name] = true
		if name != "" && rows[name] == "" {
			t.Errorf("mp/COMPATIBILITY.md has no row for %s", name)
		}
	}
	for name, says := range rows {
		applies := !strings.HasPrefix(says, "not applicable")
		listed := slices.Contains(missing, name)
		switch {
		case applies && !own[name] && !listed:
			t.Errorf("%s: the table says %q, but there is none", name, says)
		case own[name] && listed:
			t.Errorf("%s is no longer missing: take it off the list", name)
		case !applies && own[name]:
			t.Errorf("%s: the table says %q, but there is one", name, says)
		}
	}
}

// TestCompatibilityComplete has a row for each public name of CPython 3.13.
func TestCompatibilityComplete(t *testing.T) {
	t.Parallel()
	python := pythons()["3.13"]
	if python == "" {
		t.Skip("no CPython 3.13 found")
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		list = append(list, fmt.Sprintf("(%q, %s)", name, samples[name]))
	}
	script := strings.NewReplacer("SUBMODULES", submodules, "SAMPLES", "["+strings.Join(list, ", ")+"]").Replace(cpythonNames)
	stdout, stderr, status := run(t, python, "-c", script)
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	rows := compatibility(t)
	for _, name := range lines(stdout) {
		if name != "" && rows[name] == "" {
			t.Errorf("mp/COMPATIBILITY.md has no row for CPython's %s", name)
		}
	}
}
