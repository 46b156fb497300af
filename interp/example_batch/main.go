// Example_batch is a batch tool: it calls a script's function work with each line of its standard input, on all processors, and prints the results
// in order; on a terminal, a bar on standard error shows how far it is. Ctrl-C stops it and leaves nothing running.
//
//	seq 1000 | go run . work.star
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/chzyer/readline"
	"github.com/starmp/starmp/interp"
	"go.starlark.net/starlark"
)

func main() {
	interp.Child()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: example_batch SCRIPT < LINES")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	bar := io.Discard
	if readline.IsTerminal(int(os.Stderr.Fd())) {
		bar = os.Stderr
	}
	if err := run(ctx, os.Args[1], os.Stdin, os.Stdout, bar); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run works through the lines of in.
func run(ctx context.Context, script string, in io.Reader, out, bar io.Writer) error {
	rt, err := interp.New(interp.Options{Argv: []string{script}, Stdout: out, Stderr: os.Stderr})
	if err != nil {
		return err
	}
	defer rt.Close()
	globals, err := rt.ExecFile(ctx, script)
	if err != nil {
		return err
	}
	work := globals["work"]
	if work == nil {
		return fmt.Errorf("%s has no function work", script)
	}
	pool, err := rt.NewPool(interp.PoolOptions{})
	if err != nil {
		return err
	}
	defer pool.Close()

	var lines []string
	for scan := bufio.NewScanner(in); scan.Scan(); {
		lines = append(lines, scan.Text())
	}
	done, failed := 0, 0
	w := bufio.NewWriter(out)
	defer w.Flush()
	for v, err := range pool.Results(ctx, work, values(lines)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed++
			fmt.Fprintf(w, "%s: %v\n", lines[done], err)
		} else if s, ok := starlark.AsString(v); ok {
			fmt.Fprintln(w, s)
		} else {
			fmt.Fprintln(w, v)
		}
		done++
		show(bar, done, len(lines))
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d lines failed", failed, done)
	}
	return nil
}

// values yields lines as Starlark's strings.
func values(lines []string) func(yield func(starlark.Value) bool) {
	return func(yield func(starlark.Value) bool) {
		for _, line := range lines {
			if !yield(starlark.String(line)) {
				return
			}
		}
	}
}

// show draws the bar.
func show(bar io.Writer, done, all int) {
	const width = 40
	n := width * done / all
	fmt.Fprintf(bar, "\r[%s%s] %d/%d", strings.Repeat("#", n), strings.Repeat(".", width-n), done, all)
	if done == all {
		fmt.Fprintln(bar)
	}
}
