package interp

import (
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/chzyer/readline"
)

// editor is the line editor of a terminal, with a history kept in a file: $STARMP_HISTORY, else ~/.starmp_history.
// An empty STARMP_HISTORY keeps none.
type editor struct {
	rl       *readline.Instance
	editing  atomic.Bool                                     // a line is being edited; readline's own idea of it outlasts the line
	complete func(before string) (rest []string, length int) // what may follow the text before the cursor; set before the first line
}

func newEditor(terminal *os.File, stdout io.Writer) (*editor, error) {
	history, set := os.LookupEnv("STARMP_HISTORY")
	if home, err := os.UserHomeDir(); !set && err == nil {
		history = filepath.Join(home, ".starmp_history")
	}
	e := &editor{}
	var err error
	e.rl, err = readline.NewEx(&readline.Config{
		HistoryFile:     history,
		AutoComplete:    e,
		InterruptPrompt: "^C",
		Stdin:           terminal,
		Stdout:          stdout,
	})
	return e, err
}

// Do implements readline.AutoCompleter.
func (e *editor) Do(line []rune, pos int) (rest [][]rune, length int) {
	words, n := e.complete(string(line[:pos]))
	for _, w := range words {
		rest = append(rest, []rune(w))
	}
	return rest, n
}

func (e *editor) line(prompt string) (string, error) {
	e.rl.SetPrompt(prompt)
	e.editing.Store(true)
	defer e.editing.Store(false)
	line, err := e.rl.Readline()
	if err == readline.ErrInterrupt {
		err = errInterrupt
	}
	return line, err
}

func (e *editor) close() { e.rl.Close() }

// besides returns writers for what is printed while a line may be edited: the line steps aside for it. A writer that is no terminal stays
// as it is.
func (e *editor) besides(stdout, stderr io.Writer) (io.Writer, io.Writer) {
	var both io.Writer // one, so that what children write to both stays in order
	for _, w := range []*io.Writer{&stdout, &stderr} {
		if f, ok := (*w).(*os.File); ok && readline.IsTerminal(int(f.Fd())) {
			if both == nil {
				both = besideLine{e, f}
			}
			*w = both
		}
	}
	return stdout, stderr
}

// besideLine writes to a terminal on which a line may be edited.
type besideLine struct {
	editor   *editor
	terminal *os.File
}

// Write implements io.Writer.
func (b besideLine) Write(p []byte) (int, error) {
	if b.editor.editing.Load() {
		return b.editor.rl.Stdout().Write(p)
	}
	return b.terminal.Write(p)
}
