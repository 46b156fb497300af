package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// writeTable writes a line for each row. The column ratio sets starmp against the best CPython: below 1 starmp takes less
// time or memory, or has the higher rate.
func writeTable(w io.Writer, results []result, names []string) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "row\tunit\t%s\tratio\tplain\tlimit\ttarget\t\t\n", strings.Join(names, "\t"))
	asked, met := 0, 0
	for _, r := range results {
		fmt.Fprintf(out, "%s\t%s\t", r.name, r.unit)
		for _, name := range names {
			fmt.Fprintf(out, "%s\t", r.cells[name])
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t\n", figure(r.ratio), figure(r.plain), figure(r.limit), r.target, r.verdict())
		if r.target != "" && r.measured {
			asked++
			if r.met {
				met++
			}
		}
	}
	out.Flush()
	fmt.Fprintf(w, "\n%d of %d targets met. ratio: starmp's time against the best CPython, below 1 is better (a rate or a size likewise).\n"+
		"plain: the same against go.starlark.net with Go's default settings. limit: what the machine allows, from a C program.\n", met, asked)
}

// String shows the best number and, if there was a choice, which start method gave it and what the others gave.
func (c cell) String() string {
	if len(c.methods) < 2 {
		return figure(c.best)
	}
	text := figure(c.best) + " " + c.method
	for _, method := range slices.Sorted(maps.Keys(c.methods)) {
		if method != c.method {
			text += ", " + figure(c.methods[method]) + " " + method
		}
	}
	return text
}

// figure writes a number with three digits that mean something.
func figure(n float64) string {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return "-"
	case n >= 100:
		return strconv.FormatFloat(n, 'f', 0, 64)
	case n >= 10:
		return strconv.FormatFloat(n, 'f', 1, 64)
	case n >= 0.1 || n == 0:
		return strconv.FormatFloat(n, 'f', 2, 64)
	}
	return strconv.FormatFloat(n, 'f', 3, 64)
}
