// Example_rules is a rules engine: users' scripts say which orders are accepted. They are not trusted, and so they run in worker processes with
// limits, from their first line on; what one of them does wrong is an error of that rule alone.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/starmp/starmp/interp"
	"go.starlark.net/starlark"
)

//go:embed rules
var rules embed.FS

// limits are for each rule and order.
var limits = interp.Limits{
	Memory:    96 << 20,
	CPU:       500 * time.Millisecond,
	Time:      20 * time.Second,
	Steps:     1_000_000,
	Processes: -1, // none
	Output:    10 << 10,
}

// setup is what rules find: no files, no processes, and a built-in of this program's.
var setup = interp.Setup{
	Omit: interp.SystemNames(),
	Predeclared: func() starlark.StringDict {
		return starlark.StringDict{"country_of": starlark.NewBuiltin("country_of", countryOf)}
	},
	Modules: rules, // load() finds rules/... and nothing else
}

func countryOf(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var city string
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &city); err != nil {
		return nil, err
	}
	return starlark.String(map[string]string{"Lyon": "FR", "Oslo": "NO"}[city]), nil
}

func main() {
	interp.Child(setup)
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run judges each order by each rule.
func run(out io.Writer) error {
	rt, err := interp.New(interp.Options{Stdout: out, Stderr: os.Stderr})
	if err != nil {
		return err
	}
	defer rt.Close()
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 2, Limits: limits})
	if err != nil {
		return err
	}
	defer pool.Close()

	files, err := rules.ReadDir("rules")
	if err != nil {
		return err
	}
	for _, file := range files {
		if file.IsDir() {
			continue
		}
		name := "rules/" + file.Name()
		text, err := rules.ReadFile(name)
		if err != nil {
			return err
		}
		for _, o := range []order{{"Oslo", 64}, {"Lyon", 2500}} {
			fmt.Fprintf(out, "%-22s %-5s %5d  %s\n", name, o.city, o.total, judge(pool, name, text, o))
		}
	}
	return nil
}

type order struct {
	city  string
	total int
}

// judge says what a rule makes of an order.
func judge(pool *interp.Pool, name string, text []byte, o order) string {
	d := starlark.NewDict(2)
	d.SetKey(starlark.String("city"), starlark.String(o.city))
	d.SetKey(starlark.String("total"), starlark.MakeInt(o.total))
	v, err := pool.Exec(context.Background(), name, text, "accept", d)
	var limit *interp.LimitError
	switch {
	case errors.As(err, &limit):
		return "rule stopped: " + limit.Error()
	case err != nil:
		return "rule failed: " + err.Error()
	case bool(v.Truth()):
		return "accepted"
	}
	return "rejected"
}
