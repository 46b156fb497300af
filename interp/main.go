package interp

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/chzyer/readline"
)

const usage = `usage: starmp [-i] [SCRIPT [ARG...]]
       starmp [-i] -c CODE [ARG...]
       starmp - [ARG...]
       starmp check FILE...
       starmp test [OPTION...] [PATH...]

Runs a Starlark script that may start processes, or, on a terminal and without SCRIPT, an interactive session.

  SCRIPT      a file; the arguments after it are in sys.argv
  -c CODE     run CODE
  -           run the script that standard input holds
  -i, --interactive
              an interactive session after the script, with its globals
  check       say what is wrong with scripts, without running them
  test        run the functions test_* of files *_test.star (starmp test -h)
  --help      show this text
  --version   show the version

A script whose name is a command's is run as ./NAME.

Exit status: 0, or what sys.exit says; 1 if the script fails; 2 for wrong usage; 130 after Ctrl-C.
`

const (
	statusFailed      = 1
	statusUsage       = 2
	statusInterrupted = 128 + 2  // as shells report an end by SIGINT
	statusTerminated  = 128 + 15 // by SIGTERM
)

// Main is the starmp command. It returns the exit status. Args are its arguments without the program's name.
//
// It is made for a program of its own: it handles SIGINT and SIGTERM and tunes the collector, see [TuneGC]. In a process
// that was started as a child it does not return. Only what needs os.Stdin to be a terminal looks beyond the given streams;
// children have the process's own.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	Child()
	cmd, err := parseArgs(args)
	if err != nil {
		fmt.Fprintf(stderr, "starmp: %v\nTry \"starmp --help\".\n", err)
		return statusUsage
	}
	switch cmd.mode {
	case showHelp:
		io.WriteString(stdout, usage)
		return 0
	case showVersion:
		fmt.Fprintln(stdout, "starmp", Version)
		return 0
	}
	TuneGC()
	o := Options{Argv: cmd.argv, Stdin: stdin, Stdout: stdout, Stderr: stderr}
	switch cmd.mode {
	case runCheck:
		return check(cmd.argv, o)
	case runTests:
		return test(cmd.argv, o)
	}
	terminal := isTerminal(stdin)
	if cmd.interactive && !terminal {
		fmt.Fprint(stderr, "starmp: --interactive needs a terminal\n")
		return statusUsage
	}
	interactive := cmd.interactive || cmd.mode == runDefault && terminal
	text, err := cmd.text(stdin)
	if err != nil {
		fmt.Fprintf(stderr, "starmp: %v\n", err)
		return statusUsage
	}
	var in *editor
	if interactive {
		if in, err = newEditor(stdin.(*os.File), stdout); err != nil {
			fmt.Fprintf(stderr, "starmp: %v\n", err)
			return statusFailed
		}
		defer in.close()
		o.Stdout, o.Stderr = in.besides(stdout, stderr)
	}
	s, err := newSession(o)
	if err != nil {
		fmt.Fprintf(stderr, "starmp: %v\n", err)
		return statusFailed
	}
	if interactive {
		return s.repl(in, cmd.file(), text)
	}
	return s.script(s.moduleEnv(mainName), cmd.file(), text)
}

func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	return ok && readline.IsTerminal(int(f.Fd()))
}

type mode int

const (
	runDefault mode = iota // a REPL on a terminal, else the script from standard input
	runFile
	runCode
	runStdin
	runCheck
	runTests
	showHelp
	showVersion
)

// command is what the arguments ask for.
type command struct {
	mode        mode
	interactive bool     // a REPL after the script
	code        string   // with runCode
	argv        []string // sys.argv, as Python fills it: argv[0] is the script, "-c", "-" or empty; with runCheck and runTests what follows
}

func parseArgs(args []string) (command, error) {
	if len(args) > 0 && (args[0] == "-i" || args[0] == "--interactive") {
		c, err := parseArgs(args[1:])
		if err == nil && (c.interactive || c.mode != runDefault && c.mode != runFile && c.mode != runCode) {
			err = fmt.Errorf("%s goes with a script or -c", args[0])
		}
		c.interactive = true
		return c, err
	}
	if len(args) == 0 {
		return command{mode: runDefault, argv: []string{""}}, nil
	}
	switch arg := args[0]; {
	case arg == "-h", arg == "--help":
		return command{mode: showHelp}, nil
	case arg == "-V", arg == "--version":
		return command{mode: showVersion}, nil
	case arg == "-":
		return command{mode: runStdin, argv: args}, nil
	case arg == "-c":
		if len(args) < 2 {
			return command{}, fmt.Errorf("option -c needs the code to run")
		}
		return command{mode: runCode, code: args[1], argv: append([]string{"-c"}, args[2:]...)}, nil
	case arg == "--":
		if len(args) < 2 {
			return command{}, fmt.Errorf("no script after --")
		}
		return command{mode: runFile, argv: args[1:]}, nil
	case arg == "check":
		files := args[1:]
		switch {
		case len(files) == 0:
		case files[0] == "-h" || files[0] == "--help":
			return command{mode: showHelp}, nil
		case files[0] == "--":
			files = files[1:]
		case len(files[0]) > 1 && files[0][0] == '-':
			return command{}, fmt.Errorf("check: unknown option %s", files[0])
		}
		if len(files) == 0 {
			return command{}, fmt.Errorf("check needs the files to check")
		}
		return command{mode: runCheck, argv: files}, nil
	case arg == "test":
		return command{mode: runTests, argv: args[1:]}, nil
	case arg == "":
		return command{}, fmt.Errorf("the script's name is empty")
	case arg[0] == '-':
		return command{}, fmt.Errorf("unknown option %s", arg)
	}
	return command{mode: runFile, argv: args}, nil
}

// file is the name of the script's text in positions.
func (c command) file() string {
	switch c.mode {
	case runFile:
		return c.argv[0]
	case runCode:
		return "<string>"
	}
	return "<stdin>"
}

// text reads the script.
func (c command) text(stdin io.Reader) ([]byte, error) {
	switch c.mode {
	case runDefault:
		if c.interactive || isTerminal(stdin) {
			return nil, nil
		}
	case runCode:
		return []byte(c.code), nil
	case runFile:
		text, err := os.ReadFile(c.argv[0])
		if err != nil {
			return nil, fmt.Errorf("can't open %s: %s", filepath.Clean(c.argv[0]), reason(err))
		}
		return text, nil
	}
	return io.ReadAll(stdin)
}
