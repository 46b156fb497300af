package interp

import (
	"bytes"
	"cmp"
	"errors"
	"github.com/starmp/starmp/interp/internal/spell"
	"slices"
	"strings"
	"unicode"
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
	if i := bytes.IndexByte(text, 0); i >= 0 { // go.starlark.net takes it for the end of the file
		before := text[bytes.LastIndexByte(text[:i], '\n')+1 : i]
		pos := syntax.MakePosition(&file, int32(bytes.Count(text[:i], []byte("\n")))+1, int32(utf8.RuneCount(before))+1)
		return nil, newSyntaxError([]Problem{{pos, "source code cannot contain null bytes"}})
	}
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

// syntaxProblem is an error of the parser, where a person would look for it. The parser finds the end of a line at the start of the next
// one, and most tokens where they end.
func syntaxProblem(text []byte, e syntax.Error) Problem {
	pos := e.Pos
	lines := strings.Split(string(text), "\n")
	if strings.HasPrefix(e.Msg, "got newline") && pos.Col == 1 && pos.Line > 1 && int(pos.Line)-2 < len(lines) {
		pos.Line--
		line := strings.TrimRight(lines[pos.Line-1], " \t\r")
		pos.Col = int32(utf8.RuneCountInString(line)) + 1
	}
	if pos.Line < 1 || int(pos.Line) > len(lines) {
		return Problem{pos, e.Msg + keywordHint(e.Msg)}
	}
	line := []rune(lines[pos.Line-1])
	before, after := line[:max(0, min(int(pos.Col)-1, len(line)))], ""
	if len(before) < len(line) {
		after = string(line[len(before):])
	}
	if n := tokenBefore(e.Msg, string(before), after); n > 0 {
		pos.Col -= int32(n)
		before = before[:len(before)-n]
	}
	hint := keywordHint(e.Msg)
	if hint == "" {
		hint = pythonHint(e.Msg, string(before), string(line))
	}
	msg := e.Msg
	if strings.Contains(msg, "does not associate with") {
		msg = strings.TrimSuffix(msg, " (use parens)") // that would mean something else
	}
	return Problem{pos, msg + hint}
}

// tokenBefore is the length of the token that the message names, if it ends there, 0 if it does not.
func tokenBefore(msg, before, after string) int {
	if _, op, ok := strings.Cut(msg, "does not associate with "); ok {
		op, _, _ = strings.Cut(op, " ")
		return len(before) - len(strings.TrimSuffix(before, op))
	}
	token, ok := strings.CutPrefix(msg, "got ")
	token, want, _ := strings.Cut(token, ", want ")
	if !ok || want == "primary expression" { // that is told where it begins
		return 0
	}
	rest := before
	switch {
	case token == "identifier":
		rest = strings.TrimRightFunc(before, func(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) })
	case token == "int literal" || token == "float literal":
		rest = strings.TrimRightFunc(before, func(c rune) bool { return c == '.' || isNameRune(c) })
	case token == "string literal" && before != "":
		quote := before[len(before)-1:]
		if i := strings.LastIndex(before[:len(before)-1], quote); i >= 0 {
			rest = before[:i]
		}
	case strings.HasPrefix(token, "'"):
		rest = strings.TrimSuffix(before, strings.Trim(token, "'"))
	case !strings.HasPrefix(after, token):
		rest = strings.TrimSuffix(before, token)
	}
	return utf8.RuneCountInString(before[len(rest):])
}

// pythonHint tells what the dialect has instead of other words and signs of Python. The message is about what follows before in the line.
func pythonHint(msg, before, line string) string {
	before = strings.TrimRight(before, " ")
	switch {
	case strings.HasPrefix(msg, "got string literal"):
		word := before[len(strings.TrimRightFunc(before, isNameRune)):]
		if word == "f" || word == "F" {
			return ` (there are no f-strings: use "{}".format(x) or "%s" % x)`
		}
		if strings.HasSuffix(before, `"`) || strings.HasSuffix(before, "'") {
			return " (put strings together with +)"
		}
	case strings.HasPrefix(msg, "got '**'"):
		return " (use pow)"
	case strings.Contains(msg, "does not associate with"):
		return " (comparisons are no chains: write a < b and b < c)"
	case strings.HasPrefix(msg, "got '=', want newline"):
		return " (one assignment is a statement: write b = 3 and then a = b)"
	case strings.Contains(msg, "unexpected input character '@'"):
		return " (there are no decorators: write f = decorator(f) below f)"
	case strings.HasPrefix(msg, "got ':', want newline"), strings.HasPrefix(msg, "got '-', want ':'"):
		return " (there are no annotations)"
	}
	if strings.HasPrefix(strings.TrimLeft(line, " "), "assert ") {
		return " (use assert_.true(x))"
	}
	return ""
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
			if hint := spell.Nearest(name, knownNames(file, rest, env)); hint != "" {
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
