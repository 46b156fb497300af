package interp

import (
	"errors"
	"fmt"
	"github.com/starmp/starmp/interp/internal/spell"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/starmp/starmp/interp/internal/eval"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// checker is the command "starmp check": it finds what is wrong with scripts without running them.
type checker struct {
	*Runtime
	known map[string][]string // names that a file defines, by path; nil for one that can't be loaded
}

// check checks files, "-" being standard input, prints what it finds to standard output, where editors look for it, and returns the exit status.
func check(files []string, o Options) int {
	rt, err := New(o)
	if err != nil {
		fmt.Fprintf(o.Stderr, "starmp: %v\n", err)
		return statusFailed
	}
	c := &checker{rt, map[string][]string{}}
	status := 0
	for _, file := range files {
		var text []byte
		var err error
		if file == "-" {
			file = "<stdin>"
			text, err = io.ReadAll(o.Stdin)
		} else {
			text, err = os.ReadFile(file)
		}
		if err != nil {
			fmt.Fprintf(o.Stderr, "starmp: can't open %s: %s\n", file, reason(err))
			status = statusUsage
			continue
		}
		if e := c.file(file, text); e != nil {
			fmt.Fprint(o.Stdout, paint(o.Stdout, e.text(c.eval.line)))
			status = max(status, statusFailed)
		}
	}
	return status
}

// file returns what is wrong with a file: syntax, names that nothing defines, and loads of what isn't there.
func (c *checker) file(file string, text []byte) *SyntaxError {
	env := c.moduleEnv(mainName)
	f, err := parse(file, c.eval.AddModule(mainName, file, text).Text)
	if err == nil {
		_, err = compileFile(f, eval.NewEnv(env, nil), nil)
	}
	var wrong *SyntaxError
	if err != nil && !errors.As(err, &wrong) {
		wrong = &SyntaxError{[]Problem{{syntax.MakePosition(&file, 1, 1), err.Error()}}} // a program too large to compile
	}
	if f == nil {
		return wrong
	}
	var problems []Problem
	syntax.Walk(f, func(n syntax.Node) bool {
		if load, ok := n.(*syntax.LoadStmt); ok {
			problems = append(problems, c.load(file, load)...)
		}
		return true
	})
	if wrong != nil {
		problems = append(problems, wrong.Errors...)
	}
	if len(problems) == 0 {
		return nil
	}
	return newSyntaxError(problems)
}

// load returns what is wrong with a load statement of a file.
func (c *checker) load(from string, load *syntax.LoadStmt) []Problem {
	name := load.ModuleName()
	names, err := c.names(from, name)
	if err != nil {
		return []Problem{{load.Module.TokenPos, err.Error()}}
	}
	var problems []Problem
	for _, id := range load.From {
		if !slices.Contains(names, id.Name) {
			msg := fmt.Sprintf("load: name %s not found in module %s", id.Name, name)
			if hint := spell.Nearest(id.Name, slices.Values(names)); hint != "" {
				msg += fmt.Sprintf(" (did you mean %s?)", hint)
			}
			problems = append(problems, Problem{id.NamePos, msg})
		}
	}
	return problems
}

// names returns the names that a module offers, which a load in the file from asks for.
func (c *checker) names(from, name string) ([]string, error) {
	if members := c.builtinModule(name); members != nil {
		return starlark.StringDict(members).Keys(), nil
	}
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(filepath.Dir(from), name)
	}
	names, seen := c.known[path]
	if !seen {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, c.loadError(name, err)
		}
		f, err := parse(path, text)
		if err == nil {
			_, err = compileFile(f, eval.NewEnv(c.moduleEnv(moduleName(path)), nil), nil)
		}
		if err == nil {
			names = []string{}
			for _, b := range f.Module.(*resolve.Module).Globals {
				names = append(names, b.First.Name)
			}
		}
		c.known[path] = names
	}
	if names == nil {
		return nil, fmt.Errorf("cannot load %s: it has errors of its own (starmp check %s)", name, path)
	}
	return names, nil
}
