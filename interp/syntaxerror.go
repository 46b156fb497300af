package interp

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/ship"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// SyntaxError is everything that is wrong with the text of one file, sorted by position. Nothing of the file has run.
type SyntaxError struct {
	Errors []Problem // at least one
}

// Problem is one syntax error or unresolved name.
type Problem struct {
	Pos syntax.Position
	Msg string
}

func (p Problem) String() string { return p.Pos.String() + ": " + p.Msg }

// Error returns one line for each problem: "file:line:col: what".
func (e *SyntaxError) Error() string {
	lines := make([]string, len(e.Errors))
	for i, p := range e.Errors {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// text is Error with the lines of the script, which line returns, and a newline at the end.
func (e *SyntaxError) text(line func(file string, n int32) string) string {
	var sb strings.Builder
	for _, p := range e.Errors {
		head, hint := p.String(), ""
		if i := strings.Index(head, " ("); len(head) > terminalWidth && i > 0 && strings.HasSuffix(head, ")") {
			head, hint = head[:i], "    "+head[i+1:]+"\n" // a hint that does not fit goes below
		}
		sb.WriteString(head + "\n" + excerpt(line(p.Pos.Filename(), p.Pos.Line), p.Pos.Col, "    ") + hint)
	}
	return sb.String()
}

func newSyntaxError(problems []Problem) *SyntaxError {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	// Several uses of a name in one place, as by an augmented assignment, are reported several times.
	return &SyntaxError{slices.Compact(problems)}
}

// parse parses a file. An error is a *SyntaxError, with what is wrong in later statements too.
func parse(file string, text []byte) (*syntax.File, error) {
	f, err := ship.Options.Parse(file, text, 0)
	var first syntax.Error
	if errors.As(err, &first) {
		return nil, newSyntaxError(syntaxProblems(file, text, first))
	}
	return f, err
}

// syntaxProblems adds to the first problem of a file, where the parser stops, those of the statements after it: each is
// parsed by itself, and the parser's first problem with it counts.
func syntaxProblems(file string, text []byte, first syntax.Error) []Problem {
	problems := []Problem{syntaxProblem(text, first)}
	for _, s := range statements(text) {
		if s.line <= first.Pos.Line {
			continue
		}
		_, err := ship.Options.Parse(file, syntax.FilePortion{Content: s.text, FirstLine: s.line, FirstCol: 1}, 0)
		var e syntax.Error
		if errors.As(err, &e) {
			problems = append(problems, syntaxProblem(text, e))
		}
	}
	return problems
}

// syntaxProblem is an error of the parser. It finds the end of a line at the start of the next one; what is missing, is missing
// before it.
func syntaxProblem(text []byte, e syntax.Error) Problem {
	pos := e.Pos
	if strings.HasPrefix(e.Msg, "got newline") && pos.Col == 1 && pos.Line > 1 {
		lines := bytes.Split(text, []byte("\n"))
		if n := int(pos.Line) - 2; n < len(lines) {
			line := strings.TrimRight(string(lines[n]), " \t\r")
			pos.Line, pos.Col = pos.Line-1, int32(utf8.RuneCountInString(line))+1
		}
	}
	return Problem{pos, e.Msg + keywordHint(e.Msg)}
}

// keywordHint tells what the dialect has instead of a word of Python that Starlark reserves.
func keywordHint(msg string) string {
	rest, ok := strings.CutPrefix(msg, "got ")
	if !ok {
		return ""
	}
	word, _, _ := strings.Cut(rest, ",")
	switch word {
	case "class":
		return ` (classes are made by type("Name", (Base,), {"method": function}))`
	case "with":
		return " (use with_(manager, body))"
	case "try", "except", "finally":
		return " (use try_(function) and look at the result's .error)"
	case "raise":
		return " (use raise_(error))"
	case "import", "from":
		return ` (modules need no import; load("file.star", "name") reads a file)`
	case "del":
		return " (use pop)"
	case "is":
		return " (use ==)"
	case "global", "nonlocal":
		return " (a function cannot rebind outer names: keep the value in a dict or list)"
	case "yield", "async", "await":
		return " (there are no generators: return a list)"
	}
	return ""
}

// resolveProblems turns the resolver's errors into problems, with names that file, environment and language offer for
// those that are undefined. The resolver's own hints know only the file's names.
func resolveProblems(file *syntax.File, errs resolve.ErrorList, env starlark.StringDict) []Problem {
	problems := make([]Problem, len(errs))
	for i, e := range errs {
		msg := e.Msg
		if rest, ok := strings.CutPrefix(msg, "undefined: "); ok {
			name, _, _ := strings.Cut(rest, " ")
			msg = "undefined: " + name
			if hint := nearest(name, knownNames(file, rest, env)); hint != "" {
				msg += " (did you mean " + hint + "?)"
			}
		}
		problems[i] = Problem{e.Pos, msg}
	}
	return problems
}

// knownNames yields the names to suggest: first what the resolver suggested, which may be a local name, then the file's
// globals, then those of env and those of the language in alphabetical order.
func knownNames(file *syntax.File, undefined string, env starlark.StringDict) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if _, hint, ok := strings.Cut(undefined, "(did you mean "); ok && !yield(strings.TrimSuffix(hint, "?)")) {
			return
		}
		if m, ok := file.Module.(*resolve.Module); ok {
			for _, b := range m.Globals {
				if !yield(b.First.Name) {
					return
				}
			}
		}
		for _, names := range [][]string{env.Keys(), starlark.Universe.Keys()} {
			for _, name := range names {
				if !strings.HasPrefix(name, "%") && !yield(name) { // the names that scripts cannot write
					return
				}
			}
		}
	}
}
