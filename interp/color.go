package interp

import (
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/chzyer/readline"
)

// Colours in errors are for terminals only, and only where neither NO_COLOR (no-color.org) nor a dumb terminal forbids
// them.
const (
	colorPlace = "\x1b[35m"   // where a frame is
	colorMark  = "\x1b[1;31m" // the caret, and the class of an exception
	colorOff   = "\x1b[0m"
)

// colored reports whether what is written to w is to have colours.
func colored(w io.Writer) bool {
	switch o := w.(type) {
	case *output:
		return colored(o.w)
	case besideLine:
		return colored(o.terminal)
	}
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && readline.IsTerminal(int(f.Fd()))
}

// paint adds colours to a text with tracebacks or syntax errors that is written to w, if w is to have them.
func paint(w io.Writer, text string) string {
	if !colored(w) {
		return text
	}
	frame := regexp.MustCompile(`^  (\S.*:\d+:\d+)(: in .*)$`)
	problem := regexp.MustCompile(`^(\S+:\d+:\d+)(: .*)$`)
	caret := regexp.MustCompile(`^( {4,})(\^)$`)
	class := regexp.MustCompile(`^([A-Za-z_][\w.]*)(: .*|)$`)
	lines := strings.Split(text, "\n")
	in := false // a traceback, whose frames the exception's line follows
	for i, line := range lines {
		switch {
		case line == tracebackHeader:
			in = true
		case frame.MatchString(line):
			lines[i] = frame.ReplaceAllString(line, "  "+colorPlace+"$1"+colorOff+"$2")
		case caret.MatchString(line):
			lines[i] = caret.ReplaceAllString(line, "$1"+colorMark+"$2"+colorOff)
		case problem.MatchString(line):
			lines[i] = problem.ReplaceAllString(line, colorPlace+"$1"+colorOff+"$2")
		case in && class.MatchString(line):
			in = false
			lines[i] = class.ReplaceAllString(line, colorMark+"$1"+colorOff+"$2")
		}
	}
	return strings.Join(lines, "\n")
}
