package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// contestant is something that runs the scripts.
type contestant struct {
	name    string
	command []string
	cpython bool
}

const (
	oursName  = "starmp"
	plainName = "go.starlark.net"
)

// contestants are starmp and each CPython that is found, 3.13 and 3.11.
func contestants(starmp string) []contestant {
	found := []contestant{{name: oursName, command: []string{starmp}}}
	home, _ := os.UserHomeDir()
	for _, version := range []string{"3.13", "3.11"} {
		// Debian's 3.11 is built with profile-guided optimisation, so the system's comes first.
		installed, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions", version+".*/bin/python3"))
		path := ""
		for _, candidate := range append([]string{"/usr/bin/python" + version, "python" + version, "python3"}, installed...) {
			out, err := exec.Command(candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").Output()
			if err == nil && strings.TrimSpace(string(out)) == version {
				path = candidate
				break
			}
		}
		if path == "" {
			fmt.Fprintf(os.Stderr, "bench: python%s is left out: not found\n", version)
			continue
		}
		found = append(found, contestant{"python" + version, []string{path, prelude}, true})
	}
	return found
}

// patience is how long one run may take.
const patience = 2 * time.Minute

// run runs a script, pinned to cpus unless that is "", and returns the numbers that it prints, line by line.
func (c contestant) run(cpus string, args ...string) ([][]float64, error) {
	args = append(append([]string(nil), c.command...), args...)
	if cpus != "" {
		args = append([]string{"taskset", "-c", cpus}, args...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var stderr strings.Builder
	cmd.Stderr, cmd.WaitDelay = &stderr, time.Second
	out, err := cmd.Output()
	if err != nil {
		text := strings.TrimSpace(stderr.String())
		return nil, fmt.Errorf("%w: %s", err, text[strings.LastIndex(text, "\n")+1:])
	}
	var lines [][]float64
	for line := range strings.Lines(string(out)) {
		var numbers []float64
		for word := range strings.FieldsSeq(line) {
			n, err := strconv.ParseFloat(word, 64)
			if err != nil {
				return nil, err
			}
			numbers = append(numbers, n)
		}
		lines = append(lines, numbers)
	}
	return lines, nil
}
