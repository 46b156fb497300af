package mp

import (
	"testing"
	"time"
)

func TestProgressText(t *testing.T) {
	for _, test := range []struct {
		total, items, width int
		after               time.Duration
		want                string
	}{
		{10, 0, 100, time.Second, "map:   0% [--------------------] 0/10  0.00/s  ? left"},
		{10, 5, 100, 2 * time.Second, "map:  50% [##########----------] 5/10  2.50/s  0:02 left"},
		{10, 10, 100, time.Hour, "map: 100% [####################] 10/10  0.00/s  0:00 left"},
		{100000, 1000, 100, 10 * time.Minute, "map:   1% [--------------------] 1000/100000  1.67/s  16:30:00 left"},
		{0, 0, 100, time.Second, "map: 100% [####################] 0/0  0.00/s  ? left"},
		{-1, 1200, 100, time.Minute, "map: 1200  20/s  1:00"},
		{10, 5, 12, time.Second, "map:  50% [#"},
		{10, 5, -1, time.Second, ""},
	} {
		b := &progressBar{name: "map", total: test.total}
		b.add(test.items)
		if got := b.text(test.after, test.width); got != test.want {
			t.Errorf("%d of %d after %v: got %q, want %q", test.items, test.total, test.after, got, test.want)
		}
	}
}
