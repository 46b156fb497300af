// Bench measures starmp beside CPython's multiprocessing:
//
//	scripts/bench.sh [-rounds N] [-run REGEXP] [-cpus LIST] [SCRIPT.star ...]
//
// Each benchmark is a script that runs unchanged under both and prints one number. Its first line says what it is:
//
//	# bench: NAME | UNIT | lower or higher is better | CPython's start methods to compare, if that matters
//
// The interpreters take turns within each round, so that a slow moment of the machine hits all of them; the table shows
// the medians. An interpreter that is not found is left out, and said to be.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// dir is where the scripts are and prelude what runs them under CPython, both seen from the repository's top.
const (
	dir     = "scripts/bench"
	prelude = "testdata/polyglot/prelude.py"
)

func main() {
	rounds := flag.Int("rounds", 5, "rounds to take the median of")
	pattern := flag.String("run", "", "only benchmarks whose name or file matches `regexp`")
	cpus := flag.String("cpus", "", "pin everything to these CPUs, a `list` as for taskset")
	starmp := flag.String("starmp", "starmp", "the starmp command")
	flag.Parse()
	if err := bench(*starmp, *rounds, *pattern, *cpus, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(starmp string, rounds int, pattern, cpus string, paths []string) error {
	match, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		if paths, err = filepath.Glob(filepath.Join(dir, "*.star")); err != nil {
			return err
		}
	}
	interpreters := append([]interpreter{{name: "starmp", command: []string{starmp}}}, pythons()...)
	if cpus != "" {
		for i := range interpreters {
			interpreters[i].command = append([]string{"taskset", "-c", cpus}, interpreters[i].command...)
		}
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(out, "benchmark\tunit\t")
	for _, in := range interpreters {
		fmt.Fprintf(out, "%s\t", in.name)
	}
	fmt.Fprintln(out, "against the best\t")
	for _, path := range paths {
		b, err := readBenchmark(path)
		if err != nil {
			return err
		}
		if match.MatchString(b.name) || match.MatchString(path) {
			b.measure(interpreters, rounds)
			b.report(out, interpreters)
		}
	}
	return out.Flush()
}

// interpreter is something that runs the scripts.
type interpreter struct {
	name    string
	command []string
	cpython bool
}

// pythons finds CPython 3.13 and 3.11.
func pythons() []interpreter {
	var found []interpreter
	home, _ := os.UserHomeDir()
	for _, version := range []string{"3.13", "3.11"} {
		installed, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions", version+".*/bin/python3"))
		path := ""
		for _, candidate := range append([]string{"python" + version, "python3"}, installed...) {
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
		found = append(found, interpreter{"python" + version, []string{path, prelude}, true})
	}
	return found
}

// benchmark is a script and what it gave: the numbers by interpreter and start method.
type benchmark struct {
	path, name, unit string
	higher           bool
	methods          []string
	samples          map[string][]float64
}

var header = regexp.MustCompile(`^# bench: (.*?) \| (.*?) \| (lower|higher)(?: \| (.*))?\n`)

func readBenchmark(path string) (*benchmark, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := header.FindStringSubmatch(string(text))
	if m == nil {
		return nil, fmt.Errorf("%s: the first line is not # bench: NAME | UNIT | lower or higher [| METHODS]", path)
	}
	b := &benchmark{path: path, name: m[1], unit: m[2], higher: m[3] == "higher", samples: map[string][]float64{}}
	if b.methods = strings.Fields(m[4]); len(b.methods) == 0 {
		b.methods = []string{""}
	}
	return b, nil
}

// measure runs the script in rounds, each with all interpreters. What fails says so once and has no number.
func (b *benchmark) measure(interpreters []interpreter, rounds int) {
	failed := map[string]bool{}
	for range rounds {
		for _, in := range interpreters {
			for _, method := range b.methods {
				key := in.name + method
				if !in.cpython && method != b.methods[0] || failed[key] {
					continue
				}
				n, err := b.once(in, method)
				if err != nil {
					fmt.Fprintf(os.Stderr, "bench: %s: %s %s: %v\n", b.name, in.name, method, err)
					failed[key] = true
					continue
				}
				b.samples[key] = append(b.samples[key], n)
			}
		}
	}
}

func (b *benchmark) once(in interpreter, method string) (float64, error) {
	args := append(slices.Clone(in.command[1:]), b.path)
	if in.cpython && method != "" {
		args = append(args, method)
	}
	cmd := exec.Command(in.command[0], args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		text := strings.TrimSpace(stderr.String())
		return 0, fmt.Errorf("%w: %s", err, text[strings.LastIndex(text, "\n")+1:])
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// report writes a line for each start method. The last column sets starmp against the best CPython of the line: below 1
// starmp takes less time or memory, or for a rate, above 1 it does more.
func (b *benchmark) report(out *tabwriter.Writer, interpreters []interpreter) {
	for _, method := range b.methods {
		name := b.name
		if method != "" {
			name += ", " + method
		}
		fmt.Fprintf(out, "%s\t%s\t", name, b.unit)
		ours, best := 0.0, 0.0
		for _, in := range interpreters {
			key := in.name + method
			if !in.cpython {
				key = in.name + b.methods[0]
			}
			n, ok := median(b.samples[key])
			if !ok {
				fmt.Fprint(out, "-\t")
				continue
			}
			fmt.Fprintf(out, "%s\t", figure(n))
			switch {
			case !in.cpython:
				ours = n
			case best == 0, b.higher && n > best, !b.higher && n < best:
				best = n
			}
		}
		if ours > 0 && best > 0 {
			fmt.Fprintf(out, "%.2f\t\n", ours/best)
		} else {
			fmt.Fprintln(out, "-\t")
		}
	}
}

func median(samples []float64) (float64, bool) {
	if len(samples) == 0 {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[len(sorted)/2], true
}

// figure writes a number with three digits that mean something.
func figure(n float64) string {
	switch {
	case n >= 100:
		return strconv.FormatFloat(n, 'f', 0, 64)
	case n >= 10:
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	return strconv.FormatFloat(n, 'f', 2, 64)
}
