package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// All scripts say what they measure, each row once.
func TestScriptsHaveHeaders(t *testing.T) {
	seen := map[string]bool{}
	paths, _ := filepath.Glob("*.star")
	for _, path := range paths {
		b, err := readBenchmark(path, read(t, path))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, r := range b.rows {
			if seen[r.name] {
				t.Errorf("%s: there are two rows %q", path, r.name)
			}
			seen[r.name] = true
		}
	}
	if len(seen) < 40 {
		t.Errorf("%d rows", len(seen))
	}
	paths, _ = filepath.Glob("growth/*.star")
	for _, path := range paths {
		if _, err := readCurve(path, read(t, path)); err != nil {
			t.Error(err)
		}
	}
	if len(paths) == 0 {
		t.Error("no curves")
	}
}

func read(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadBenchmarkErrors(t *testing.T) {
	for text, want := range map[string]string{
		"x = 1\n":                                  "the first line",
		"# bench: a | ms | lower | speed 3\n":      "unknown target",
		"# bench: a | ms | lower | ratio 3 4\n":    "unknown target",
		"# bench: a | ms | lower | ratio little\n": "invalid syntax",
	} {
		if _, err := readBenchmark("x.star", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestResults(t *testing.T) {
	b, err := readBenchmark("x.star", `# bench: start | ms | lower | ratio 0.7, pinned 1/2
# bench: rate | n/s | higher | ratio 1/4, limit memcpy 2
# bench: memory | MiB | lower | value 8
# bench: workers | ratio | higher | value 1.9
# bench: loop | ns | lower | plain 1/2
# methods: fork spawn
`)
	if err != nil {
		t.Fatal(err)
	}
	m := &measurement{
		contestants: []contestant{{name: oursName}, {name: "old", cpython: true}, {name: "new", cpython: true}},
		plain:       contestant{name: plainName},
		samples: map[key][]float64{
			{"start", oursName, "fork", false}:   {9, 1, 2},
			{"start", "old", "fork", false}:      {4},
			{"start", "old", "spawn", false}:     {40},
			{"start", "new", "fork", false}:      {5},
			{"start", oursName, "fork", true}:    {3},
			{"start", "old", "fork", true}:       {4},
			{"rate", oursName, "fork", false}:    {400},
			{"rate", "old", "fork", false}:       {100},
			{"memory", oursName, "fork", false}:  {8.5},
			{"memory", "old", "fork", false}:     {17},
			{"workers", oursName, "fork", false}: {1.95},
			{"loop", oursName, "fork", false}:    {5},
		},
		limits: map[key][]float64{{row: "memcpy"}: {900}},
	}
	type got struct {
		name    string
		ratio   float64
		target  string
		verdict string
	}
	want := []got{
		{"start", 0.5, "≤ 0.70", "met"},
		{"rate", 0.25, "≤ 0.25, ≤ 2.00 of the limit", "MISSED"},
		{"memory", 0.5, "≤ 8.00 MiB", "MISSED"},
		{"workers", math.NaN(), "≥ 1.90 ratio", "met"},
		{"loop", math.NaN(), "≤ 0.50 of plain", "?"},
		{"start, on one CPU", 0.75, "≤ 0.50", "MISSED"},
	}
	results := m.results([]*benchmark{b})
	for i, r := range results {
		if i >= len(want) {
			t.Fatalf("%d results", len(results))
		}
		w := want[i]
		same := r.ratio == w.ratio || math.IsNaN(r.ratio) && math.IsNaN(w.ratio)
		if r.name != w.name || !same || r.target != w.target || r.verdict() != w.verdict {
			t.Errorf("got %s, %v, %s, %s; want %v", r.name, r.ratio, r.target, r.verdict(), w)
		}
	}
	if text := results[0].cells["old"].String(); text != "4.00 fork, 40.0 spawn" {
		t.Errorf("cell: %s", text)
	}

	var table strings.Builder
	writeTable(&table, results, m.names())
	if !strings.Contains(table.String(), "2 of 5 targets met") {
		t.Errorf("table:\n%s", &table)
	}

	page := string(markdown(report{Commit: "abc"}, results, m.names()))
	if line := "| start, on one CPU | ms | 3.00 fork | 4.00 fork | - | 0.75 | ≤ 0.50 | missed |"; !strings.Contains(page, line) {
		t.Errorf("no line %q in\n%s", line, page)
	}

	drawing := xml.NewDecoder(strings.NewReader(string(chart(results))))
	bars := 0
	for {
		token, err := drawing.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the chart is no XML: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "rect" {
			bars++
		}
	}
	if bars != 4 {
		t.Errorf("the chart has %d bars, want one for each row with a ratio", bars)
	}
}

func TestMatches(t *testing.T) {
	b := &benchmark{path: "lock.star", rows: []row{{name: "mutex"}}}
	for pattern, want := range map[string]bool{"mut": true, "lock": true, "queue": false} {
		if got := b.matches(regexp.MustCompile(pattern)); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
}
