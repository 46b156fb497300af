// Package spell finds the name that a misspelled one probably stands for.
package spell

import (
	"iter"
	"strings"
)

// Nearest returns the candidate that name is most probably a misspelling of, or "" if none is near: at most a third
// of its letters may be wrong. Case and underscores don't count, two swapped neighbours count as one error. Of equally
// near candidates the first wins, so the caller puts the likelier ones first.
func Nearest(name string, candidates iter.Seq[string]) string {
	x := fold(name)
	best, bestD := "", (len(x)+2)/3+1
	for c := range candidates {
		if c == name {
			continue
		}
		if d := distance(x, fold(c)); d < bestD && d < len(x) {
			best, bestD = c, d
		}
	}
	return best
}

func fold(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, "_", ""))
}

// distance is the number of insertions, deletions, replacements and swaps of neighbouring bytes between x and y.
func distance(x, y string) int {
	older := make([]int, len(y)+1) // distances for the prefix of x two bytes shorter, then one, then this one
	old := make([]int, len(y)+1)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		older, old, row = old, row, older
		row[0] = i
		for j := 1; j <= len(y); j++ {
			d := old[j-1]
			if x[i-1] != y[j-1] {
				d++
			}
			d = min(d, old[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, older[j-2]+1)
			}
			row[j] = d
		}
	}
	return row[len(y)]
}
