package interp

import (
	"io"
	"os"
	"strings"
	"testing"
)

// Errors are coloured on a terminal, unless NO_COLOR says otherwise.
func TestColors(t *testing.T) {
	const code = "def f():\n    return {}['k']\nf()\n"
	x := startTerminalWith(t, []string{"NO_COLOR="}, "-c", code)
	x.expect("Traceback (most recent call last):\r\n" +
		"  " + colorPlace + "<string>:3:2" + colorOff + ": in <toplevel>\r\n    f()\r\n     " + colorMark + "^" + colorOff + "\r\n" +
		"  " + colorPlace + "<string>:2:14" + colorOff + ": in f\r\n    return {}['k']\r\n             " + colorMark + "^" + colorOff + "\r\n" +
		colorMark + "KeyError" + colorOff + ": key \"k\" not in dict\r\n")
	x = startTerminalWith(t, []string{"NO_COLOR="}, "-c", "x = (")
	x.expect(colorPlace + "<string>:1:6" + colorOff + ": got end of file")
	x = startTerminalWith(t, []string{"NO_COLOR="}, "-c", "multiprocessing.Process(target = lambda: 1 // 0).start()")
	x.expect(colorMark + "ZeroDivisionError" + colorOff + ": ")
	for _, env := range []string{"NO_COLOR=1", "TERM=dumb"} {
		x = startTerminalWith(t, []string{"NO_COLOR=", env}, "-c", code)
		x.expect("\r\nKeyError: ")
	}
}

func TestPaintedOnlyOnTerminals(t *testing.T) {
	text := tracebackHeader + "\nKeyError: x\n"
	for _, w := range []io.Writer{os.NewFile(1<<20, "closed"), new(strings.Builder)} {
		if paint(w, text) != text {
			t.Errorf("coloured for a %T", w)
		}
	}
}
