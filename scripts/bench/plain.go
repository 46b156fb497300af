package main

import (
	"fmt"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

// plainArg makes this program run a script with go.starlark.net as it is, under Go's default settings. It is one contestant
// in the rows that measure the interpreter.
const plainArg = "-plain"

func plain(path string) error {
	begin := time.Now()
	clock := starlark.NewBuiltin("perf_counter", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		return starlark.Float(time.Since(begin).Seconds()), nil
	})
	_, err := starlark.ExecFileOptions(
		&syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true},
		&starlark.Thread{Print: func(_ *starlark.Thread, msg string) { fmt.Println(msg) }},
		path, nil,
		starlark.StringDict{"time": &starlarkstruct.Module{Name: "time", Members: starlark.StringDict{"perf_counter": clock}}},
	)
	return err
}
