package interp

import "testing"

func TestCompleter(t *testing.T) {
	c := completer(func() []string { return []string{"multiprocessing", "my_value", "x"} })
	for _, test := range []struct {
		line string
		want []string
	}{
		{"", []string{"    "}},
		{"    ", []string{"    "}},
		{"multi", []string{"processing"}},
		{"f(my", []string{"_value"}},
		{"m", []string{"ultiprocessing", "y_value", "ax", "in"}},
		{"x.m", nil}, // an attribute
		{"f(", nil},
		{"nosuch", nil},
	} {
		rest, _ := c.Do([]rune(test.line), len(test.line))
		var got []string
		for _, r := range rest {
			got = append(got, string(r))
		}
		if len(got) != len(test.want) {
			t.Errorf("%q: got %q, want %q", test.line, got, test.want)
			continue
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%q: got %q, want %q", test.line, got, test.want)
			}
		}
	}
}
