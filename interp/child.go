package interp

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/starmp/starmp/mp"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Setup is what a program adds to the interpreter of every process of a family: its own built-ins and types.
type Setup struct {
	// Name tells the setups of one program apart, see Options.Setup. The one without a name is for runtimes that name none.
	Name string
	// Predeclared makes the names that scripts find beside those of the dialect. It is called once in every process whose scripts need
	// them, and for each Runtime. These values travel by name: a script that sends one to another process finds the one that was made there.
	Predeclared func() starlark.StringDict
	// Omit are names of the dialect that scripts do not find, here nor there, nor with load: [SystemNames] for scripts that are to see nothing
	// of the system.
	Omit []string
	// Modules is Options.Modules in every process, for runtimes whose Options have none.
	Modules fs.FS
	// Clock makes what scripts see as time, once in each process and for each Runtime; nil is the system's.
	Clock func() Clock
	// Types are the wire forms of the program's own types of values.
	Types []wire.Type
}

// SystemNames returns the names by which scripts reach what is outside of the interpreter: files, programs, signals, other processes and
// the network. A [Setup] for scripts that are not trusted omits them, and has Modules, without which load() finds the system's files. One that lets scripts start processes omits all but "multiprocessing",
// "concurrent" and "futures"; then they may open sockets, too.
func SystemNames() []string {
	return []string{"open", "os", "io", "glob", "subprocess", "signal", "tempfile", "logging", "multiprocessing", "concurrent", "futures"}
}

// registered are the setups that Child was called with.
var registered struct {
	sync.Mutex
	setups map[string]Setup // guarded by Mutex
}

// Child runs this process as a child of a family, and does not return, if it was started as one; else it returns at once.
//
// Every program whose scripts start processes must call it at the top of main, before flags, files and goroutines:
// a child is the same executable started again. Tests call it in TestMain. [Main] calls it itself. A later call adds its setups to those
// that are known, in this process; children must find them all.
func Child(setups ...Setup) {
	registered.Lock()
	for _, s := range setups {
		if registered.setups == nil {
			registered.setups = map[string]Setup{}
		}
		if _, taken := registered.setups[s.Name]; taken {
			panic(fmt.Sprintf("interp.Child: two setups have the name %q", s.Name))
		}
		registered.setups[s.Name] = s
	}
	registered.Unlock()
	mp.Child(func(m *mp.Runtime) (mp.Host, error) {
		setup, err := setupNamed(m.Setup())
		if err != nil {
			return nil, err
		}
		TuneGC()
		o := Options{Modules: setup.Modules, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
		if m.Confined() {
			o.Stdout, o.Stderr = counted{os.Stdout, m}, counted{os.Stderr, m}
		}
		rt := newHost(o, setup)
		rt.mp = m
		rt.lib.Predeclared() // while the child waits to be needed
		return host{rt}, nil
	})
}

// setupNamed returns the setup with that name.
func setupNamed(name string) (Setup, error) {
	registered.Lock()
	defer registered.Unlock()
	s, ok := registered.setups[name]
	if !ok && name != "" {
		return s, fmt.Errorf("interp: there is no setup %q: interp.Child must be called with it at the top of main", name)
	}
	return s, nil
}

// addSetup makes what the setup has, and tells the codec.
func (rt *Runtime) addSetup(s Setup) {
	for _, t := range s.Types {
		rt.codec.Register(t)
	}
	rt.omit = s.Omit
	if len(s.Omit) > 0 {
		// A script could make a message that names what it does not find. Those of multiprocessing's own are in messages of pools.
		rt.codec.Hide(slices.DeleteFunc(slices.Clone(s.Omit), func(name string) bool { return name == "multiprocessing" || name == "concurrent" })...)
	}
	rt.runner = starlark.NewBuiltin("_run", rt.runScript)
	rt.codec.Name("interp._run", rt.runner)
	if s.Predeclared == nil {
		return
	}
	rt.own = s.Predeclared()
	for name, v := range rt.own {
		rt.codec.Name("host."+name, v)
	}
}
