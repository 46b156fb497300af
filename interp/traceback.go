package interp

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// Traceback is the call stack of an error, outermost frame first. Frames of functions written in Go are left out: they
// have no position, and their errors name them.
type Traceback []Frame

// Frame is one call of a script's function.
type Frame struct {
	File      string
	Line, Col int32
	Func      string
}

func (f Frame) String() string {
	return fmt.Sprintf("%s:%d:%d: in %s", f.File, f.Line, f.Col, f.Func)
}

// TracebackOf returns the call stack of the error that err began with. It is empty if err did not arise in a script.
func TracebackOf(err error) Traceback {
	var all Traceback
	for err != nil {
		var e *starlark.EvalError
		if !errors.As(err, &e) {
			break
		}
		tb := stackOf(e.CallStack)
		if n := len(all); n <= len(tb) && slices.Equal(all, tb[:n]) {
			all = tb // the same stack, before some of its calls had returned the error
		} else if n <= len(tb) || !slices.Equal(all[:len(tb)], tb) {
			all = append(all, tb...) // the stack of a thread that this one waited for
		}
		err = e.Unwrap()
	}
	return all
}

func stackOf(stack starlark.CallStack) Traceback {
	tb := make(Traceback, 0, len(stack))
	for _, fr := range stack {
		if fr.Pos.Line > 0 {
			tb = append(tb, Frame{fr.Pos.Filename(), fr.Pos.Line, fr.Pos.Col, fr.Name})
		}
	}
	return tb
}

const (
	shownRepeats = 3   // of one frame, as by a function that calls itself; of several once
	longestCycle = 10  // of functions that call each other
	shownFrames  = 100 // at either end
)

// String returns the traceback as it is shown where no text of the scripts is at hand, ending in a newline; nothing for an empty
// one. Of a very deep recursion it shows the ends.
func (tb Traceback) String() string {
	if len(tb) == 0 {
		return ""
	}
	return tb.head() + tb.text(func(string, int32) string { return "" })
}

// tracebackIn returns the frames that the last traceback in text shows.
func tracebackIn(text string) (tb Traceback) {
	for line := range strings.Lines(text[max(0, strings.LastIndex(text, tracebackHeader)):]) {
		at, fn, ok := strings.Cut(strings.TrimSpace(line), ": in ")
		parts := strings.Split(at, ":")
		if n := len(parts); ok && n >= 3 {
			line, err1 := strconv.ParseInt(parts[n-2], 10, 32)
			col, err2 := strconv.ParseInt(parts[n-1], 10, 32)
			if err1 == nil && err2 == nil {
				tb = append(tb, Frame{strings.Join(parts[:n-2], ":"), int32(line), int32(col), fn})
			}
		}
	}
	return tb
}

// pos is the innermost position as file:line, empty if there is none.
func (tb Traceback) pos() string {
	if len(tb) == 0 {
		return ""
	}
	f := tb[len(tb)-1]
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// head is the first line of what is not empty.
func (tb Traceback) head() string {
	if len(tb) == 0 {
		return ""
	}
	return tracebackHeader + "\n"
}

const tracebackHeader = "Traceback (most recent call last):"

// text is the frames, each with its line of the script: line returns one, or "". What functions that call each other repeat is
// shown a few times only.
func (tb Traceback) text(line func(file string, n int32) string) string {
	var shown []string
	for i := 0; i < len(tb); {
		period, n := repeats(tb[i:])
		for _, f := range tb[i : i+period*min(n, shownTimes(period))] {
			shown = append(shown, "  "+f.String()+"\n"+excerpt(line(f.File, f.Line), f.Col, "    "))
		}
		if more := n - shownTimes(period); more > 0 {
			what := "previous call"
			if period > 1 {
				what = fmt.Sprintf("previous %d calls", period)
			}
			shown = append(shown, fmt.Sprintf("  [%s repeated %d more times]\n", what, more))
		}
		i += period * n
	}
	if hidden := len(shown) - 2*shownFrames; hidden > 1 {
		shown = slices.Replace(shown, shownFrames, shownFrames+hidden, fmt.Sprintf("  [%d more calls]\n", hidden))
	}
	return strings.Join(shown, "")
}

// repeats finds what tb begins with more often than it would be shown: that many frames, n times over.
func repeats(tb Traceback) (period, n int) {
	for period = 1; period <= longestCycle && 2*period <= len(tb); period++ {
		n = 1
		for (n+1)*period <= len(tb) && slices.Equal(tb[:period], tb[n*period:(n+1)*period]) {
			n++
		}
		if n > shownTimes(period) {
			return period, n
		}
	}
	return 1, 1
}

func shownTimes(period int) int {
	if period == 1 {
		return shownRepeats
	}
	return 1
}

const terminalWidth = 80

// shownWidth is how much of a line of a script is shown: what fits into a terminal of 80 columns.
const shownWidth = 74

// excerpt shows a line of a script, without the spaces around it, and a caret below its column, both after indent; of
// a long one it shows the part around the column. It returns "" where there is nothing to show.
func excerpt(line string, col int32, indent string) string {
	text := []rune(strings.ReplaceAll(strings.TrimRight(line, " \t\r\n"), "\t", " "))
	at := int(col) - 1
	if at < 0 || at > len(text) || len(text) == 0 {
		return ""
	}
	start := 0
	for start < len(text) && start < at && text[start] == ' ' {
		start++
	}
	text, at = text[start:], at-start
	if len(text) > shownWidth {
		from := max(0, min(at-shownWidth/2, len(text)-shownWidth))
		part := slices.Clone(text[from:min(len(text), from+shownWidth)])
		if from > 0 {
			part[0] = '…'
		}
		if from+shownWidth < len(text) {
			part[len(part)-1] = '…'
		}
		text, at = part, at-from
	}
	return indent + string(text) + "\n" + indent + strings.Repeat(" ", at) + "^\n"
}
