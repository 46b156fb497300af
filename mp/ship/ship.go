package ship

import (
	"crypto/sha256"
	"reflect"
	"sync"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Func is a script function, taken apart.
type Func struct {
	Name       string
	Module     *Module
	Line, Col  int32 // of its def or lambda token
	Lambda     bool
	Start, End int              // its text is Module.Text[Start:End]
	Defaults   []starlark.Value // of the parameters that have one, in order
	Free       []Binding        // variables of enclosing functions
	Globals    []string         // names of the module's globals that it reads
}

// Binding is a variable and its value, nil if it has none yet.
type Binding struct {
	Name  string
	Value starlark.Value
}

// Evaluator takes functions apart and puts them together. Its methods are called with the script lock held.
type Evaluator interface {
	// Types are the Go types of functions that can be sent. The first one is that of those that Define makes.
	Types() []reflect.Type

	// Describe returns what fn is: Module, Line, Col, Defaults and Free. An error says why it can't be sent: mostly that
	// its source isn't known.
	Describe(fn starlark.Callable) (Func, error)

	// Globals returns the current globals of m, the module of fn, as a function from names to values; nil for names
	// without one. The function is for the message that e writes, where Evaluator may keep it.
	Globals(e *wire.Encoder, m *Module, fn starlark.Callable) func(name string) starlark.Value

	// Define makes the function that f describes; values of f.Free are not set. It calls fill once with the new function
	// before anything can call that, and gives its free variables the values that fill returns.
	Define(f *Func, fill func(fn starlark.Callable) ([]starlark.Value, error)) (starlark.Callable, error)

	// SetGlobal gives a received module's global its value, unless it has one. That may be later than the functions that
	// read it are made, but is before they can be called.
	SetGlobal(m *Module, name string, v starlark.Value)
}

// BlobStore keeps module texts in shared memory, so that each receiver gets a text once. Its methods may be called from
// any goroutine.
type BlobStore interface {
	// Put returns the handle of text, the same one for the same sum. Handle 0 means that the text is to be sent in the
	// message itself.
	Put(sum [sha256.Size]byte, text []byte) (wire.Handle, error)
	// Get returns the text. The result is not changed.
	Get(h wire.Handle) ([]byte, error)
}

// Shipper sends and receives functions through one codec.
type Shipper struct {
	ev    Evaluator
	blobs BlobStore

	mu      sync.Mutex
	modules map[[sha256.Size]byte]*Module // guarded by mu: sent or received
}

// New registers the wire form of ev's functions with codec. Texts travel in the messages if blobs is nil.
func New(ev Evaluator, codec *wire.Codec, blobs BlobStore) *Shipper {
	s := &Shipper{ev: ev, blobs: blobs, modules: map[[sha256.Size]byte]*Module{}}
	codec.Register(wire.Type{
		Name: "func", Go: ev.Types()[0], Others: ev.Types()[1:], Shared: true, Late: true,
		Encode: s.encodeFunc, Decode: s.decodeFunc,
	})
	codec.Register(wire.Type{
		Name: "code", Go: reflect.TypeFor[*Module](), Shared: true,
		Encode: s.encodeModule, Decode: s.decodeModule,
	})
	return s
}
