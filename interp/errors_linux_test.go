package interp

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestErrorsPeopleSee runs the failing scripts of testdata/errors and compares all that they print, through a pipe and, with colours, on
// a terminal. UPDATE_SCRIPTS=1 writes the golden files: look at them before you keep them.
func TestErrorsPeopleSee(t *testing.T) {
	t.Chdir("../testdata/errors")
	scripts, err := filepath.Glob("*.star")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts: ", err)
	}
	for _, script := range scripts {
		t.Run(script, func(t *testing.T) {
			golden := strings.TrimSuffix(script, ".star")
			cmd := exec.Command("starmp", script)
			out, _ := cmd.CombinedOutput()
			plain := fmt.Sprintf("%s[exit status %d]\n", out, cmd.ProcessState.ExitCode())
			compareGolden(t, golden+".golden", plain)
			for _, line := range strings.Split(plain, "\n") {
				if utf8.RuneCountInString(line) > terminalWidth {
					t.Errorf("does not fit into a line of a terminal: %s", line)
				}
			}

			x := startTerminalWith(t, []string{"NO_COLOR="}, script)
			status := x.exit()
			text := strings.ReplaceAll(x.rest(), "\r\n", "\n")
			compareGolden(t, golden+".color.golden", fmt.Sprintf("%s[exit status %d]\n", text, status))
			for _, code := range []string{colorPlace, colorMark, colorOff} {
				text = strings.ReplaceAll(text, code, "")
			}
			if text != string(out) {
				t.Errorf("a terminal shows more than colours: %q, not %q", text, out)
			}
		})
	}
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}
