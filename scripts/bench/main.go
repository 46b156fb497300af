// Bench measures starmp beside CPython's multiprocessing:
//
//	scripts/bench.sh [-rounds N] [-run REGEXP] [-cpus LIST] [-json FILE] [-md FILE] [-svg FILE] [SCRIPT.star ...]
//	scripts/bench.sh -growth [-run REGEXP] [-cpus LIST]
//
// Each benchmark is a script that runs unchanged under both and prints a number for each row of the table. The script says
// at its top what the rows are, and what is asked of them, see [readBenchmark].
//
// In each round every script runs once with each interpreter, so that a slow moment of the machine hits all of them alike;
// the table shows the medians. An interpreter that is not found is left out, and said to be. So is the small C program
// that shows what the machine itself can do.
//
// With -growth, scripts of the folder growth show how a cost grows with the size of something.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// dir is where the scripts are, and prelude what runs them under CPython, both seen from the repository's top.
const (
	dir     = "scripts/bench"
	prelude = "testdata/polyglot/prelude.py"
)

type options struct {
	starmp, limit string // commands
	rounds        int
	cpus          string
	match         *regexp.Regexp
	json, svg     string
	markdown      string
	growth        bool
	paths         []string
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == plainArg {
		exit(plain(os.Args[2]))
	}
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "rounds to take the median of")
	run := flag.String("run", "", "only rows whose name or file matches `regexp`")
	flag.StringVar(&o.cpus, "cpus", "", "pin everything to these CPUs, a `list` as for taskset")
	flag.StringVar(&o.json, "json", "", "write everything that was measured to `file`")
	flag.StringVar(&o.markdown, "md", "", "write the table to `file` as Markdown")
	flag.StringVar(&o.svg, "svg", "", "draw the ratios to CPython into `file`")
	flag.BoolVar(&o.growth, "growth", false, "show how costs grow")
	flag.StringVar(&o.starmp, "starmp", "starmp", "the starmp command")
	flag.StringVar(&o.limit, "limit", "", "the command built from limit/limit.c")
	flag.Parse()
	var err error
	if o.match, err = regexp.Compile(*run); err != nil {
		exit(err)
	}
	o.paths = flag.Args()
	if o.growth {
		exit(growth(o))
	}
	exit(bench(o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// scripts are the paths that were given, or else all in folder.
func (o options) scripts(folder string) ([]string, error) {
	if len(o.paths) > 0 {
		return o.paths, nil
	}
	return filepath.Glob(filepath.Join(folder, "*.star"))
}

func bench(o options) error {
	paths, err := o.scripts(dir)
	if err != nil {
		return err
	}
	var benchmarks []*benchmark
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b, err := readBenchmark(path, string(text))
		if err != nil {
			return err
		}
		if b.matches(o.match) {
			benchmarks = append(benchmarks, b)
		}
	}
	m := newMeasurement(o)
	m.measure(benchmarks, o.rounds)
	results := m.results(benchmarks)
	writeTable(os.Stdout, results, m.names())
	rep := newReport(o, m, results)
	if o.json != "" {
		err = writeJSON(o.json, rep)
	}
	if o.markdown != "" {
		err = cmp.Or(err, os.WriteFile(o.markdown, markdown(rep, results, m.names()), 0o666))
	}
	if o.svg != "" {
		err = cmp.Or(err, os.WriteFile(o.svg, chart(results), 0o666))
	}
	return err
}
