package interp

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"reflect"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// TestMain makes the test binary the starmp command too, under that name, and the command's children.
func TestMain(m *testing.M) {
	if signal.Ignored(os.Interrupt) { // by a shell that runs this in the background: commands would ignore it, too
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
	// With the race detector each process would sleep for a second before it exits.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	Child(unitSetup("metric", "m"), unitSetup("imperial", "ft"), faultySetup, Setup{Name: "clock", Clock: newTestClock},
		Setup{Name: "closed", Omit: SystemNames(), Modules: fstest.MapFS{}})
	testscript.Main(m, map[string]func(){
		"starmp": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the scripts that test the command line. UPDATE_SCRIPTS=1 writes what the command prints into them.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "../testdata",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status,
		},
	})
}

// status runs a command and checks its exit status: status starmp 3 -c 'sys.exit(3)'.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status command status [arg...]")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	err = ts.Exec(args[0], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// length is a host's own type of values.
type length struct {
	n    int
	unit string
}

func (l length) String() string        { return strconv.Itoa(l.n) + l.unit }
func (l length) Type() string          { return "length" }
func (l length) Freeze()               {}
func (l length) Truth() starlark.Bool  { return l.n != 0 }
func (l length) Hash() (uint32, error) { return uint32(l.n), nil }

type slow struct{ length }

func (l length) Binary(op syntax.Token, y starlark.Value, _ starlark.Side) (starlark.Value, error) {
	n, err := starlark.AsInt32(y)
	if op != syntax.STAR || err != nil {
		return nil, nil
	}
	return length{l.n * n, l.unit}, nil
}

// unitSetup is a host's setup with the built-in length, whose values are in that unit.
func unitSetup(name, unit string) Setup {
	return Setup{
		Name: name,
		Predeclared: func() starlark.StringDict {
			return starlark.StringDict{"length": starlark.NewBuiltin("length", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				var n int
				err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &n)
				return length{n, unit}, err
			})}
		},
		Types: []wire.Type{{
			Name: "test.length",
			Go:   reflect.TypeFor[length](),
			Encode: func(e *wire.Encoder, v starlark.Value) error {
				e.Int(int64(v.(length).n))
				return nil
			},
			Decode: func(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
				n, err := d.Int()
				return length{int(n), unit}, err
			},
		}},
	}
}

// faultySetup is a host's setup with a built-in that reads from where there is no memory: fault(apart), in a goroutine of its own if apart;
// and with a value that takes its time to be sent: slow.
var faultySetup = Setup{
	Name: "faulty",
	Types: []wire.Type{{
		Name: "test.slow",
		Go:   reflect.TypeFor[slow](),
		Encode: func(*wire.Encoder, starlark.Value) error {
			time.Sleep(150 * time.Millisecond)
			return nil
		},
	}},
	Predeclared: func() starlark.StringDict {
		return starlark.StringDict{"slow": slow{}, "fault": starlark.NewBuiltin("fault", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var apart bool
			if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &apart); err != nil {
				return nil, err
			}
			var nowhere *length
			if apart {
				go func() { _ = nowhere.unit[0] }()
				select {}
			}
			return starlark.String(nowhere.unit), nil
		})}
	},
}
