package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// key names the samples of one row from one contestant.
type key struct {
	row    string
	who    string
	method string
	pinned bool
}

// measurement collects samples.
type measurement struct {
	contestants []contestant
	plain       contestant
	limitPath   string
	cpus        string // for everything
	oneCPU      string // for pinned rows
	samples     map[key][]float64
	limits      map[key][]float64 // by limit/limit.c's name as row
	failed      map[string]bool
}

func newMeasurement(o options) *measurement {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return &measurement{
		contestants: contestants(o.starmp),
		plain:       contestant{name: plainName, command: []string{self, plainArg}},
		limitPath:   o.limit,
		cpus:        o.cpus,
		oneCPU:      firstCPU(o.cpus),
		samples:     map[key][]float64{},
		limits:      map[key][]float64{},
		failed:      map[string]bool{},
	}
}

func (m *measurement) names() []string {
	var names []string
	for _, c := range m.contestants {
		names = append(names, c.name)
	}
	return names
}

// firstCPU is the first of the CPUs that this process, or the list if there is one, may use.
func firstCPU(list string) string {
	if list == "" {
		status, _ := os.ReadFile("/proc/self/status")
		_, list, _ = strings.Cut(string(status), "Cpus_allowed_list:")
	}
	list = strings.TrimSpace(list)
	if i := strings.IndexAny(list, ",-\n"); i >= 0 {
		list = list[:i]
	}
	return list
}

// measure runs all benchmarks in rounds. Who begins changes from round to round.
func (m *measurement) measure(benchmarks []*benchmark, rounds int) {
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, rounds)
		m.measureLimit(m.cpus, false)
		m.measureLimit(m.oneCPU, true)
		for _, b := range benchmarks {
			order := slices.Clone(m.contestants)
			if b.compares() {
				order = append(order, m.plain)
			}
			first := round % len(order)
			for _, c := range slices.Concat(order[first:], order[:first]) {
				m.sample(b, c)
			}
		}
	}
}

// sample runs a benchmark once with each of a contestant's start methods. What fails says so once and has no number.
func (m *measurement) sample(b *benchmark, c contestant) {
	for _, pinned := range []bool{false, true} {
		if pinned && (!b.pins() || m.oneCPU == "") {
			continue
		}
		cpus := m.cpus
		if pinned {
			cpus = m.oneCPU
		}
		for i, method := range b.methods {
			if i > 0 && !c.cpython {
				break
			}
			args := []string{b.path}
			if c.cpython && method != "" {
				args = append(args, method)
			}
			what := fmt.Sprintf("%s: %s %s", b.path, c.name, method)
			if m.failed[what] {
				continue
			}
			lines, err := c.run(cpus, args...)
			if err == nil && len(lines) != len(b.rows) {
				err = fmt.Errorf("%d numbers for %d rows", len(lines), len(b.rows))
			}
			if err != nil {
				fmt.Fprintf(os.Stderr, "bench: %s: %v\n", what, err)
				m.failed[what] = true
				continue
			}
			for i, line := range lines {
				k := key{b.rows[i].name, c.name, method, pinned}
				m.samples[k] = append(m.samples[k], line...)
			}
		}
	}
}

// measureLimit runs limit/limit.c's program, which prints a name and a number a line.
func (m *measurement) measureLimit(cpus string, pinned bool) {
	if m.limitPath == "" {
		return
	}
	args := []string{m.limitPath}
	if cpus != "" {
		args = append([]string{"taskset", "-c", cpus}, args...)
	}
	out, err := exec.Command(args[0], args[1:]...).Output()
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: the machine's limits: %v\n", err)
		m.limitPath = ""
		return
	}
	for line := range strings.Lines(string(out)) {
		var name string
		var n float64
		if _, err := fmt.Sscan(line, &name, &n); err == nil {
			k := key{row: name, pinned: pinned}
			m.limits[k] = append(m.limits[k], n)
		}
	}
}

// median is NaN for no samples.
func median(samples []float64) float64 {
	if len(samples) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(samples))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
