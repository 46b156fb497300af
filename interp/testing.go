package interp

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"github.com/starmp/starmp/interp/internal/eval"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// The command "starmp test" runs the functions test_* of files *_test.star, each in a process of its own, through a Pool. The script
// testrunner.star is the command; here is what a script cannot do.

//go:embed testrunner.star
var testRunner []byte

const testUsage = `usage: starmp test [OPTION...] [PATH...]

Runs the functions test_* of the files PATH, or of the files *_test.star in and below the directories PATH (default: .), in parallel, each
in a process of its own. A test fails if it raises; the module assert_ helps to say what must hold.

`

// testOptions is the command line of "starmp test".
type testOptions struct {
	paths   []string
	run     string
	timeout time.Duration
	jobs    int
	junit   string
	verbose bool
}

// parseTestArgs reads the arguments after "test". Its error is flag.ErrHelp where help was asked for and shown.
func parseTestArgs(args []string, stdout io.Writer) (*testOptions, error) {
	o := &testOptions{}
	flags := flag.NewFlagSet("starmp test", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.run, "run", "", "run only the tests in whose names `REGEXP`, of module re, is found")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "end a test that takes longer")
	flags.IntVar(&o.jobs, "j", runtime.NumCPU(), "run `N` tests at once")
	flags.StringVar(&o.junit, "junit", "", "write the results to `FILE`, as JUnit does in XML")
	flags.BoolVar(&o.verbose, "v", false, "show the tests that pass, too")
	err := flags.Parse(args)
	switch {
	case err == flag.ErrHelp:
		io.WriteString(stdout, testUsage)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return nil, err
	case err != nil:
		return nil, err
	case o.jobs < 1:
		return nil, errors.New("-j must be at least 1")
	case o.timeout <= 0:
		return nil, errors.New("-timeout must be positive")
	}
	if o.paths = flags.Args(); len(o.paths) == 0 {
		o.paths = []string{"."}
	}
	return o, nil
}

// test runs "starmp test" and returns the exit status.
func test(args []string, o Options) int {
	t, err := parseTestArgs(args, o.Stdout)
	if err == flag.ErrHelp {
		return 0
	}
	var files []string
	if err == nil {
		files, err = testFiles(t.paths)
	}
	if err == nil && t.junit != "" { // better now than after all the tests
		err = writable(t.junit)
	}
	if err != nil {
		fmt.Fprintf(o.Stderr, "starmp test: %v\n", err)
		return statusUsage
	}
	s, err := newSession(o)
	if err != nil {
		fmt.Fprintf(o.Stderr, "starmp: %v\n", err)
		return statusFailed
	}
	scratch, err := os.MkdirTemp("", "starmp-test-")
	if err != nil {
		fmt.Fprintf(o.Stderr, "starmp test: %v\n", err)
		return statusFailed
	}
	defer os.RemoveAll(scratch)
	env := s.moduleEnv(mainName)
	for name, v := range t.env(s.Runtime, files, scratch) {
		env[name] = v
	}
	return s.script(env, testFile, testRunner)
}

// testFile is the name of testrunner.star in positions.
const testFile = "starmp test"

// withoutFrames is a traceback without the frames that are in a file.
func withoutFrames(traceback, file string) string {
	var kept []string
	skip := false
	for _, line := range strings.SplitAfter(traceback, "\n") {
		if skip = strings.HasPrefix(line, "  "+file+":") || skip && strings.HasPrefix(line, "    "); !skip {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// testFiles lists the files of the command's paths, in the order in which they are to run.
func testFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("can't open %s: %s", path, reason(err))
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.HasSuffix(file, "_test.star") {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("can't read %s: %s", path, reason(err))
		}
	}
	return files, nil
}

// writable makes a file, if it isn't there, to see that it can be written.
func writable(file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("can't write %s: %s", file, reason(err))
	}
	return f.Close()
}

// env is what testrunner.star has beside what all scripts have.
func (t *testOptions) env(rt *Runtime, files []string, scratch string) starlark.StringDict {
	list := func(items []string) starlark.Value {
		l := make([]starlark.Value, len(items))
		for i, s := range items {
			l[i] = starlark.String(s)
		}
		return starlark.NewList(l)
	}
	return starlark.StringDict{
		"o": starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{
			"files":   list(files),
			"paths":   list(t.paths),
			"run":     starlark.String(t.run),
			"timeout": starlark.Float(t.timeout.Seconds()),
			"jobs":    starlark.MakeInt(t.jobs),
			"scratch": starlark.String(scratch),
			"junit":   starlark.String(t.junit),
			"verbose": starlark.Bool(t.verbose),
		}),
		"load_tests": starlark.NewBuiltin("load_tests", rt.loadTests),
		"run_test":   rt.runTest,
		"read_output": oneString("read_output", func(file string) (starlark.Value, error) {
			text, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) { // the process ended before the test began
				err = nil
			}
			return starlark.String(text), err
		}),
		"paint": oneString("paint", func(text string) (starlark.Value, error) {
			return starlark.String(paint(rt.opts.Stdout, text)), nil
		}),
		"write_junit": starlark.NewBuiltin("write_junit", writeJUnit),
	}
}

