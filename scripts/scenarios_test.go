package scripts

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestScenarios runs each script of testdata/mp and testdata/lib and compares its output with the .golden file beside it, which CPython wrote
// (see goldens.sh). What a script writes to standard error must match the comments "# stderr: REGEXP" in it, each
// of them; without one there must be nothing.
func TestScenarios(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, status := run(t, starmp, s.path)
			if status != 0 {
				t.Errorf("exit status %d", status)
			}
			s.check(t, stdout)
			if len(s.stderr) == 0 && stderr != "" {
				t.Errorf("standard error:\n%s", stderr)
			}
			for _, pattern := range s.stderr {
				if !pattern.MatchString(stderr) {
					t.Errorf("standard error does not match %s:\n%s", pattern, stderr)
				}
			}
		})
	}
}

// TestScenariosUnderCPython runs them under CPython 3.13: the oracle still says what the golden files say.
func TestScenariosUnderCPython(t *testing.T) {
	python := pythons()["3.13"]
	switch {
	case os.Getenv("STARMP_ORACLE") == "":
		t.Skip("STARMP_ORACLE is not set")
	case python == "":
		t.Skip("no CPython 3.13 found")
	}
	for _, s := range scenarios(t) {
		if s.ours {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, _ := runPython(t, python, s.path)
			s.check(t, stdout)
			if t.Failed() {
				t.Logf("standard error:\n%s", stderr)
			}
		})
	}
}

// scenario is a script with what it is to print.
type scenario struct {
	name, path string
	golden     string
	stderr     []*regexp.Regexp
	ours       bool // not for CPython
}

var (
	stderrComment = regexp.MustCompile(`(?m)^# stderr: (.*)$`)
	oursComment   = regexp.MustCompile(`(?m)^#.* CPython: no`)
)

func scenarios(t *testing.T) []scenario {
	t.Helper()
	var paths []string
	for _, dir := range []string{"mp", "lib"} {
		found, err := filepath.Glob("../testdata/" + dir + "/*.star")
		if err != nil || len(found) == 0 {
			t.Fatalf("no scenarios in %s: %v", dir, err)
		}
		paths = append(paths, found...)
	}
	var all []scenario
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		golden, err := os.ReadFile(strings.TrimSuffix(path, ".star") + ".golden")
		if err != nil {
			t.Error(err) // the others are worth running
			continue
		}
		s := scenario{
			name:   strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(filepath.ToSlash(path), "../testdata/"), "mp/"), ".star"),
			path:   path,
			golden: string(golden),
			ours:   oursComment.Match(text),
		}
		for _, m := range stderrComment.FindAllStringSubmatch(string(text), -1) {
			pattern, err := regexp.Compile(m[1])
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			s.stderr = append(s.stderr, pattern)
		}
		all = append(all, s)
	}
	return all
}

// check compares line by line, and shows the first difference.
func (s scenario) check(t *testing.T, stdout string) {
	t.Helper()
	if stdout == s.golden {
		return
	}
	got, want := lines(stdout), lines(s.golden)
	for i := range max(len(got), len(want)) {
		g, w := "(nothing more)", "(nothing more)"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("line %d of the output:\n\t%s\nwant:\n\t%s", i+1, g, w)
			return
		}
	}
	t.Errorf("the output differs in its last newline")
}
