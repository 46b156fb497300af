package stdlib

import (
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// ioModule makes the members of the module io: files in memory. https://docs.python.org/3/library/io.html
func (l *Lib) ioModule() starlark.StringDict {
	memory := func(name string, binary bool) *nativeType {
		return &nativeType{module: "io", name: name, methods: memoryMethods,
			is: func(v starlark.Value) bool { f, ok := v.(*memoryFile); return ok && f.binary == binary },
			make: func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				f := &memoryFile{lib: l, binary: binary}
				var initial, newline starlark.Value
				if err := bind(name, args, kwargs, "initial_value?", &initial, "newline?", &newline); err != nil {
					return nil, err
				}
				if initial != nil && initial != starlark.None {
					text, err := f.text(initial)
					if err != nil {
						return nil, err
					}
					f.data = []byte(text)
				}
				return f, nil
			}}
	}
	return starlark.StringDict{"StringIO": memory("StringIO", false), "BytesIO": memory("BytesIO", true),
		"SEEK_SET": starlark.MakeInt(0), "SEEK_CUR": starlark.MakeInt(1), "SEEK_END": starlark.MakeInt(2),
		"open": l.Predeclared()["open"], "UnsupportedOperation": l.moduleException("io.UnsupportedOperation", "OSError", "ValueError")}
}

// memoryFile is io.StringIO or io.BytesIO. Positions are byte offsets.
type memoryFile struct {
	lib    *Lib
	binary bool
	data   []byte
	pos    int
	closed bool
}

var (
	_ starlark.Iterable = (*memoryFile)(nil)
	_ starlark.HasAttrs = (*memoryFile)(nil)
	_ ownIterator       = (*memoryFile)(nil)
)

func (f *memoryFile) Type() string {
	if f.binary {
		return "BytesIO"
	}
	return "StringIO"
}
func (f *memoryFile) String() string             { return "<_io." + f.Type() + " object at " + hexAddress(f) + ">" }
func (f *memoryFile) Truth() starlark.Bool       { return true }
func (f *memoryFile) Freeze()                    {}
func (f *memoryFile) Hash() (uint32, error)      { return pointerHash(f), nil }
func (f *memoryFile) Iterate() starlark.Iterator { return &loop{lib: f.lib, cur: f} }
func (f *memoryFile) cursor() cursor             { return f }
func (f *memoryFile) close()                     {}

func (f *memoryFile) next(*starlark.Thread) (starlark.Value, bool, error) {
	if f.closed {
		return nil, false, errClosed()
	}
	line := f.line(-1)
	return f.value(line), line != "", nil
}

func (f *memoryFile) value(s string) starlark.Value {
	if f.binary {
		return starlark.Bytes(s)
	}
	return starlark.String(s)
}

func (f *memoryFile) text(v starlark.Value) (string, error) {
	text, ok := textOf(v)
	if _, isBytes := v.(starlark.Bytes); !ok || isBytes != f.binary {
		if f.binary {
			return "", wire.Errorf("TypeError", "a bytes-like object is required, not '%s'", pyType(v))
		}
		return "", wire.Errorf("TypeError", "string argument expected, got '%s'", pyType(v))
	}
	return text, nil
}

func (f *memoryFile) take(n int) string {
	if f.pos >= len(f.data) {
		return ""
	}
	end := len(f.data)
	switch {
	case n < 0:
	case f.binary:
		end = min(end, f.pos+n)
	default:
		end = f.pos
		for range n {
			if end >= len(f.data) {
				break
			}
			_, size := decodeRune(string(f.data[end:min(len(f.data), end+4)]))
			end += size
		}
	}
	s := string(f.data[f.pos:end])
	f.pos = end
	return s
}

func (f *memoryFile) line(limit int) string {
	if f.pos >= len(f.data) {
		return ""
	}
	rest := f.data[f.pos:]
	if i := strings.IndexByte(string(rest), '\n'); i >= 0 {
		rest = rest[:i+1]
	}
	if limit >= 0 && limit < len(rest) {
		rest = rest[:limit]
	}
	f.pos += len(rest)
	return string(rest)
}

