package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/tabwriter"
)

// growth runs the scripts of the folder growth once with each interpreter and shows how a cost grows. Such a script gets
// the sizes as arguments, one at a time, and prints one number. Its first line says what it is and with which sizes:
//
//	# growth: NAME | UNIT | SIZE ... | SIZE ... for CPython
func growth(o options) error {
	paths, err := o.scripts(filepath.Join(dir, "growth"))
	if err != nil {
		return err
	}
	interpreters := contestants(o.starmp)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c, err := readCurve(path, string(text))
		if err != nil {
			return err
		}
		if !o.match.MatchString(c.name) && !o.match.MatchString(path) {
			continue
		}
		fmt.Fprintf(out, "%s, %s\t", c.name, c.unit)
		for _, size := range c.sizes {
			fmt.Fprintf(out, "%s\t", size)
		}
		fmt.Fprintln(out)
		for _, in := range interpreters {
			fmt.Fprintf(out, "%s\t", in.name)
			for _, size := range c.sizes {
				if in.cpython && !c.forCPython[size] {
					fmt.Fprint(out, "-\t")
					continue
				}
				lines, err := in.run(o.cpus, path, size)
				if err != nil || len(lines) != 1 || len(lines[0]) != 1 {
					fmt.Fprintf(os.Stderr, "bench: %s: %s: %s: %v %v\n", path, in.name, size, lines, err)
					fmt.Fprint(out, "-\t")
					continue
				}
				fmt.Fprintf(out, "%s\t", figure(lines[0][0]))
			}
			fmt.Fprintln(out)
		}
	}
	return out.Flush()
}

// curve is a script of the folder growth.
type curve struct {
	name, unit string
	sizes      []string
	forCPython map[string]bool // the sizes that CPython can do in a short time
}

var curveLine = regexp.MustCompile(`^# growth: (.*?) \| (.*?) \| (.*?) \| (.*)\n`)

func readCurve(path, text string) (*curve, error) {
	m := curveLine.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("%s: the first line is not # growth: NAME | UNIT | SIZES | SIZES FOR CPYTHON", path)
	}
	c := &curve{name: m[1], unit: m[2], sizes: strings.Fields(m[3]), forCPython: map[string]bool{}}
	for _, size := range strings.Fields(m[4]) {
		c.forCPython[size] = true
	}
	return c, nil
}
