package stdlib

import (
	"fmt"
	"sync"

	"go.starlark.net/starlark"
)

// Module is a module of the library. Its members are made when the first of them is asked for: every process has all
// modules, few use more than two, and making eight took 0.12 ms of each start, where an empty script takes 1.4.
type Module struct {
	name    string
	lib     *Lib // nil for a module of another package
	make    func(*Lib) starlark.StringDict
	once    sync.Once
	members starlark.StringDict
	trusted bool
}

var _ starlark.HasAttrs = (*Module)(nil)

// NewModule returns a module whose members make returns, which is called once, when the first of them is asked for.
func NewModule(name string, make func() starlark.StringDict) *Module {
	return &Module{name: name, make: func(*Lib) starlark.StringDict { return make() }}
}

// Trust says that none of the module's functions looks at the calls of the thread that calls it.
func (m *Module) Trust() *Module {
	m.trusted = true
	return m
}

// Trusted reports whether that is so. It is of the library's own modules.
func (m *Module) Trusted() bool { return m.trusted || m.lib != nil }

// ModuleMembers returns all members. The caller must not change the result.
func (m *Module) ModuleMembers() starlark.StringDict {
	m.once.Do(func() {
		m.members = m.make(m.lib)
		if m.lib != nil {
			for _, f := range m.lib.made {
				f()
			}
		}
	})
	return m.members
}

// MadeMembers returns the members that may be in use: none before they are made, but where they are made elsewhere too.
func (m *Module) MadeMembers() starlark.StringDict {
	if m.lib == nil {
		return m.ModuleMembers()
	}
	return m.members
}

func (m *Module) String() string        { return fmt.Sprintf("<module %q>", m.name) }
func (m *Module) Type() string          { return "module" }
func (m *Module) Truth() starlark.Bool  { return true }
func (m *Module) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable: %s", m.Type()) }

// Freeze does nothing: a loaded script that mentions sys must not make sys.argv unchangeable for all others.
func (m *Module) Freeze() {}

// Attr returns a member.
func (m *Module) Attr(name string) (starlark.Value, error) {
	if v := m.ModuleMembers()[name]; v != nil || name != "__name__" {
		return v, nil
	}
	return starlark.String(m.name), nil
}

// AttrNames lists the members.
func (m *Module) AttrNames() []string { return m.ModuleMembers().Keys() }

type moduleEntry struct {
	name string
	make func(*Lib) starlark.StringDict
}

// moduleList returns the modules other than multiprocessing. A variable would be initialised in a circle.
func moduleList() []moduleEntry {
	return []moduleEntry{
		{"argparse", (*Lib).argparseModule},
		{"assert_", (*Lib).assertModule},
		{"base64", (*Lib).base64Module},
		{"bisect", (*Lib).bisectModule},
		{"collections", (*Lib).collectionsModule},
		{"copy", (*Lib).copyModule},
		{"csv", (*Lib).csvModule},
		{"datetime", (*Lib).datetimeModule},
		{"functools", (*Lib).functoolsModule},
		{"glob", (*Lib).globModule},
		{"hashlib", (*Lib).hashlibModule},
		{"heapq", (*Lib).heapqModule},
		{"hmac", (*Lib).hmacModule},
		{"io", (*Lib).ioModule},
		{"itertools", (*Lib).itertoolsModule},
		{"json", (*Lib).jsonModule},
		{"logging", (*Lib).loggingModule},
		{"math", (*Lib).mathModule},
		{"operator", (*Lib).operatorModule},
		{"os", (*Lib).osModule},
		{"queue", (*Lib).queueModule},
		{"random", (*Lib).randomModule},
		{"re", (*Lib).reModule},
		{"signal", (*Lib).signalModule},
		{"statistics", (*Lib).statisticsModule},
		{"string", (*Lib).stringModule},
		{"subprocess", (*Lib).subprocessModule},
		{"sys", (*Lib).sysModule},
		{"tempfile", (*Lib).tempfileModule},
		{"textwrap", (*Lib).textwrapModule},
		{"time", (*Lib).timeModule},
		{"uuid", (*Lib).uuidModule},
	}
}

// modules returns the modules by name.
func (l *Lib) modules() starlark.StringDict {
	list := moduleList()
	mods := make(starlark.StringDict, len(list))
	all := make([]Module, len(list))
	for i := range list {
		m := &all[i]
		m.name, m.lib, m.make = list[i].name, l, list[i].make
		mods[m.name] = m
	}
	return mods
}
