package main

import (
	"fmt"
	"math"
	"strings"
)

// result is what came out for a row. A number that is missing is NaN.
type result struct {
	name, unit string
	pinned     bool
	higher     bool
	cells      map[string]cell // by contestant
	ratio      float64         // starmp's time, or what corresponds, against the best CPython: below 1 starmp is better
	plain      float64         // the same against go.starlark.net as it is
	limit      float64         // what the machine allows, in the row's unit
	asked      float64         // the most that ratio may be, 0 for no such target
	target     string
	met        bool // meaningless without a target
	measured   bool // all that the target speaks of was measured
}

// cell is a contestant's number, with the start method that gave it and what the others gave.
type cell struct {
	best    float64
	method  string
	methods map[string]float64
}

func (m *measurement) results(benchmarks []*benchmark) []result {
	var results []result
	for _, b := range benchmarks {
		for _, r := range b.rows {
			results = append(results, m.result(b, r, false))
		}
		for _, r := range b.rows {
			if r.pinned > 0 {
				results = append(results, m.result(b, r, true))
			}
		}
	}
	return results
}

func (m *measurement) result(b *benchmark, r row, pinned bool) result {
	res := result{name: r.name, unit: r.unit, pinned: pinned, higher: r.higher, cells: map[string]cell{}, ratio: math.NaN()}
	if pinned {
		res.name += ", on one CPU"
	}
	best := math.NaN()
	for _, c := range append(m.contestants[:len(m.contestants):len(m.contestants)], m.plain) {
		cell := cell{best: math.NaN(), methods: map[string]float64{}}
		for _, method := range b.methods {
			n := median(m.samples[key{r.name, c.name, method, pinned}])
			if math.IsNaN(n) {
				continue
			}
			cell.methods[method] = n
			if better(n, cell.best, r.higher) {
				cell.best, cell.method = n, method
			}
		}
		res.cells[c.name] = cell
		if c.cpython && better(cell.best, best, r.higher) {
			best = cell.best
		}
	}
	ours := res.cells[oursName].best
	against := func(n float64) float64 {
		if r.higher {
			return n / ours
		}
		return ours / n
	}
	res.ratio, res.plain = against(best), against(res.cells[plainName].best)
	res.limit = median(m.limits[key{row: r.limit, pinned: pinned}])

	var targets []string
	res.met, res.measured = true, true
	ask := func(format string, target, got float64) {
		if target > 0 {
			targets = append(targets, fmt.Sprintf(format, figure(target)))
			res.met = res.met && got <= target
			res.measured = res.measured && !math.IsNaN(got)
		}
	}
	if pinned {
		res.asked = r.pinned
		ask("≤ %s", r.pinned, res.ratio)
	} else {
		res.asked = r.ratio
		ask("≤ %s", r.ratio, res.ratio)
		ask("≤ %s of plain", r.plain, res.plain)
		ask("≤ %s of the limit", r.ofLimit, against(res.limit))
		switch {
		case r.value == 0:
		case r.higher:
			targets = append(targets, fmt.Sprintf("≥ %s %s", figure(r.value), r.unit))
			res.met = res.met && ours >= r.value
		default:
			ask("≤ %s "+r.unit, r.value, ours)
		}
	}
	res.target = strings.Join(targets, ", ")
	return res
}

// better reports whether n is a number and better than best.
func better(n, best float64, higher bool) bool {
	if higher {
		return n > best || math.IsNaN(best) && !math.IsNaN(n)
	}
	return n < best || math.IsNaN(best) && !math.IsNaN(n)
}

// verdict says in a word whether the target was met.
func (r result) verdict() string {
	switch {
	case r.target == "":
		return ""
	case !r.measured:
		return "?"
	case r.met:
		return "met"
	}
	return "MISSED"
}
