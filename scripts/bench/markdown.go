package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// markdown writes the table for people who read it in the repository: a line for each row, each contestant's best number.
func markdown(rep report, results []result, names []string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- written by scripts/bench.sh -md -->\n\nCommit %s, %s, %d CPUs (%s)", rep.Commit, rep.Date, rep.CPUs, rep.Machine)
	if rep.Pinned != "" {
		fmt.Fprintf(&b, ", pinned to %s", rep.Pinned)
	}
	fmt.Fprintf(&b, ", medians of %d interleaved rounds.\n\n", rep.Rounds)
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == plainName })
	fmt.Fprintf(&b, "| row | unit | %s | ratio | target | |\n|---|---|%s---:|---|---|\n", strings.Join(names, " | "), strings.Repeat("---:|", len(names)))
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s ", r.name, r.unit)
		for _, name := range names {
			c := r.cells[name]
			fmt.Fprintf(&b, "| %s ", strings.TrimSpace(figure(c.best)+" "+c.method))
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", ratios(r), r.target, strings.ToLower(r.verdict()))
	}
	return []byte(b.String())
}

// ratios are a row's ratio to CPython and, where they were measured, those to go.starlark.net and to the machine's limit.
func ratios(r result) string {
	text := figure(r.ratio)
	if !math.IsNaN(r.plain) {
		text += ", " + figure(r.plain) + " of plain"
	}
	if ours := r.cells[oursName].best; !math.IsNaN(r.limit) {
		of := ours / r.limit
		if r.higher {
			of = r.limit / ours
		}
		text += ", " + figure(of) + " of the limit"
	}
	return text
}
