//go:build linux

package interp

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestREPL(t *testing.T) {
	x := startTerminal(t)
	x.expect(">>> ")
	for _, step := range []struct{ in, want string }{
		{"1 + 2\r", "\n3\r\n"},
		{"_ * 2\r", "\n6\r\n"},
		{"'text'\r", "\n\"text\"\r\n"},
		{"None\r", "\n"},
		{"x = [1, 2]\r", "\n"},
		{"x[5]\r", "IndexError: "},
		{"undefined_thing\r", "<stdin-7>:1:1: undefined: undefined_thing\r\n    undefined_thing\r\n    ^\r\n"},
		{"x = (\r", "... "},
		{"7,)\r", "\n"},
		{"x\r", "\n(7,)\r\n"},
		{"def f(n):\r", "... "},
		{"  return n + x[0]\r", "... "},
		{"\r", "\n"},
		{"f(1)\r", "\n8\r\n"},
		{"x = [10]\r", "\n"},
		{"f(1)\r", "\n11\r\n"}, // f sees the new x
		{"x += [11]; len(x)\r", "\n"},
		{"len(x)\r", "\n2\r\n"},
		{"if True: y = 5\r", "... "},
		{"\r", "\n"},
		{"y\r", "\n5\r\n"},
		{"load('time', 'sleep')\r", "\n"},
		{"sleep(0)\r", "\n"},
		{"type(sleep)\r", "\n\"builtin_function_or_method\"\r\n"},
		{"__name__\r", "\n\"__main__\"\r\n"},
		{"f(\"a\")\r", "  <stdin-10>:2:12: in f\r\n    return n + x[0]\r\n             ^\r\nTypeError: "},
		{"1 +\r", "    1 +\r\n       ^\r\n"},
	} {
		x.send(step.in)
		x.expect(step.want)
		if step.want != "... " {
			x.expect(">>> ")
		}
	}
	x.send("\x04")
	if status := x.exit(); status != 0 {
		t.Errorf("Ctrl-D: exit status %d", status)
	}
}

func TestREPLInterrupt(t *testing.T) {
	x := startTerminal(t)
	x.expect(">>> ")
	x.send("1 + \x03") // throws the line away
	x.expect("KeyboardInterrupt")
	x.expect(">>> ")
	x.send("print('on' + 'ward') or time.sleep(3600)\r")
	x.expect("onward\r\n")
	x.send("\x03")
	x.expect("\nKeyboardInterrupt\r\n")
	x.expect(">>> ")
	x.send("def f():\r    print('on' + 'ward')\r    while True:\r        pass\r\r")
	x.expect(">>> ")
	x.send("f()\r")
	x.expect("onward\r\n")
	x.send("\x03")
	got := x.expect("KeyboardInterrupt\r\n")
	if strings.Count(got, "Traceback") != 1 {
		t.Errorf("got %q, want one traceback", got)
	}
	x.expect(">>> ")
	x.send("'still ' + 'here'\r")
	x.expect("\"still here\"\r\n")
	x.expect(">>> ")
	x.send("sys.exit(5)\r")
	if status := x.exit(); status != 5 {
		t.Errorf("exit status %d, want 5", status)
	}
}

