package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// benchmark is a script that measures some rows.
type benchmark struct {
	path    string
	rows    []row
	methods []string // CPython's start methods to compare; "" alone if that does not matter
}

// row is a line of the table.
type row struct {
	name, unit string
	higher     bool    // whether more is better
	ratio      float64 // most time against the best CPython, 0 for no such target
	pinned     float64 // the same with all processes on one CPU
	plain      float64 // most time against go.starlark.net with Go's default settings
	value      float64 // the number that is asked for
	limit      string  // the number of limit/limit.c to compare with, or ""
	ofLimit    float64 // most time against the machine's limit
}

var (
	headerLine  = regexp.MustCompile(`^# bench: (.*?) \| (.*?) \| (lower|higher)(?: \| (.*))?$`)
	methodsLine = regexp.MustCompile(`^# methods: (.*)$`)
)

// readBenchmark reads the comments at a script's top. There is one for each number that it prints, in order:
//
//	# bench: NAME | UNIT | lower or higher is better | TARGET, ...
//
// A target is "ratio X", at most X times the time that the best CPython takes (for a rate or a size likewise); "pinned X",
// the same with everything on one CPU, which makes a row of its own; "plain X", at most X times the time of go.starlark.net
// as it is; "value X", the number itself; "limit NAME [X]", what limit/limit.c's number of that name is shown beside it, and the
// row takes at most X times that. A line
//
//	# methods: fork forkserver spawn
//
// names the start methods to try with CPython; the script gets them as an argument.
func readBenchmark(path, text string) (*benchmark, error) {
	b := &benchmark{path: path}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if m := methodsLine.FindStringSubmatch(line); m != nil {
			b.methods = strings.Fields(m[1])
			continue
		}
		m := headerLine.FindStringSubmatch(line)
		if m == nil {
			break
		}
		r := row{name: m[1], unit: m[2], higher: m[3] == "higher"}
		for target := range strings.SplitSeq(m[4], ",") {
			if err := r.readTarget(strings.Fields(target)); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, line, err)
			}
		}
		b.rows = append(b.rows, r)
	}
	if len(b.rows) == 0 {
		return nil, fmt.Errorf("%s: the first line is not # bench: NAME | UNIT | lower or higher [| TARGETS]", path)
	}
	if b.methods == nil {
		b.methods = []string{""}
	}
	return b, nil
}

func (r *row) readTarget(words []string) error {
	if len(words) == 0 {
		return nil
	}
	if words[0] == "limit" && len(words) == 2 {
		r.limit = words[1]
		return nil
	}
	x, err := number(words[len(words)-1])
	if err != nil {
		return err
	}
	switch {
	case words[0] == "limit" && len(words) == 3:
		r.limit, r.ofLimit = words[1], x
	case len(words) != 2:
		return fmt.Errorf("unknown target %q", strings.Join(words, " "))
	case words[0] == "ratio":
		r.ratio = x
	case words[0] == "pinned":
		r.pinned = x
	case words[0] == "plain":
		r.plain = x
	case words[0] == "value":
		r.value = x
	default:
		return fmt.Errorf("unknown target %q", words[0])
	}
	return nil
}

// number reads 0.7 or 1/3.
func number(s string) (float64, error) {
	over, under, ok := strings.Cut(s, "/")
	x, err := strconv.ParseFloat(over, 64)
	if err != nil || !ok {
		return x, err
	}
	y, err := strconv.ParseFloat(under, 64)
	return x / y, err
}

func (b *benchmark) matches(re *regexp.Regexp) bool {
	for _, r := range b.rows {
		if re.MatchString(r.name) {
			return true
		}
	}
	return re.MatchString(b.path)
}

// pins reports whether a row has a target on one CPU.
func (b *benchmark) pins() bool {
	for _, r := range b.rows {
		if r.pinned > 0 {
			return true
		}
	}
	return false
}

// compares reports whether a row is compared with go.starlark.net as it is.
func (b *benchmark) compares() bool {
	for _, r := range b.rows {
		if r.plain > 0 {
			return true
		}
	}
	return false
}
