package stdlib

import (
	"io"
	"slices"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// fileMethod is a method of files. Its arguments are by position, low to high of them.
type fileMethod struct {
	name      string
	low, high int
	call      func(f *File, thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error)
}

func (f *File) methods() []fileMethod {
	return []fileMethod{
		{"__enter__", 0, 0, (*File).enter},
		{"__exit__", 0, 3, (*File).exit},
		{"close", 0, 0, (*File).exit},
		{"fileno", 0, 0, (*File).fileno},
		{"flush", 0, 0, (*File).flush},
		{"isatty", 0, 0, (*File).isatty},
		{"read", 0, 1, (*File).readMethod},
		{"readable", 0, 0, (*File).canRead},
		{"readline", 0, 1, (*File).readline},
		{"readlines", 0, 1, (*File).readlines},
		{"seek", 1, 2, (*File).seek},
		{"seekable", 0, 0, (*File).canSeek},
		{"tell", 0, 0, (*File).tell},
		{"truncate", 0, 1, (*File).truncate},
		{"writable", 0, 0, (*File).canWrite},
		{"write", 1, 1, (*File).write},
		{"writelines", 1, 1, (*File).writelines},
	}
}

// Attr returns a method or an attribute of the file.
func (f *File) Attr(name string) (starlark.Value, error) {
	switch name {
	case "closed":
		return starlark.Bool(f.closed), nil
	case "name":
		return f.name, nil
	case "mode":
		return starlark.String(f.mode), nil
	case "encoding":
		if !f.binary {
			return starlark.String(f.encoding()), nil
		}
		return nil, nil
	case "__iter__", "__next__":
		return iteratorAttr(f.lib, f, name)
	}
	methods := f.methods()
	i := slices.IndexFunc(methods, func(m fileMethod) bool { return m.name == name })
	if i < 0 {
		return nil, nil
	}
	m := methods[i]
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := argCount(name, args, kwargs, m.low, m.high); err != nil {
			return nil, err
		}
		return m.call(f, thread, args)
	}).BindReceiver(f), nil
}

// AttrNames lists the attributes.
func (f *File) AttrNames() []string {
	names := []string{"__iter__", "__next__", "closed", "mode", "name"}
	for _, m := range f.methods() {
		names = append(names, m.name)
	}
	if !f.binary {
		names = append(names, "encoding")
	}
	slices.Sort(names)
	return names
}

func (f *File) enter(*starlark.Thread, starlark.Tuple) (starlark.Value, error) {
	if f.closed {
		return nil, errClosed()
	}
	return f, nil
}

func (f *File) exit(*starlark.Thread, starlark.Tuple) (starlark.Value, error) {
	return starlark.None, f.close()
}

func (f *File) fileno(*starlark.Thread, starlark.Tuple) (starlark.Value, error) {
	switch {
	case f.closed:
		return nil, errClosed()
	case f.file == nil:
		return nil, wire.Errorf("io.UnsupportedOperation", "fileno")
	}
	return starlark.MakeInt(int(f.file.Fd())), nil
}

// flush has nothing to do: writes are not held back.
func (f *File) flush(*starlark.Thread, starlark.Tuple) (starlark.Value, error) {
	if f.closed {
		return nil, errClosed()
	}
	return starlark.None, nil
}

func (f *File) isatty(*starlark.Thread, starlark.Tuple) (starlark.Value, error) {
	if f.closed {
		return nil, errClosed()
	}
	return starlark.Bool(f.file != nil && isTerminal(f.file)), nil
}

func (f *File) canRead(*starlark.Thread, starlark.Tuple) (starlark.Value, error) {
	return starlark.Bool(f.r != nil), nil
}

func (f *File) canWrite(*starlark.Thread, starlark.Tuple) (starlark.Value, error) {
	return starlark.Bool(f.w != nil), nil
}

func (f *File) canSeek(*starlark.Thread, starlark.Tuple) (starlark.Value, error) {
	if f.closed {
		return nil, errClosed()
	}
	if f.file == nil {
		return starlark.False, nil
	}
	_, err := f.file.Seek(0, io.SeekCurrent)
	return starlark.Bool(err == nil), nil
}

