package stdlib

import (
	"bufio"
	"os"
	"strings"
	"syscall"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// builtinOpen is open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None).
// https://docs.python.org/3/library/functions.html#open
// Buffering changes nothing (see File), and encodings are those of str.encode. It blocks while a named pipe has no other end.
func (l *Lib) builtinOpen(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name, buffering, encoding, onError, newline starlark.Value
	var modeArg starlark.Value = starlark.String("r")
	err := starlark.UnpackArgs("open", args, kwargs, "file", &name, "mode?", &modeArg, "buffering?", &buffering,
		"encoding?", &encoding, "errors?", &onError, "newline?", &newline)
	if err != nil {
		return nil, err
	}
	path, err := pathArg(name)
	if err != nil {
		return nil, err
	}
	mode, ok := starlark.AsString(modeArg)
	if !ok {
		return nil, wire.Errorf("TypeError", "open() argument 'mode' must be str, not %s", pyType(modeArg))
	}
	flags, f, err := openMode(mode)
	if err != nil {
		return nil, err
	}
	f.lib, f.name = l, name
	if err := f.textOptions(encoding, onError, newline); err != nil {
		return nil, err
	}
	l.block(thread, func() { f.file, err = openFile(path, flags) })
	if err != nil {
		return nil, toOSError(err, path)
	}
	if f.r != nil {
		f.r.Reset(f.file)
	}
	if f.w != nil {
		f.w = f.file
	}
	return f, nil
}

// openFile refuses directories, which package os opens for reading.
func openFile(path string, flags int) (*os.File, error) {
	file, err := os.OpenFile(path, flags, 0o666)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, syscall.EISDIR
	}
	return file, nil
}

// openMode parses a mode. The file it returns has a reader and a writer as the mode allows them, not yet connected.
func openMode(mode string) (flags int, f *File, err error) {
	kind, plus := byte(0), false
	f = &File{mode: mode}
	text := false
	for i := range len(mode) {
		c := mode[i]
		if strings.IndexByte(mode[:i], c) >= 0 || strings.IndexByte("rwaxbt+", c) < 0 {
			return 0, nil, wire.Errorf("ValueError", "invalid mode: %s", pyQuote(mode))
		}
		switch c {
		case 'b':
			f.binary = true
		case 't':
			text = true
		case '+':
			plus = true
		default:
			if kind != 0 {
				return 0, nil, wire.Errorf("ValueError", "must have exactly one of create/read/write/append mode")
			}
			kind = c
		}
	}
	switch kind {
	case 0:
		return 0, nil, wire.Errorf("ValueError", "Must have exactly one of create/read/write/append mode and at most one plus")
	case 'w':
		flags = os.O_CREATE | os.O_TRUNC
	case 'a':
		flags = os.O_CREATE | os.O_APPEND
	case 'x':
		flags = os.O_CREATE | os.O_EXCL
	}
	if f.binary && text {
		return 0, nil, wire.Errorf("ValueError", "can't have text and binary mode at once")
	}
	if kind == 'r' || plus {
		f.r = bufio.NewReader(nil)
	}
	if kind != 'r' || plus {
		f.w = (*os.File)(nil)
	}
	switch {
	case plus:
		flags |= os.O_RDWR
	case kind != 'r':
		flags |= os.O_WRONLY
	}
	return flags, f, nil
}

// given is v, nil for None.
func given(v starlark.Value) starlark.Value {
	if v == starlark.None {
		return nil
	}
	return v
}

func (f *File) textOptions(encoding, onError, newline starlark.Value) error {
	encoding, onError, newline = given(encoding), given(onError), given(newline)
	if f.binary {
		switch {
		case encoding != nil:
			return wire.Errorf("ValueError", "binary mode doesn't take an encoding argument")
		case onError != nil:
			return wire.Errorf("ValueError", "binary mode doesn't take an errors argument")
		case newline != nil:
			return wire.Errorf("ValueError", "binary mode doesn't take a newline argument")
		}
		return nil
	}
	var err error
	if f.text, err = newTextForm("open()", encoding, onError); err != nil {
		return err
	}
	if newline != nil {
		end, ok := starlark.AsString(newline)
		if !ok {
			return wire.Errorf("TypeError", "open() argument 'newline' must be str or None, not %s", pyType(newline))
		}
		switch end {
		case "", "\n", "\r", "\r\n":
		default:
			return wire.Errorf("ValueError", "illegal newline value: %s", pyQuote(end))
		}
		f.raw, f.newline = true, end
	}
	return nil
}

// pathArg is a path that a script gives, a string or bytes.
func pathArg(v starlark.Value) (string, error) {
	var path string
	switch v := v.(type) {
	case starlark.String:
		path = string(v)
	case starlark.Bytes:
		path = string(v)
	default:
		return "", wire.Errorf("TypeError", "expected str, bytes or os.PathLike object, not %s", pyType(v))
	}
	if strings.IndexByte(path, 0) >= 0 {
		return "", wire.Errorf("ValueError", "embedded null byte")
	}
	return path, nil
}
