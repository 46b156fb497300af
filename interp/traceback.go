package interp

import (
	"errors"
	"fmt"
	"slices"
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
	shownRepeats = 3   // of one frame, as by a function that calls itself
	shownFrames  = 100 // at either end
)

// String returns the traceback as it is shown, ending in a newline; nothing for an empty one. Of a very deep recursion it
// shows the ends.
func (tb Traceback) String() string {
	if len(tb) == 0 {
		return ""
	}
	lines := []string{"Traceback (most recent call last):"}
	for i := 0; i < len(tb); {
		n := 1
		for i+n < len(tb) && tb[i+n] == tb[i] {
			n++
		}
		for range min(n, shownRepeats) {
			lines = append(lines, "  "+tb[i].String())
		}
		if n > shownRepeats {
			lines = append(lines, fmt.Sprintf("  [previous line repeated %d more times]", n-shownRepeats))
		}
		i += n
	}
	if hidden := len(lines) - 1 - 2*shownFrames; hidden > 1 {
		lines = slices.Replace(lines, 1+shownFrames, 1+shownFrames+hidden, fmt.Sprintf("  [%d more frames]", hidden))
	}
	return strings.Join(lines, "\n") + "\n"
}
