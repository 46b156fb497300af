package interp

import (
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/starmp/starmp/mp/ship"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// repl reads chunks, runs them and prints what they evaluate to. Each chunk is a file of its own, "<stdin-N>", so that
// functions typed can travel to other processes like those of a script.
type repl struct {
	*session
	globals *globals
	in      lineReader
	chunks  int
	unread  string // a line that was read ahead and belongs to the next chunk
}

// lineReader is a line editor. Line returns io.EOF at the end of the input and errInterrupt if Ctrl-C threw the line away.
type lineReader interface {
	line(prompt string) (string, error)
}

var errInterrupt = errors.New("interrupted")

// repl runs an interactive session with the line editor in, after the script with that text if there is one, and returns the exit
// status.
func (s *session) repl(in *editor, file string, text []byte) int {
	r := &repl{session: s, globals: newGlobals(s.moduleEnv(mainName), s.Predeclared()), in: in}
	s.restore = in.close
	completion := s.NewThread("completion")
	in.complete = func(before string) ([]string, int) {
		s.Enter(completion)
		defer s.Leave(completion)
		return complete(before, r.globals.env.All())
	}
	if len(text) > 0 {
		r.script(file, text)
	} else {
		fmt.Fprintf(s.opts.Stdout, "starmp %s on %s. Ctrl-D leaves.\n", Version, runtime.GOOS)
	}
	return r.loop()
}

// script runs a script whose globals become the session's. However it ends, the session goes on.
func (r *repl) script(file string, text []byte) {
	m := r.eval.AddChunk("repl", mainName, file, text)
	r.Enter(r.main)
	r.intr.watch(r.main)
	f, err := parse(file, m.Text)
	if err == nil {
		_, err = r.globals.exec(r.main, f)
	}
	r.report(err)
	r.intr.watch(nil)
	r.Leave(r.main)
}

// loop runs chunks until the input ends or a script exits. It returns the exit status.
func (r *repl) loop() int {
	for {
		f, err := r.read()
		switch {
		case err == io.EOF:
			io.WriteString(r.opts.Stdout, "\n")
			r.Enter(r.main)
			return r.end(nil)
		case err == errInterrupt:
			r.Stderr(interruptReason + "\n")
			continue
		}
		r.Enter(r.main)
		r.intr.watch(r.main)
		before := r.mp.Mark()
		if err == nil {
			err = r.lib.Pending(r.run(f))
		}
		if _, _, exit := r.ExitStatus(err); exit {
			return r.end(err)
		}
		status := r.report(err)
		r.intr.watch(nil)
		r.Leave(r.main)
		if status == statusInterrupted {
			r.mp.EndSince(before) // what the interrupted line has started
		}
	}
}

// run runs a chunk and prints the value of an expression, unless it is None. "_" keeps the last one.
func (r *repl) run(f *syntax.File) error {
	v, err := r.globals.exec(r.main, f)
	if err != nil || v == nil || v == starlark.None {
		return err
	}
	text, err := r.lib.Repr(v)
	if err == nil {
		r.globals.env.Set("_", v)
		r.print(r.main, text)
	}
	return err
}

// read reads and parses the next chunk: a line with simple statements, or a compound statement up to an empty line or the next
// statement. An error is io.EOF, errInterrupt or a *SyntaxError.
func (r *repl) read() (*syntax.File, error) {
	r.chunks++
	name := fmt.Sprintf("<stdin-%d>", r.chunks)
	var text []byte
	var lines int32
	var last string
	var ended error
	prompt := ">>> "
	f, err := ship.Options.ParseCompoundStmt(name, func() ([]byte, error) {
		line := r.unread
		if line != "" {
			r.unread = ""
		} else if line, ended = r.in.line(prompt); ended != nil {
			return nil, ended
		}
		prompt = "... "
		last = line
		lines++
		text = append(append(text, line...), '\n')
		return []byte(line + "\n"), nil
	})
	var problem syntax.Error
	switch {
	case ended != nil && (ended != io.EOF || lines == 0):
		return nil, ended
	case errors.As(err, &problem):
		r.eval.AddChunk("repl", mainName, name, text) // to show the line
		return nil, newSyntaxError([]Problem{syntaxProblem(text, problem)})
	case err != nil:
		return nil, err
	}
	if len(f.Stmts) == 1 {
		// The line that shows the end of a compound statement is gone from the parser's input. Pasted text has no empty line there.
		if _, end := f.Stmts[0].Span(); lines > end.Line && last != "" {
			r.unread = last
			text = text[:len(text)-len(last)-1]
		}
	}
	r.eval.AddChunk("repl", mainName, name, text)
	return f, nil
}
