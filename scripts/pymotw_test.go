package scripts

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pymotw are the ten scripts. What differs from run to run is replaced in each line before it is compared with what is
// expected; order checks the lines as they are.
var pymotw = []struct {
	name    string
	pattern string
	replace string
	order   func(lines []string) error
}{
	{name: "queue"},
	{name: "producer_consumer", pattern: `^Consumer-\d+`, replace: "Consumer-N", order: tasksBeforeResults},
	{name: "event"},
	{name: "lock"},
	{name: "condition"},
	{name: "semaphore", pattern: `\[.*\]`, replace: "[...]", order: threeAtATime},
	{name: "manager_dict"},
	{name: "namespaces"},
	{name: "namespaces_mutable"},
	{name: "pool", pattern: `ForkPoolWorker`, replace: "PoolWorker"}, // CPython names the start method
}

// TestPyMOTW runs each of the ten scripts, STARMP_STRESS times, all ten at once.
func TestPyMOTW(t *testing.T) {
	rounds := number("STARMP_STRESS", 2)
	testPyMOTW(t, func(t *testing.T, script string, check func(*testing.T, string)) {
		for range rounds {
			stdout, stderr, status := run(t, starmp, script)
			if status != 0 || stderr != "" {
				t.Fatalf("exit status %d, standard error:\n%s\nstandard output:\n%s", status, stderr, stdout)
			}
			check(t, stdout)
		}
	})
}

// TestPyMOTWUnderCPython runs the same text under each CPython found.
func TestPyMOTWUnderCPython(t *testing.T) {
	eachPython(t, func(t *testing.T, python string) {
		testPyMOTW(t, func(t *testing.T, script string, check func(*testing.T, string)) {
			stdout, stderr, status := runPython(t, python, script)
			if status != 0 || stderr != "" {
				t.Fatalf("exit status %d, standard error:\n%s\nstandard output:\n%s", status, stderr, stdout)
			}
			check(t, stdout)
		})
	})
}

func testPyMOTW(t *testing.T, test func(t *testing.T, script string, check func(*testing.T, string))) {
	for _, s := range pymotw {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			want := readExpectation(t, filepath.Join("../testdata/pymotw", s.name+".txt"))
			test(t, filepath.Join("pymotw", s.name+".star"), func(t *testing.T, stdout string) {
				got := lines(stdout)
				if s.order != nil {
					if err := s.order(got); err != nil {
						t.Fatalf("%v\nThe script printed:\n%s", err, stdout)
					}
				}
				if s.pattern != "" {
					pattern := regexp.MustCompile(s.pattern)
					for i := range got {
						got[i] = pattern.ReplaceAllString(got[i], s.replace)
					}
				}
				if err := want.check(got); err != nil {
					t.Fatalf("%v\nThe script printed:\n%s", err, stdout)
				}
			})
		})
	}
}

// TestPyMOTWComplete sees to it that each script in the directory is one of the ten.
func TestPyMOTWComplete(t *testing.T) {
	paths, err := filepath.Glob("pymotw/*.star")
	if err != nil || len(paths) != len(pymotw) {
		t.Fatalf("%d scripts in pymotw/ (error %v), %d are tested", len(paths), err, len(pymotw))
	}
}

// tasksBeforeResults checks that each task is taken before its result is there, and that each consumer does nothing after it
// has said that it exits.
func tasksBeforeResults(lines []string) error {
	for i := range 10 {
		task := slices.IndexFunc(lines, func(l string) bool { return strings.HasSuffix(l, fmt.Sprintf(": %d * %d", i, i)) })
		result := slices.Index(lines, fmt.Sprintf("Result: %d * %d = %d", i, i, i*i))
		if task < 0 || result < task {
			return fmt.Errorf("the result of task %d is line %d, the task itself line %d", i, result+1, task+1)
		}
	}
	exited := map[string]bool{}
	for _, line := range lines {
		who, what, _ := strings.Cut(line, ": ")
		if exited[who] {
			return fmt.Errorf("%s goes on after its exit: %s", who, what)
		}
		exited[who] = what == "Exiting"
	}
	return nil
}

// threeAtATime checks that never more than three of the ten workers run, that each does, and that none does in the end.
func threeAtATime(lines []string) error {
	seen := map[string]bool{}
	list := regexp.MustCompile(`^Now running: \[(?:'\d'(?:, '\d')*)?\]$`)
	name := regexp.MustCompile(`\d`)
	for _, line := range lines {
		names := name.FindAllString(line, -1)
		if !list.MatchString(line) || len(names) > 3 {
			return fmt.Errorf("a list of at most three names, not %q", line)
		}
		for _, n := range names {
			seen[n] = true
		}
	}
	if last := lines[len(lines)-1]; len(seen) != 10 || last != "Now running: []" {
		return fmt.Errorf("%d workers seen, last line %q", len(seen), last)
	}
	return nil
}
