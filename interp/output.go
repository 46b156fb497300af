package interp

import (
	"io"
	"os"
	"reflect"
	"sync"

	"github.com/starmp/starmp/mp"
)

// output is a stream of the runtime that is not a file: a writer of its host. Children have a pipe in its place, whose text is passed on
// to the writer as it comes. What this process writes waits for what its children had written before, so that a child's last words
// stand before whatever is printed once it has been joined.
type output struct {
	mu   sync.Mutex
	w    io.Writer // guarded by mu
	pipe *pipe     // guarded by mu: nil until a child needs it, and again after close
}

// outputs returns what a runtime writes to for the writers that it was given: files and nil as they are, one output for one writer.
func outputs(stdout, stderr io.Writer) (io.Writer, io.Writer) {
	wrap := func(w io.Writer) io.Writer {
		switch w.(type) {
		case nil, *os.File, counted:
			return w
		}
		return &output{w: w}
	}
	out := wrap(stdout)
	if stdout != nil && reflect.TypeOf(stdout).Comparable() && stdout == stderr {
		return out, out
	}
	return out, wrap(stderr)
}

// Write implements io.Writer, with one Write of the underlying writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.passOnLocked()
	return o.w.Write(p)
}

// passOnLocked writes what children have written so far. It reports false if there will be no more. o.mu must be held.
func (o *output) passOnLocked() (more bool) {
	return o.pipe != nil && o.pipe.drain(func(p []byte) { o.w.Write(p) })
}

// file returns what children have in the stream's place.
func (o *output) file() (*os.File, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pipe == nil {
		p, err := newPipe()
		if err != nil {
			return nil, err
		}
		o.pipe = p
		go p.await(func() bool {
			o.mu.Lock()
			defer o.mu.Unlock()
			return o.passOnLocked()
		})
	}
	return o.pipe.w, nil
}

// close passes on what children wrote last. None may run any more: what they have written is in the pipe.
func (o *output) close() {
	o.mu.Lock()
	o.passOnLocked()
	p := o.pipe
	o.pipe = nil
	o.mu.Unlock()
	if p != nil {
		p.w.Close()
		p.r.Close() // waits for await, which may want o.mu
	}
}

// childFile is the file that children have in place of w.
func childFile(w io.Writer) (*os.File, error) {
	switch w := w.(type) {
	case *os.File:
		return w, nil
	case *output:
		return w.file()
	case counted:
		return w.File, nil
	}
	return discard()
}

// discard is the file for what nobody wants.
var discard = sync.OnceValues(func() (*os.File, error) { return os.OpenFile(os.DevNull, os.O_WRONLY, 0) })

// Stdio returns the files that children have as standard output and standard error.
func (rt host) Stdio() (stdout, stderr *os.File, err error) {
	if stdout, err = childFile(rt.opts.Stdout); err == nil {
		stderr, err = childFile(rt.opts.Stderr)
	}
	return stdout, stderr, err
}

// closeOutputs passes on what children wrote last.
func (rt *Runtime) closeOutputs() {
	for _, w := range []io.Writer{rt.opts.Stdout, rt.opts.Stderr} {
		if o, ok := w.(*output); ok {
			o.close()
		}
	}
}

// counted is a standard stream of a process whose scripts may write so much and no more. What comes after that is dropped; the script ends.
type counted struct {
	*os.File
	mp *mp.Runtime
}

func (c counted) Write(p []byte) (int, error) {
	if !c.mp.Wrote(len(p)) {
		return len(p), nil
	}
	return c.File.Write(p)
}

func (c counted) WriteString(s string) (int, error) { return c.Write([]byte(s)) }
