package stdlib

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// Text is kept byte for byte until the script gets it, except that "\r\n" and "\r" become "\n" as in Python.

// readLine returns the next line with its "\n", at most limit characters of it unless limit is negative; "" at the end.
func (f *File) readLine(thread *starlark.Thread, limit int) (string, error) {
	if err := f.readable(); err != nil {
		return "", err
	}
	if limit < 0 {
		if line, ok := f.bufferedLine(); ok {
			return line, nil
		}
	}
	var line []byte
	var err error
	f.lib.block(thread, func() { line, err = f.line(limit) })
	return string(line), toOSError(err)
}

// bufferedLine returns the next line where all of it has been read ahead and nothing is to be translated: no need to
// give up the script lock for most lines of a file.
func (f *File) bufferedLine() (string, bool) {
	ahead, err := f.r.Peek(f.r.Buffered())
	end := bytes.IndexByte(ahead, '\n') + 1
	if err != nil || end == 0 || !f.binary && f.newline != "\n" && bytes.IndexByte(ahead[:end], '\r') >= 0 || f.newline == "\r" || f.newline == "\r\n" {
		return "", false
	}
	line := string(ahead[:end])
	_, err = f.r.Discard(end)
	return line, err == nil
}

// line is readLine without the script lock.
func (f *File) line(limit int) ([]byte, error) {
	var line []byte
	for n := 0; limit < 0 || n < limit; n++ {
		if limit < 0 && (f.binary || f.newline == "\n") {
			// Nothing to translate or count.
			line, err := f.r.ReadBytes('\n')
			return line, endOfFile(err)
		}
		start := len(line)
		var err error
		if line, err = f.char(line); err != nil {
			return line, endOfFile(err)
		}
		if f.ends(line, start) {
			break
		}
	}
	return line, nil
}

// ends reports whether the character that stands from start on ends a line.
func (f *File) ends(line []byte, start int) bool {
	switch c := line[start]; {
	case f.newline == "\r":
		return c == '\r'
	case f.newline == "\r\n":
		return bytes.HasSuffix(line, []byte("\r\n"))
	case c == '\r' && f.raw && f.newline == "":
		next, err := f.r.Peek(1)
		return err != nil || next[0] != '\n'
	default:
		return c == '\n'
	}
}

// read returns the next n characters, fewer at the end; the whole rest if n is negative.
func (f *File) read(thread *starlark.Thread, n int) (string, error) {
	if err := f.readable(); err != nil {
		return "", err
	}
	var data []byte
	var err error
	f.lib.block(thread, func() {
		switch {
		case n < 0:
			data, err = io.ReadAll(f.r)
		case f.binary:
			data, err = io.ReadAll(io.LimitReader(f.r, int64(n)))
		default:
			for i := 0; i < n && err == nil; i++ {
				data, err = f.char(data)
			}
			err = endOfFile(err)
		}
	})
	text := string(data)
	if n < 0 && !f.binary && !f.raw && strings.ContainsRune(text, '\r') {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	return text, toOSError(err)
}

// char appends the next character: a byte of a binary file, a code point or a stray byte of a text, a line end as "\n".
func (f *File) char(dst []byte) ([]byte, error) {
	if f.binary || f.text.bytewise() {
		b, err := f.r.ReadByte()
		switch {
		case err != nil:
			return dst, err
		case b == '\r' && !f.binary && !f.raw:
			return f.lineEnd(dst)
		}
		return append(dst, b), nil
	}
	r, size, err := f.r.ReadRune()
	switch {
	case err != nil:
		return dst, err
	case r == utf8.RuneError && size == 1:
		// Not UTF-8: the reader still has the byte.
		if err := f.r.UnreadRune(); err != nil {
			return dst, err
		}
		b, err := f.r.ReadByte()
		return append(dst, b), err
	case r == '\r' && !f.raw:
		return f.lineEnd(dst)
	}
	return utf8.AppendRune(dst, r), nil
}

// lineEnd appends the line end of which a "\r" has been read.
func (f *File) lineEnd(dst []byte) ([]byte, error) {
	if next, err := f.r.Peek(1); err == nil && next[0] == '\n' {
		_, err = f.r.Discard(1)
		return append(dst, '\n'), err
	}
	return append(dst, '\n'), nil
}

// endOfFile drops the error that says no more than that the file ended.
func endOfFile(err error) error {
	if err == io.EOF || err == bufio.ErrBufferFull {
		return nil
	}
	return err
}
