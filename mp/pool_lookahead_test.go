package mp

import "testing"

// A lookahead stays as it was while tasks are long, grows where they are short, and shrinks again.
func TestLookahead(t *testing.T) {
	l := newLookahead(4)
	given := uint32(0)
	take := func(n int, late bool) {
		for range n {
			given++
			if late {
				l.since -= 10 * 1e6
			}
			l.due(given+uint32(l.window)/2, given)
		}
	}
	take(100, true)
	if l.window != 4 {
		t.Errorf("tasks of some milliseconds: window %d, want 4", l.window)
	}
	l, given = newLookahead(4), 0
	take(8, false)
	if l.window != 4 {
		t.Errorf("after 8 short tasks: window %d, want 4", l.window)
	}
	l.since += 1e12 // no time at all has passed
	take(5000, false)
	if l.window != mostAhead {
		t.Errorf("after many short tasks: window %d, want %d", l.window, mostAhead)
	}
	if l.due(given+mostAhead/2+1, given) || !l.due(given+mostAhead/2, given) {
		t.Error("a long window is not filled when half of it is taken")
	}
	take(10000, true)
	if l.window != 4 {
		t.Errorf("when tasks have become long: window %d, want 4", l.window)
	}
	l = lookahead{window: 3}
	if !l.due(2, 0) || l.window != 3 {
		t.Error("a fixed window is not filled at once")
	}
}
