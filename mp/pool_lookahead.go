package mp

import (
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
)

// lookahead says how many chunks of an imap are at most on their way or waiting to be taken. That is enough to keep the workers busy for
// about enoughAhead, in which a process that sleeps is awake again: a few long tasks, or many short ones. It grows with what has been taken
// already, so who takes a few results only has had few more made.
type lookahead struct {
	window int
	least  int // what window is at first, 0 if it does not change

	since futex.Deadline // when
	from  uint32         // this many had been taken
}

const (
	enoughAhead = time.Millisecond
	mostAhead   = 256 // chunks
)

func newLookahead(least int) lookahead {
	return lookahead{window: least, least: least, since: futex.Now()}
}

// due reports whether to send more, sent chunks having been sent and given taken. A long window is filled when half of it has been taken,
// so that workers who sleep are woken once for many tasks.
func (l *lookahead) due(sent, given uint32) bool {
	if l.least == 0 {
		return true
	}
	if l.window > l.least && int(sent-given) > l.window/2 {
		return false
	}
	if int(given-l.from) >= l.window {
		now := futex.Now()
		switch took := time.Duration(now - l.since); {
		case took < enoughAhead:
			l.window = max(l.least, min(2*l.window, int(given/4), mostAhead))
		case took > 4*enoughAhead:
			l.window = max(l.least, l.window/2)
		}
		l.since, l.from = now, given
	}
	return true
}
