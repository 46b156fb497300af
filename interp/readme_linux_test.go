package interp

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestReadme does what the README shows: it writes its scripts, runs its commands, types its session, and compares what comes.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	var file string // the last that was mentioned
	name := regexp.MustCompile("`(\\w+\\.star)`")
	blocks := regexp.MustCompile("(?s)```(python|console)\n(.*?)```").FindAllSubmatchIndex(text, -1)
	if len(blocks) < 10 {
		t.Fatalf("found only %d blocks", len(blocks))
	}
	end := 0
	for _, b := range blocks {
		if names := name.FindAllSubmatch(text[end:b[0]], -1); names != nil {
			file = string(names[len(names)-1][1])
		}
		kind, body := string(text[b[2]:b[3]]), string(text[b[4]:b[5]])
		end = b[1]
		if kind == "python" {
			if err := os.WriteFile(file, []byte(body), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		command, want, _ := strings.Cut(strings.TrimPrefix(body, "$ "), "\n")
		if command == "starmp" {
			typeSession(t, want)
			continue
		}
		args := strings.Fields(command)
		got, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		if string(got) != want {
			t.Errorf("%s: got\n%s(%v), want\n%s", command, got, err, want)
		}
	}
}

// typeSession types what follows the prompts of a session, and expects what is between them.
func typeSession(t *testing.T, session string) {
	x := startTerminal(t)
	for _, line := range strings.Split(strings.TrimSuffix(session, "\n"), "\n") {
		prompt, typed := line[:min(4, len(line))], line[min(4, len(line)):]
		if prompt == ">>> " || prompt == "... " {
			x.expect(prompt)
			x.send(typed + "\r")
			continue
		}
		if before, _, ok := strings.Cut(line, "PoolWorker-"); ok { // whichever takes the task
			x.expect(before)
			continue
		}
		x.expect(line + "\r\n")
	}
	x.expect(">>> ")
	x.send("\x04")
	if status := x.exit(); status != 0 {
		t.Errorf("the session ended with status %d", status)
	}
}