// sizeArg is an optional size; None and negative ones mean all.
func sizeArg(args starlark.Tuple) (int, error) {
	if len(args) == 0 || args[0] == starlark.None {
		return -1, nil
	}
	return toIndex(args[0])
}

func (f *File) readMethod(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	n, err := sizeArg(args)
	if err != nil {
		return nil, err
	}
	text, err := f.read(thread, n)
	if err != nil {
		return nil, err
	}
	return f.value(text)
}

func (f *File) readline(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	n, err := sizeArg(args)
	if err != nil {
		return nil, err
	}
	line, err := f.readLine(thread, n)
	if err != nil {
		return nil, err
	}
	return f.value(line)
}

func (f *File) readlines(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	hint, err := sizeArg(args)
	if err != nil {
		return nil, err
	}
	var lines []starlark.Value
	for total := 0; hint <= 0 || total < hint; {
		line, err := f.readLine(thread, -1)
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		total += len(line)
		v, err := f.value(line)
		if err != nil {
			return nil, err
		}
		lines = append(lines, v)
	}
	return starlark.NewList(lines), nil
}

// contents is what a script passes to be written, as it is in the file.
func (f *File) contents(v starlark.Value) (string, error) {
	switch x := v.(type) {
	case starlark.String:
		if !f.binary {
			return f.text.encoded(string(x))
		}
	case starlark.Bytes:
		if f.binary {
			return string(x), nil
		}
	}
	if f.binary {
		return "", wire.Errorf("TypeError", "a bytes-like object is required, not '%s'", pyType(v))
	}
	return "", wire.Errorf("TypeError", "write() argument must be str, not %s", pyType(v))
}

func (f *File) write(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	text, err := f.contents(args[0])
	if err != nil {
		return nil, err
	}
	if err := f.writeString(thread, text); err != nil {
		return nil, err
	}
	if s, ok := args[0].(starlark.String); ok {
		return starlark.MakeInt(utf8.RuneCountInString(string(s))), nil
	}
	return starlark.MakeInt(len(text)), nil
}

func (f *File) writelines(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	var all []byte
	err := f.lib.forEach(thread, args[0], func(v starlark.Value) error {
		text, err := f.contents(v)
		all = append(all, text...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return starlark.None, f.writeString(thread, string(all))
}

// seekable is the error of files without a position.
func (f *File) seekable() error {
	switch {
	case f.closed:
		return errClosed()
	case f.file == nil:
		return wire.Errorf("io.UnsupportedOperation", "underlying stream is not seekable")
	}
	return f.unread()
}

// seek moves to a byte offset.
func (f *File) seek(_ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	offset, err := toIndex(args[0])
	if err != nil {
		return nil, err
	}
	whence := 0
	if len(args) > 1 {
		if whence, err = toIndex(args[1]); err != nil {
			return nil, err
		}
	}
	if whence < 0 || whence > 2 {
		return nil, wire.Errorf("ValueError", "invalid whence (%d, should be 0, 1 or 2)", whence)
	}
	if err := f.seekable(); err != nil {
		return nil, err
	}
	return f.position(int64(offset), whence)
}

func (f *File) tell(*starlark.Thread, starlark.Tuple) (starlark.Value, error) {
	if err := f.seekable(); err != nil {
		return nil, err
	}
	return f.position(0, io.SeekCurrent)
}

func (f *File) position(offset int64, whence int) (starlark.Value, error) {
	n, err := f.file.Seek(offset, whence)
	return starlark.MakeInt64(n), toOSError(err)
}

// truncate cuts the file at size, by default where it stands.
func (f *File) truncate(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	if err := f.writable(); err != nil {
		return nil, err
	}
	if err := f.seekable(); err != nil {
		return nil, err
	}
	n, err := sizeArg(args)
	if err == nil && n < 0 {
		var at int64
		at, err = f.file.Seek(0, io.SeekCurrent)
		n = int(at)
	}
	if err == nil {
		err = f.file.Truncate(int64(n))
	}
	return starlark.MakeInt(n), toOSError(err)
}
