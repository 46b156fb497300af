package ship

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Options are the dialect's: all five are on, so that whatever a script could parse can be parsed again.
var Options = &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}

// Module is a file of script code: one that runs here, or one that functions were received from. It is a Starlark value
// only so that it can be in messages; scripts never see it.
type Module struct {
	Name string // __name__
	File string // as positions show it
	Text []byte

	// Session, if not empty, is shared by modules that have one set of globals, such as what is typed at one prompt.
	Session string

	hashOnce sync.Once
	hash     [sha256.Size]byte

	mu    sync.Mutex
	tree  *syntax.File   // guarded by mu: resolved, nil until needed
	err   error          // guarded by mu: why there is no tree
	lines []int          // guarded by mu: offsets at which lines start
	defs  map[point]*Def // guarded by mu: definitions in the statements that were searched
	done  []bool         // guarded by mu: whether a statement of the tree was searched
}

var _ starlark.Value = (*Module)(nil)

// NewModule returns the module with that text, which must not change any more. A byte order mark is not part of it.
func NewModule(name, file string, text []byte) *Module {
	return &Module{Name: name, File: file, Text: bytes.TrimPrefix(text, []byte("\ufeff"))}
}

// SetTree gives the module its syntax tree, resolved, which saves parsing the text where the tree is at hand anyway. The
// tree must not change any more.
func (m *Module) SetTree(f *syntax.File) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tree = f
}

// Line is line n of the text, counted from 1, without its end; "" if there is none.
func (m *Module) Line(n int32) string {
	rest := m.Text
	for ; n > 1; n-- {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return ""
		}
		rest = rest[i+1:]
	}
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	return string(rest)
}

// Sum identifies name, file, session and text.
func (m *Module) Sum() [sha256.Size]byte {
	m.hashOnce.Do(func() { m.hash = sum(m.Text, m.Name, m.File, m.Session) })
	return m.hash
}

func sum(text []byte, names ...string) (h [sha256.Size]byte) {
	s := sha256.New()
	for _, part := range names {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		s.Write(n[:])
		s.Write([]byte(part))
	}
	s.Write(text)
	s.Sum(h[:0])
	return h
}

// Freeze, Hash, String, Truth and Type make a Module a starlark.Value.
func (m *Module) Freeze()               {}
func (m *Module) Hash() (uint32, error) { return 0, wire.Errorf("TypeError", "unhashable type: code") }
func (m *Module) String() string        { return "<code " + m.File + ">" }
func (m *Module) Truth() starlark.Bool  { return true }
func (m *Module) Type() string          { return "code" }
