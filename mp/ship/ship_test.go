package ship

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// function is the function of an evaluator that doesn't run anything.
type function struct {
	starlark.NoneType
	Func
}

func (f *function) Name() string          { return f.Func.Name }
func (f *function) Hash() (uint32, error) { return 1, nil }
func (f *function) String() string        { return "<function " + f.Func.Name + ">" }
func (f *function) Type() string          { return "function" }
func (f *function) CallInternal(*starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return starlark.None, nil
}

// evaluator keeps what it is told.
type evaluator struct{ globals map[string]starlark.Value }

func (ev *evaluator) Types() []reflect.Type { return []reflect.Type{reflect.TypeFor[*function]()} }
func (ev *evaluator) Describe(fn starlark.Callable) (Func, error) {
	return fn.(*function).Func, nil
}
func (ev *evaluator) Globals(*wire.Encoder, *Module, starlark.Callable) func(string) starlark.Value {
	return func(name string) starlark.Value { return ev.globals[name] }
}
func (ev *evaluator) Define(f *Func, fill func(starlark.Callable) ([]starlark.Value, error)) (starlark.Callable, error) {
	fn := &function{Func: *f}
	values, err := fill(fn)
	for i, v := range values {
		fn.Free[i].Value = v
	}
	return fn, err
}
func (ev *evaluator) SetGlobal(_ *Module, name string, v starlark.Value) { ev.globals[name] = v }

// store keeps texts as shared memory does.
type store struct {
	texts map[wire.Handle][]byte
	gets  int
}

func (s *store) Put(sum [sha256.Size]byte, text []byte) (wire.Handle, error) {
	h := wire.Handle(sum[0])<<8 | 1
	s.texts[h] = text
	return h, nil
}

func (s *store) Get(h wire.Handle) ([]byte, error) {
	s.gets++
	if s.texts[h] == nil {
		return nil, fmt.Errorf("stale handle %d", h)
	}
	return s.texts[h], nil
}

type process struct {
	codec *wire.Codec
	ev    *evaluator
}

func newProcess(blobs BlobStore) *process {
	e := &process{wire.NewCodec(), &evaluator{map[string]starlark.Value{}}}
	New(e.ev, e.codec, blobs)
	return e
}

var moduleText = "x = 1\n\n\ndef outer(n):\n    def f(a, b=2): return a + b + n + x + y + len(z)\n    return f\n" + strings.Repeat("# long\n", 1000)

func newFunction() *function {
	m := NewModule("mod", "mod.star", []byte(moduleText))
	return &function{Func: Func{
		Name: "f", Module: m, Line: 5, Col: 5, Defaults: []starlark.Value{starlark.MakeInt(2)},
		Free: []Binding{{"n", starlark.MakeInt(3)}, {"later", nil}},
	}}
}

func TestFunctionArrives(t *testing.T) {
	a, b := newProcess(nil), newProcess(nil)
	a.ev.globals["x"] = starlark.MakeInt(1)
	a.ev.globals["z"] = starlark.String("not defined in the text, so of a session")
	fn := newFunction()
	data, _, err := a.codec.Encode(nil, "obj", starlark.Tuple{fn, fn})
	if err != nil {
		t.Fatal(err)
	}
	v, err := b.codec.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	got := v.(starlark.Tuple)[0].(*function)
	if got != v.(starlark.Tuple)[1] {
		t.Error("one function became two")
	}
	text := string(got.Module.Text[got.Start:got.End])
	if got.Func.Name != "f" || got.Line != 5 || got.Col != 5 || got.Lambda || text != "def f(a, b=2): return a + b + n + x + y + len(z)" {
		t.Errorf("got %+v, text %q", got.Func, text)
	}
	if got.Module.Name != "mod" || got.Module.File != "mod.star" || string(got.Module.Text) != moduleText {
		t.Errorf("got module %v", got.Module)
	}
	if fmt.Sprint(got.Defaults, got.Free, got.Globals) != "[2] [{n 3} {later <nil>}] [x z]" {
		t.Errorf("got %v %v %v", got.Defaults, got.Free, got.Globals)
	}
	if fmt.Sprint(b.ev.globals) != `map[x:1 z:"not defined in the text, so of a session"]` {
		t.Errorf("got globals %v", b.ev.globals)
	}
}