// oneString makes a function of one string.
func oneString(name string, f func(string) (starlark.Value, error)) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var s string
		if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &s); err != nil {
			return nil, err
		}
		return f(s)
	})
}

// loadTests is load_tests(file): struct(tests, error), the tests as (name, function) in the order of their definition.
func (rt *Runtime) loadTests(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var file string
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &file); err != nil {
		return nil, err
	}
	failed := ""
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	globals, err := rt.loadFile(thread, file, file, path, os.ReadFile)
	if err = rt.lib.Pending(err); err != nil {
		if rt.lib.IsInstance(rt.lib.FromError(err), rt.lib.Exception(interruptReason)) {
			return nil, err
		}
		failed = withoutFrames(rt.lib.Format(err), testFile)
	}
	var tests []*eval.Function
	for name, v := range globals {
		if f, ok := v.(*eval.Function); ok && strings.HasPrefix(name, "test_") && f.Name() == name {
			tests = append(tests, f)
		}
	}
	slices.SortFunc(tests, func(a, b *eval.Function) int { return int(a.Position().Line - b.Position().Line) })
	pairs := make([]starlark.Value, len(tests))
	for i, f := range tests {
		pairs[i] = starlark.Tuple{starlark.String(f.Name()), f}
	}
	return starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{
		"tests": starlark.NewList(pairs),
		"error": starlark.String(failed),
	}), nil
}

// makeRunTest makes run_test(f, file), which runs in a process of its own: struct(seconds, error). What the process and those below it
// print meanwhile goes into the file.
func (rt *Runtime) makeRunTest() {
	rt.runTest = starlark.NewBuiltin("run_test", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var f starlark.Value
		var file string
		if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 2, &f, &file); err != nil {
			return nil, err
		}
		restore, err := captureOutput(file)
		if err != nil {
			return nil, wire.Errorf("OSError", "capturing what the test prints: %w", err)
		}
		defer restore()
		started := time.Now()
		_, err = rt.lib.Call(thread, f, nil, nil)
		seconds := time.Since(started).Seconds()
		failed := ""
		if err != nil {
			if !rt.lib.Catches(err) {
				return nil, err // the test's time is over
			}
			failed = rt.lib.Format(err)
		}
		return starlarkstruct.FromStringDict(starlarkstruct.Default, starlark.StringDict{
			"seconds": starlark.Float(seconds),
			"error":   starlark.String(failed),
		}), nil
	})
	rt.codec.Name("starmp.run_test", rt.runTest)
}

// writeJUnit is write_junit(file, results, seconds).
func writeJUnit(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var file string
	var results *starlark.List
	var seconds starlark.Float
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 3, &file, &results, &seconds); err != nil {
		return nil, err
	}
	var cases strings.Builder
	failures := 0
	for i := range results.Len() {
		entry := results.Index(i).(starlark.Tuple)
		result := entry[2].(starlark.HasAttrs)
		text := func(name string) string {
			v, _ := result.Attr(name)
			s, _ := starlark.AsString(v)
			return s
		}
		took, _ := result.Attr("seconds")
		name, _ := starlark.AsString(entry[1])
		if name == "" {
			name = "load"
		}
		suite, _ := starlark.AsString(entry[0])
		fmt.Fprintf(&cases, "  <testcase classname=%s name=%s time=\"%.3f\">\n", xmlQuote(suite), xmlQuote(name), float64(took.(starlark.Float)))
		if text("error") != "" {
			failures++
			lines := strings.Split(strings.TrimSpace(text("error")), "\n")
			fmt.Fprintf(&cases, "    <failure message=%s>%s</failure>\n", xmlQuote(lines[len(lines)-1]), xmlText(text("error")))
		}
		if out := text("output"); out != "" {
			fmt.Fprintf(&cases, "    <system-out>%s</system-out>\n", xmlText(out))
		}
		cases.WriteString("  </testcase>\n")
	}
	doc := fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"starmp\" tests=\"%d\" failures=\"%d\" time=\"%.3f\">\n%s</testsuite>\n",
		results.Len(), failures, float64(seconds), cases.String())
	if err := os.WriteFile(file, []byte(doc), 0o666); err != nil {
		return nil, err
	}
	return starlark.None, nil
}

// xmlText is s as text of an XML document, without the characters that none can have. Package encoding/xml would do it too, and cost each
// process its tables at start.
func xmlText(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' && c != '\n' || c == 0xFFFE || c == 0xFFFF {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

func xmlQuote(s string) string { return `"` + xmlText(s) + `"` }
