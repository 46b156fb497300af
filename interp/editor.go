package interp

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/chzyer/readline"
	"go.starlark.net/starlark"
)

// editor is the line editor of a terminal, with a history kept in a file: $STARMP_HISTORY, else ~/.starmp_history.
// An empty STARMP_HISTORY keeps none.
type editor struct {
	rl *readline.Instance
}

func newEditor(terminal *os.File, stdout io.Writer, names func() []string) (*editor, error) {
	history, set := os.LookupEnv("STARMP_HISTORY")
	if home, err := os.UserHomeDir(); !set && err == nil {
		history = filepath.Join(home, ".starmp_history")
	}
	rl, err := readline.NewEx(&readline.Config{
		HistoryFile:     history,
		AutoComplete:    completer(names),
		InterruptPrompt: "^C",
		Stdin:           terminal,
		Stdout:          stdout,
	})
	if err != nil {
		return nil, err
	}
	return &editor{rl}, nil
}

func (e *editor) line(prompt string) (string, error) {
	e.rl.SetPrompt(prompt)
	line, err := e.rl.Readline()
	if err == readline.ErrInterrupt {
		err = errInterrupt
	}
	return line, err
}

func (e *editor) close() { e.rl.Close() }

// completer completes names, and indents at the start of a line.
type completer func() []string

// Do implements readline.AutoCompleter: it returns what may follow line[:pos], and how long the common beginning is.
func (names completer) Do(line []rune, pos int) (rest [][]rune, length int) {
	before := string(line[:pos])
	if strings.TrimSpace(before) == "" {
		return [][]rune{[]rune("    ")}, 0
	}
	word := before[strings.LastIndexFunc(before, func(c rune) bool {
		return c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})+1:]
	if word == "" || strings.HasSuffix(strings.TrimSuffix(before, word), ".") {
		return nil, 0
	}
	for _, list := range [][]string{names(), starlark.Universe.Keys()} {
		for _, name := range list {
			if tail, ok := strings.CutPrefix(name, word); ok {
				rest = append(rest, []rune(tail))
			}
		}
	}
	return rest, len(word)
}
