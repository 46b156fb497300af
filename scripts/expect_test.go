package scripts

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/template"
)

// expectation is what a script prints: groups of lines, divided by empty lines in the file. The groups come one after the
// other, the lines of a group in any order.
type expectation [][]string

// readExpectation reads an expectation from a template, which may ask for the number of workers of a script that starts two
// for each CPU.
func readExpectation(t *testing.T, path string) expectation {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data := struct {
		Workers    int
		EachWorker []int
	}{Workers: 2 * cpus(t)}
	for i := range data.Workers {
		data.EachWorker = append(data.EachWorker, i+1)
	}
	var out bytes.Buffer
	tmpl, err := template.New(path).Parse(string(text))
	if err == nil {
		err = tmpl.Execute(&out, data)
	}
	if err != nil {
		t.Fatal(err)
	}
	var e expectation
	for group := range strings.SplitSeq(strings.Trim(out.String(), "\n"), "\n\n") {
		e = append(e, lines(group))
	}
	return e
}

// cpus is the number of CPUs of the machine, of which this process may be allowed to use only some.
func cpus(t *testing.T) int {
	online, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return runtime.NumCPU()
	}
	n := 0
	for part := range strings.SplitSeq(strings.TrimSpace(string(online)), ",") {
		var first, last int
		if k, _ := fmt.Sscanf(part, "%d-%d", &first, &last); k < 2 {
			last = first
		}
		n += last - first + 1
	}
	return n
}

// check compares lines with the expectation.
func (e expectation) check(got []string) error {
	want := slices.Concat(e...)
	if len(got) != len(want) {
		return fmt.Errorf("%d lines, want %d", len(got), len(want))
	}
	at := 0
	for _, group := range e {
		part := slices.Sorted(slices.Values(got[at : at+len(group)]))
		for i, line := range slices.Sorted(slices.Values(group)) {
			if part[i] != line {
				return fmt.Errorf("lines %d to %d, in any order:\n\t%s\nwant:\n\t%s", at+1, at+len(group),
					strings.Join(part, "\n\t"), strings.Join(slices.Sorted(slices.Values(group)), "\n\t"))
			}
		}
		at += len(group)
	}
	return nil
}