func TestTextTravelsOnce(t *testing.T) {
	blobs := &store{texts: map[wire.Handle][]byte{}}
	a, b := newProcess(blobs), newProcess(blobs)
	fn := newFunction()
	for range 3 {
		data, handles, err := a.codec.Encode(nil, "obj", starlark.Tuple{newFunction(), fn})
		if err != nil {
			t.Fatal(err)
		}
		if len(handles) == 0 || bytes.Contains(data, []byte("# long")) {
			t.Errorf("the text is in the message; handles %v", handles)
		}
		if _, err := b.codec.Decode(data); err != nil {
			t.Fatal(err)
		}
	}
	if blobs.gets != 1 {
		t.Errorf("the text was fetched %d times", blobs.gets)
	}
	// And back: the module is known there.
	data, _, err := b.codec.Encode(nil, "obj", fn)
	if err != nil {
		t.Fatal(err)
	}
	v, err := a.codec.Decode(data)
	if err != nil || v.(*function).Module != fn.Module || blobs.gets != 1 {
		t.Errorf("got %v, %v after %d fetches", v, err, blobs.gets)
	}
}

func TestTextThatIsGone(t *testing.T) {
	blobs := &store{texts: map[wire.Handle][]byte{}}
	a, b := newProcess(blobs), newProcess(blobs)
	data, _, err := a.codec.Encode(nil, "obj", newFunction())
	if err != nil {
		t.Fatal(err)
	}
	clear(blobs.texts)
	if _, err := b.codec.Decode(data); err == nil || !strings.Contains(err.Error(), "stale handle") {
		t.Errorf("got %v", err)
	}
	if _, err := newProcess(nil).codec.Decode(data); err == nil || !strings.Contains(err.Error(), "text that is elsewhere") {
		t.Errorf("got %v", err)
	}
}

func TestWrongText(t *testing.T) {
	a, b := newProcess(nil), newProcess(nil)
	data, _, err := a.codec.Encode(nil, "obj", newFunction())
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Replace(data, []byte("# long"), []byte("# lung"), 1)
	if _, err := b.codec.Decode(bad); err == nil || !strings.Contains(err.Error(), "doesn't match its digest") {
		t.Errorf("got %v", err)
	}
	if _, err := b.codec.Decode(data); err != nil {
		t.Errorf("the right text: %v", err)
	}
}

func TestFunctionThatIsNotThere(t *testing.T) {
	for _, change := range []func(*function){
		func(f *function) { f.Line++ },
		func(f *function) { f.Defaults = nil },
	} {
		fn := newFunction()
		change(fn)
		_, _, err := newProcess(nil).codec.Encode(nil, "obj", fn)
		if err == nil || !strings.HasPrefix(err.Error(), "cannot send function at obj: no function like it is defined at mod.star:") {
			t.Errorf("got %v", err)
		}
	}
}

// FuzzDecode decodes damaged messages with functions.
func FuzzDecode(f *testing.F) {
	a := newProcess(nil)
	a.ev.globals["x"] = starlark.NewList(nil)
	fn := newFunction()
	fn.Module = NewModule("m", "f", []byte(strings.ReplaceAll(moduleText, "# long\n", "")))
	fn.Free[1].Value = fn
	data, _, err := a.codec.Encode(nil, "obj", starlark.Tuple{fn, fn.Module})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := newProcess(nil).codec.Decode(data)
		if err != nil {
			return
		}
		_, _, _ = a.codec.Encode(nil, "obj", v)
	})
}
