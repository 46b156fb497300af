package interp

import (
	"io"
	"os"
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
	lines := strings.Split(text, "\n")
	in := false // a traceback, whose frames the exception's line follows
	for i, line := range lines {
		place, rest := cutPlace(strings.TrimPrefix(line, "  "))
		name, _, _ := strings.Cut(line, ":")
		switch {
		case line == tracebackHeader:
			in = true
		case place != "":
			lines[i] = line[:len(line)-len(place)-len(rest)] + colorPlace + place + colorOff + rest
		case strings.HasPrefix(line, "    ") && strings.TrimLeft(line, " ") == "^":
			lines[i] = line[:len(line)-1] + colorMark + "^" + colorOff
		case in && isDottedName(name):
			in = false
			lines[i] = colorMark + name + colorOff + line[len(name):]
		}
	}
	return strings.Join(lines, "\n")
}

// cutPlace splits "file:line:col: what" before the last colon; place is empty for any other text.
func cutPlace(s string) (place, rest string) {
	for at := 0; ; {
		i := strings.Index(s[at:], ": ")
		if i < 0 || s[0] == ' ' {
			return "", s
		}
		at += i
		file, col, ok1 := cutLast(s[:at])
		file, line, ok2 := cutLast(file)
		if ok1 && ok2 && file != "" && isNumber(line) && isNumber(col) {
			return s[:at], s[at:]
		}
		at++
	}
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isDottedName reports whether s is a class's name, with its module or without.
func isDottedName(s string) bool {
	return s != "" && (s[0] < '0' || s[0] > '9') && strings.TrimFunc(s, func(c rune) bool { return c == '.' || isNameRune(c) }) == ""
}