// Pasted text has no empty lines after its functions.
func TestREPLPaste(t *testing.T) {
	x := startTerminal(t)
	x.expect(">>> ")
	x.send("def f():\r    return 1\rdef g():\r    return 2\rif f() == 1:\r    z = f() + g()\relse:\r    z = 0\rz * 100\r")
	x.expect("\n300\r\n")
	x.expect(">>> ")
	x.send("\x04")
	if status := x.exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// Ctrl-C ends what the line has started, and nothing else.
func TestREPLInterruptParallel(t *testing.T) {
	x := startTerminal(t)
	x.expect(">>> ")
	for _, line := range []string{
		"old = multiprocessing.Process(target = time.sleep, args = (3600,), name = 'old'); old.start()\r",
		"def work(n):\r    print('at ' + 'work')\r    time.sleep(3600)\r\r",
		"def main():\r    p = multiprocessing.Pool(2)\r    p.map(work, range(2), chunksize = 1)\r\r",
	} {
		x.send(line)
		x.expect(">>> ")
	}
	x.send("main()\r")
	x.expect("at work\r\n")
	x.expect("at work\r\n")
	x.send("\x03")
	x.expect("\nKeyboardInterrupt\r\n")
	x.expect(">>> ")
	x.send("[p.name for p in multiprocessing.active_children()]\r")
	x.expect("\n[\"old\"]\r\n")
	x.expect(">>> ")
	x.send("old.terminate(); old.join(); old.exitcode\r")
	x.expect(">>> ")
	x.send("old.exitcode\r")
	x.expect("\n-15\r\n")
	x.expect(">>> ")
	x.send("\x04")
	if status := x.exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// What a process prints while a line is edited stands above the line, which is shown again.
func TestREPLPrintsBesideTheLine(t *testing.T) {
	x := startTerminal(t)
	x.expect(">>> ")
	fifo := filepath.Join(t.TempDir(), "go") // a process that reads it waits until somebody writes to it
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	x.send("p = multiprocessing.Process(target = lambda: print(open('" + fifo + "').read() + 'afar')); p.start()\r")
	x.expect(">>> ")
	x.send("'half ' + 'a li")
	x.expect("'half ' + 'a li")
	if err := os.WriteFile(fifo, []byte("from "), 0); err != nil {
		t.Fatal(err)
	}
	x.expect("from afar\r\n")
	x.expect("'half ' + 'a li") // shown again
	x.send("ne'\r")
	x.expect("\n\"half a line\"\r\n")
	x.expect(">>> ")
	// What was printed before a join stands before what comes after it.
	x.send("q = multiprocessing.Process(target = print, args = ('fi' + 'rst',)); q.start(); q.join(); print('sec' + 'ond')\r")
	x.expect("first\r\nsecond\r\n")
	x.expect(">>> ")
	x.send("\x04")
	x.exit()
}

// A syntax error in the middle of pasted text spoils its own statement only.
func TestREPLPasteWithError(t *testing.T) {
	x := startTerminal(t)
	x.expect(">>> ")
	x.send("a = 1\rdef f():\r    return a +\rb = 2\ra + b * 100\r")
	x.expect("    return a +\r\n")
	x.expect("\n201\r\n")
	x.expect(">>> ")
	x.send("\x04")
	x.exit()
}

func TestREPLCompletion(t *testing.T) {
	x := startTerminal(t)
	x.expect(">>> ")
	x.send("multiproc\t.cpu_co\t() > 0\r")
	x.expect("\nTrue\r\n")
	x.expect(">>> ")
	x.send("point = struct(left = 1, leftover = struct(deep = 5))\r")
	x.expect(">>> ")
	x.send("point.lefto\t.de\t + 1\r")
	x.expect("\n6\r\n")
	x.expect(">>> ")
	x.send("\x04")
	x.exit()
}

// The history is there again in the next session.
func TestREPLHistory(t *testing.T) {
	history := "STARMP_HISTORY=" + t.TempDir() + "/history"
	x := startTerminalWith(t, []string{history})
	x.expect(">>> ")
	x.send("40 + 2\r")
	x.expect("\n42\r\n")
	x.expect(">>> ")
	x.send("\x04")
	x.exit()
	x = startTerminalWith(t, []string{history})
	x.expect(">>> ")
	x.send("\x1b[A\r") // cursor up
	x.expect("\n42\r\n")
	x.expect(">>> ")
	x.send("\x04")
	x.exit()
}

func TestInteractive(t *testing.T) {
	x := startTerminal(t, "-i", "-c", "x = 6\ndef f(n): return n * x\nprint('ran', sys.argv)\nfail('bad')\ny = 1\n", "arg")
	x.expect("ran [\"-c\", \"arg\"]\r\n")
	x.expect("Exception: bad\r\n")
	x.expect(">>> ")
	x.send("f(7)\r")
	x.expect("\n42\r\n")
	x.send("x = 7; f(7)\r")
	x.expect(">>> ")
	x.send("f(7)\r")
	x.expect("\n49\r\n")
	x.send("with_(multiprocessing.Pool(1), lambda p: p.map(f, [1, 2]))\r")
	x.expect("\n[7, 14]\r\n")
	x.send("y\r")
	x.expect("undefined: y")
	x.expect(">>> ")
	x.send("\x04")
	if status := x.exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	x = startTerminal(t, "--interactive", "-c", "x = (")
	x.expect("got end of file")
	x.expect(">>> ")
	x.send("sys.exit(3)\r")
	if status := x.exit(); status != 3 {
		t.Errorf("exit status %d", status)
	}
}