func (f *memoryFile) write(s string) {
	if f.pos > len(f.data) {
		f.data = append(f.data, make([]byte, f.pos-len(f.data))...)
	}
	n := copy(f.data[f.pos:], s)
	f.data = append(f.data, s[n:]...)
	f.pos += len(s)
}

// Attr implements starlark.HasAttrs.
func (f *memoryFile) Attr(name string) (starlark.Value, error) {
	switch name {
	case "closed":
		return starlark.Bool(f.closed), nil
	case "__iter__", "__next__":
		return iteratorAttr(f.lib, f, name)
	}
	return memoryMethods().bound(f, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (f *memoryFile) AttrNames() []string {
	return append([]string{"closed"}, memoryMethods().names()...)
}

var memoryTable methodTable

func memoryMethods() *methodTable { return memoryTable.fill(memoryFunctions) }

func memoryFunctions() map[string]goFunc {
	open := func(g func(f *memoryFile, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)) goFunc {
		return method(func(f *memoryFile, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if f.closed {
				return nil, errClosed()
			}
			return g(f, thread, args, kwargs)
		})
	}
	size := func(name string, args starlark.Tuple, kwargs []starlark.Tuple) (int, error) {
		var v starlark.Value = starlark.None
		if err := bind(name, args, kwargs, "size?", &v); err != nil || v == starlark.None {
			return -1, err
		}
		return toIndex(v)
	}
	yes := func(*memoryFile, *starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		return starlark.True, nil
	}
	return map[string]goFunc{
		"readable": open(yes), "writable": open(yes), "seekable": open(yes),
		"getvalue": open(func(f *memoryFile, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return f.value(string(f.data)), argCount("getvalue", args, kwargs, 0, 0)
		}),
		"read": open(func(f *memoryFile, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			n, err := size("read", args, kwargs)
			if err != nil {
				return nil, err
			}
			return f.value(f.take(n)), nil
		}),
		"readline": open(func(f *memoryFile, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			n, err := size("readline", args, kwargs)
			if err != nil {
				return nil, err
			}
			return f.value(f.line(n)), nil
		}),
		"readlines": open(func(f *memoryFile, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var lines []starlark.Value
			for line := f.line(-1); line != ""; line = f.line(-1) {
				lines = append(lines, f.value(line))
			}
			return starlark.NewList(lines), nil
		}),
		"write": open(func(f *memoryFile, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount("write", args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			s, err := f.text(args[0])
			if err != nil {
				return nil, err
			}
			f.write(s)
			n := len(s)
			if !f.binary {
				n = len([]rune(s))
			}
			return starlark.MakeInt(n), nil
		}),
		"writelines": open(func(f *memoryFile, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount("writelines", args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			return starlark.None, f.lib.forEach(thread, args[0], func(v starlark.Value) error {
				s, err := f.text(v)
				f.write(s)
				return err
			})
		}),
		"tell": open(func(f *memoryFile, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.MakeInt(f.pos), argCount("tell", args, kwargs, 0, 0)
		}),
		"seek": open(func(f *memoryFile, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var offset, whence int
			if err := bind("seek", args, kwargs, "offset", &offset, "whence?", &whence); err != nil {
				return nil, err
			}
			switch whence {
			case 1:
				offset += f.pos
			case 2:
				offset += len(f.data)
			}
			if offset < 0 || offset > 1<<40 {
				return nil, wire.Errorf("ValueError", "Negative seek position %d", offset)
			}
			f.pos = offset
			return starlark.MakeInt(offset), nil
		}),
		"truncate": open(func(f *memoryFile, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			n, err := size("truncate", args, kwargs)
			if n < 0 {
				n = f.pos
			}
			f.data = f.data[:min(n, len(f.data))]
			return starlark.MakeInt(n), err
		}),
		"flush": open(func(*memoryFile, *starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			return starlark.None, nil
		}),
		"close": method(func(f *memoryFile, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			f.closed = true
			return starlark.None, nil
		}),
		"__enter__": open(func(f *memoryFile, _ *starlark.Thread, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return f, nil
		}),
		"__exit__": method(func(f *memoryFile, _ *starlark.Thread, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			f.closed = true
			return starlark.None, nil
		}),
	}
}
