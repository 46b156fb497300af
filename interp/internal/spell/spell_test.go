package spell

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	names := []string{"len", "print", "range", "multiprocessing", "Process", "current_process", "with_", "try_", "id", "x", "y"}
	for _, test := range []struct{ name, want string }{
		{"pritn", "print"},
		{"prnt", "print"},
		{"rnage", "range"},
		{"process", "Process"},
		{"currentprocess", "current_process"},
		{"multiprocesing", "multiprocessing"},
		{"with", "with_"},
		{"lne", "len"},
		{"z", ""},
		{"zz", ""},
		{"frobnicate", ""},
		{"print", ""}, // a name is not its own misspelling
	} {
		if got := Nearest(test.name, slices.Values(names)); got != test.want {
			t.Errorf("Nearest(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		x, y string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "xabc", 1},
		{"kitten", "sitting", 3}, {"ab", "ba", 1},
	} {
		if got := distance(test.x, test.y); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.x, test.y, got, test.want)
		}
		if got := distance(test.y, test.x); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.y, test.x, got, test.want)
		}
	}
}
