//go:build linux

package interp

import (
	"strings"
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
