package stdlib

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// File is an open file, what open returns, or one of the standard streams.
// https://docs.python.org/3/library/io.html
//
// Reads are buffered. A write is one system call that has happened when it returns: what was written survives the
// process however it ends, and lines that several processes append to one file don't mix.
//
// Every operation may block; other threads of the script run meanwhile. A file can't be sent to another process; a
// standard stream can, and is then the receiver's own.
type File struct {
	lib      *Lib
	name     starlark.Value
	mode     string
	binary   bool
	text     *textForm
	raw      bool     // text that keeps its line ends as they are: opened with newline
	newline  string   // what ends a line of raw text; "" for "\n", "\r" and "\r\n" alike
	file     *os.File // nil for a stream that is none
	r        *bufio.Reader
	w        io.Writer
	standard bool // one of the process's streams: close leaves the descriptor open
	closed   bool
	remove   bool // with its end: a NamedTemporaryFile
}

var (
	_ starlark.Iterable = (*File)(nil)
	_ starlark.HasAttrs = (*File)(nil)
)

// stdStreams are the process's standard streams.
type stdStreams struct{ in, out, err *File }

// std returns the standard streams, always the same.
func (l *Lib) std() *stdStreams {
	if l.streams == nil {
		l.streams = &stdStreams{
			in:  l.stream("<stdin>", "r", l.cfg.Stdin),
			out: l.stream("<stdout>", "w", l.cfg.Stdout),
			err: l.stream("<stderr>", "w", l.cfg.Stderr),
		}
	}
	return l.streams
}

func (l *Lib) stream(name, mode string, rw any) *File {
	f := &File{lib: l, name: starlark.String(name), mode: mode, standard: true}
	f.file, _ = rw.(*os.File)
	if mode == "r" {
		f.r = bufio.NewReader(rw.(io.Reader))
	} else {
		f.w = rw.(io.Writer)
	}
	return f
}

func (f *File) String() string {
	if f.binary {
		return fmt.Sprintf("<%s name=%s>", f.Type(), f.name)
	}
	return fmt.Sprintf("<%s name=%s mode='%s' encoding='%s'>", f.Type(), f.name, f.mode, f.encoding())
}

// encoding is the name of a text file's.
func (f *File) encoding() string {
	switch {
	case f.text != nil:
		return f.text.given
	case f.standard:
		return "utf-8"
	}
	return "UTF-8" // as CPython calls it where nobody has said it
}

// Type is the name of the class in Python's io module.
func (f *File) Type() string {
	switch {
	case !f.binary:
		return "TextIOWrapper"
	case f.w == nil:
		return "BufferedReader"
	case f.r == nil:
		return "BufferedWriter"
	}
	return "BufferedRandom"
}
func (f *File) Freeze()               {} // a file has no contents of its own
func (f *File) Truth() starlark.Bool  { return true }
func (f *File) Hash() (uint32, error) { return pointerHash(f), nil }

// Iterate walks the remaining lines.
func (f *File) Iterate() starlark.Iterator { return &loop{lib: f.lib, cur: &fileCursor{f}} }

// fileCursor walks the remaining lines of a file.
type fileCursor struct{ f *File }

func (c *fileCursor) next(thread *starlark.Thread) (starlark.Value, bool, error) {
	line, err := c.f.readLine(thread, -1)
	if err != nil || line == "" {
		return nil, false, err
	}
	v, err := c.f.value(line)
	return v, err == nil, err
}

func (c *fileCursor) close() {}

// value is text as the script sees it: a string, or bytes from a binary file.
func (f *File) value(text string) (starlark.Value, error) {
	if f.binary {
		return starlark.Bytes(text), nil
	}
	text, err := f.text.decoded(text)
	return starlark.String(text), err
}

// readable and writable are the errors of operations that the mode forbids.
func (f *File) readable() error {
	switch {
	case f.closed:
		return errClosed()
	case f.r == nil:
		return f.unsupported("read", "not readable")
	}
	return nil
}

// unsupported is the error of an operation that the mode forbids, which binary files name.
func (f *File) unsupported(operation, text string) error {
	if f.binary {
		text = operation
	}
	return wire.Errorf("io.UnsupportedOperation", "%s", text)
}

func (f *File) writable() error {
	switch {
	case f.closed:
		return errClosed()
	case f.w == nil:
		return f.unsupported("write", "not writable")
	}
	return nil
}

// block runs f without the script lock. thread is nil outside any script.
func (l *Lib) block(thread *starlark.Thread, f func()) {
	if thread == nil {
		f()
		return
	}
	l.cfg.Block(thread, f)
}

// writeString writes text with one call of the underlying writer.
func (f *File) writeString(thread *starlark.Thread, text string) error {
	if err := f.writable(); err != nil {
		return err
	}
	if err := f.unread(); err != nil {
		return err
	}
	if f.newline != "" && f.newline != "\n" {
		text = strings.ReplaceAll(text, "\n", f.newline)
	}
	var err error
	f.lib.block(thread, func() { _, err = io.WriteString(f.w, text) })
	return toOSError(err)
}

// unread moves the file's position back over what was read ahead, before a write or a seek.
func (f *File) unread() error {
	if f.r == nil || f.file == nil || f.r.Buffered() == 0 {
		return nil
	}
	_, err := f.file.Seek(-int64(f.r.Buffered()), io.SeekCurrent)
	f.r.Reset(f.file)
	return toOSError(err)
}

// close closes the file. Closing it again does nothing.
func (f *File) close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	if f.standard || f.file == nil {
		return nil
	}
	err := f.file.Close()
	if f.remove {
		_ = os.Remove(f.file.Name()) // who has removed it before has done well
	}
	return toOSError(err)
}
