package ship

import (
	"crypto/sha256"
	"math"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

func invalid(what string) error { return wire.Errorf("ValueError", "invalid message: %s", what) }

func (s *Shipper) decodeFunc(d *wire.Decoder, define func(starlark.Value)) (starlark.Value, error) {
	f, free, err := decodeHead(d)
	if err != nil {
		return nil, err
	}
	f.Free = make([]Binding, len(free))
	for i, name := range free {
		f.Free[i].Name = name
	}
	return s.ev.Define(f, func(fn starlark.Callable) ([]starlark.Value, error) {
		define(fn)
		values := make([]starlark.Value, len(free))
		for i := range values {
			ok, err := d.Bool()
			if err == nil && ok {
				values[i], err = d.Value()
			}
			if err != nil {
				return nil, err
			}
		}
		for _, name := range f.Globals {
			ok, err := d.Bool()
			if err == nil && ok {
				err = d.Field(func(v starlark.Value) { s.ev.SetGlobal(f.Module, name, v) })
			}
			if err != nil {
				return nil, err
			}
		}
		return values, nil
	})
}

// decodeHead reads a function up to the point where the evaluator can make it.
func decodeHead(d *wire.Decoder) (f *Func, free []string, err error) {
	v, err := d.Value()
	if err != nil {
		return nil, nil, err
	}
	m, ok := v.(*Module)
	if !ok {
		return nil, nil, invalid("a function without a module")
	}
	f = &Func{Module: m}
	var n [4]int64
	for i := range n {
		if n[i], err = d.Int(); err != nil {
			return nil, nil, err
		}
	}
	line, col, start, end := n[0], n[1], n[2], n[3]
	if line < 1 || line > math.MaxInt32 || col < 1 || col > math.MaxInt32 || start < 0 || end < start || end > int64(len(m.Text)) {
		return nil, nil, invalid("a function outside its module's text")
	}
	f.Line, f.Col, f.Start, f.End = int32(line), int32(col), int(start), int(end)
	if f.Lambda, err = d.Bool(); err != nil {
		return nil, nil, err
	}
	if f.Name, err = d.String(); err != nil {
		return nil, nil, err
	}
	count, err := d.Len()
	if err != nil {
		return nil, nil, err
	}
	for range count {
		v, err := d.Value()
		if err != nil {
			return nil, nil, err
		}
		f.Defaults = append(f.Defaults, v)
	}
	if free, err = names(d); err != nil {
		return nil, nil, err
	}
	f.Globals, err = names(d)
	return f, free, err
}

func names(d *wire.Decoder) ([]string, error) {
	n, err := d.Len()
	if err != nil || n == 0 {
		return nil, err
	}
	list := make([]string, n)
	for i := range list {
		if list[i], err = d.String(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Shipper) decodeModule(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
	m := &Module{}
	for _, p := range []*string{&m.Name, &m.File, &m.Session} {
		var err error
		if *p, err = d.String(); err != nil {
			return nil, err
		}
	}
	digest, err := d.Bytes()
	if err != nil {
		return nil, err
	}
	if len(digest) != sha256.Size {
		return nil, invalid("a malformed digest")
	}
	stored, err := d.Bool()
	if err != nil {
		return nil, err
	}
	var h wire.Handle
	if stored {
		h, err = d.Handle()
	} else {
		m.Text, err = d.Bytes()
	}
	if err != nil {
		return nil, err
	}
	return s.intern(m, [sha256.Size]byte(digest), h)
}

// intern returns the module with that digest: m, whose text is the blob h if h isn't 0, or the one that is known already.
func (s *Shipper) intern(m *Module, digest [sha256.Size]byte, h wire.Handle) (*Module, error) {
	s.mu.Lock()
	known := s.modules[digest]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	if h != 0 {
		if s.blobs == nil {
			return nil, invalid("a module's text that is elsewhere")
		}
		var err error
		if m.Text, err = s.blobs.Get(h); err != nil {
			return nil, err
		}
	}
	if m.Sum() != digest {
		return nil, invalid("the text of " + m.File + " doesn't match its digest")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.modules[digest]; known != nil {
		return known, nil
	}
	s.modules[digest] = m
	return m, nil
}
