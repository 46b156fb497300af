package main

import (
	"cmp"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// report is the form of the file that -json writes.
type report struct {
	Commit  string     `json:"commit"`
	Date    string     `json:"date"`
	Machine string     `json:"machine"`
	CPUs    int        `json:"cpus"`
	Pinned  string     `json:"pinned,omitempty"` // the list given with -cpus
	Rounds  int        `json:"rounds"`
	Rows    []jsonRow  `json:"rows"`
	Limits  []jsonLine `json:"limits"`
}

type jsonRow struct {
	Name         string     `json:"name"`
	Unit         string     `json:"unit"`
	HigherBetter bool       `json:"higher_is_better"`
	Ratio        *float64   `json:"ratio"` // to the best CPython; null if there is none
	Plain        *float64   `json:"plain"` // to go.starlark.net as it is
	Limit        *float64   `json:"limit"`
	Target       string     `json:"target,omitempty"`
	Met          *bool      `json:"met"`
	Results      []jsonLine `json:"results"`
}

type jsonLine struct {
	Name    string    `json:"name"`
	Method  string    `json:"method,omitempty"`
	OneCPU  bool      `json:"one_cpu,omitempty"`
	Median  float64   `json:"median"`
	Samples []float64 `json:"samples"`
}

// newReport is all that was measured, and where.
func newReport(o options, m *measurement, results []result) report {
	rep := report{
		Commit: commit(), Date: time.Now().UTC().Format(time.DateOnly), Machine: machine(), CPUs: runtime.NumCPU(),
		Pinned: o.cpus, Rounds: o.rounds,
	}
	for _, r := range results {
		j := jsonRow{
			Name: r.name, Unit: r.unit, HigherBetter: r.higher, Target: r.target,
			Ratio: orNull(r.ratio), Plain: orNull(r.plain), Limit: orNull(r.limit),
		}
		if r.target != "" && r.measured {
			j.Met = &r.met
		}
		row := strings.TrimSuffix(r.name, ", on one CPU")
		for k, samples := range m.samples {
			if k.row == row && k.pinned == r.pinned {
				j.Results = append(j.Results, jsonLine{Name: k.who, Method: k.method, Median: median(samples), Samples: samples})
			}
		}
		sortLines(j.Results)
		rep.Rows = append(rep.Rows, j)
	}
	for k, samples := range m.limits {
		rep.Limits = append(rep.Limits, jsonLine{Name: k.row, OneCPU: k.pinned, Median: median(samples), Samples: samples})
	}
	sortLines(rep.Limits)
	return rep
}

func writeJSON(path string, rep report) error {
	text, err := json.MarshalIndent(rep, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o666)
}

func sortLines(lines []jsonLine) {
	slices.SortFunc(lines, func(a, b jsonLine) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Method, b.Method), cmp.Compare(strconv.FormatBool(a.OneCPU), strconv.FormatBool(b.OneCPU)))
	})
}

func orNull(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

func commit() string {
	out, _ := exec.Command("git", "describe", "--always", "--dirty").Output()
	return strings.TrimSpace(string(out))
}

// machine is the processor's name where the system tells it.
func machine() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	_, name, ok := strings.Cut(string(info), "model name")
	if !ok {
		return runtime.GOOS + "/" + runtime.GOARCH
	}
	name, _, _ = strings.Cut(name, "\n")
	return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
}
