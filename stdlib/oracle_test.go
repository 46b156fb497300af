package stdlib

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.starlark.net/starlark"
)

// TestOracle evaluates the expressions of testdata/oracle/*.txt and compares with CPython 3.13's answers, which golden.py
// there has written.
func TestOracle(t *testing.T) {
	local := time.Local
	time.Local = time.UTC
	defer func() { time.Local = local }()
	files, err := filepath.Glob("testdata/oracle/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no expressions: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := newRuntime(t)
			r.env["both"] = starlark.NewBuiltin("both", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
				v, err := starlark.Call(thread, args[0], args[1:], nil)
				return starlark.NewList([]starlark.Value{v, args[1]}), err
			})
			r.env["text"] = r.env["str"]
			lines := strings.Split(strings.TrimSpace(string(data)), "\n")
			for i := 0; i < len(lines); i++ {
				if expr := lines[i]; expr != "" && expr[0] != '#' {
					i++
					if got := r.answer(t, expr); got != lines[i] {
						t.Errorf("%s:%d: %s\n got %s\nwant %s", file, i, expr, got, lines[i])
					}
				}
			}
		})
	}
}

// answer is what golden.py writes for an expression.
func (r *scriptRun) answer(t *testing.T, expr string) string {
	g, err := r.run("oracle.star", "result = "+expr)
	var v starlark.Value
	if err == nil {
		v, err = r.lib.jsonDumps(r.thread, nil, starlark.Tuple{g["result"]}, nil)
	}
	if err == nil {
		return "= " + string(v.(starlark.String))
	}
	exc := r.lib.FromError(err)
	text, err := r.lib.Str(exc)
	if err != nil {
		t.Fatal(err)
	}
	return "! " + exc.Type() + ": " + strings.ReplaceAll(text, "\n", `\n`)
}
