package stdlib

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// popen is subprocess.Popen: a program that runs beside the script, and goes on when the script has ended.
// https://docs.python.org/3/library/subprocess.html#popen-objects
type popen struct {
	lib                   *Lib
	c                     *command
	cmd                   *exec.Cmd
	done                  chan struct{} // closed when it has ended
	code                  starlark.Value
	stdin, stdout, stderr *File // nil where they are no pipes
	talk                  *conversation
}

// conversation is what communicate does beside the script. A call that had no time leaves it to the next.
type conversation struct {
	over        chan struct{}
	out, errOut []byte
}

var _ starlark.HasAttrs = (*popen)(nil)

func isType[T starlark.Value](v starlark.Value) bool { _, ok := v.(T); return ok }

// newPopen is Popen(args, ...).
func (l *Lib) newPopen(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (v starlark.Value, err error) {
	for _, kv := range kwargs {
		switch name := string(kv[0].(starlark.String)); name {
		case "input", "capture_output", "timeout", "check":
			return nil, wire.Errorf("TypeError", "Popen.__init__() got an unexpected keyword argument '%s'", name)
		}
	}
	p := &popen{lib: l, done: make(chan struct{}), code: starlark.None}
	if p.c, err = l.commandArgs("Popen.__init__", args, kwargs); err != nil {
		return nil, err
	}
	cmd, program, err := l.prepare(thread, p.c)
	if err != nil {
		return nil, err
	}
	p.cmd = cmd
	var theirs []*os.File // the program's ends of pipes
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
		if err != nil {
			p.closeFiles()
		}
	}()
	pipe := func(mode string) (f *File, their *os.File, err error) {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, nil, toOSError(err)
		}
		f = &File{lib: l, name: starlark.String("<pipe>"), mode: mode, binary: !p.c.text, text: p.c.form}
		if !p.c.text {
			f.mode += "b"
		}
		if mode == "w" {
			f.file, f.w, their = w, w, r
		} else {
			f.file, f.r, their = r, bufio.NewReader(r), w
		}
		theirs = append(theirs, their)
		return f, their, nil
	}
	if isStream(p.c.stdin, toPipe) {
		var r *os.File
		if p.stdin, r, err = pipe("w"); err != nil {
			return nil, err
		}
		cmd.Stdin = r
	} else if cmd.Stdin, err = l.input(p.c); err != nil {
		return nil, err
	}
	if isStream(p.c.stdout, toPipe) {
		var w *os.File
		if p.stdout, w, err = pipe("r"); err != nil {
			return nil, err
		}
		cmd.Stdout = w
	} else if cmd.Stdout, _, err = l.output("stdout", p.c.stdout, l.cfg.Stdout); err != nil {
		return nil, err
	}
	switch {
	case isStream(p.c.stderr, toStdout):
		cmd.Stderr = cmd.Stdout
	case isStream(p.c.stderr, toPipe):
		var w *os.File
		if p.stderr, w, err = pipe("r"); err != nil {
			return nil, err
		}
		cmd.Stderr = w
	default:
		if cmd.Stderr, _, err = l.output("stderr", p.c.stderr, l.cfg.Stderr); err != nil {
			return nil, err
		}
	}
	if err = cmd.Start(); err != nil {
		return nil, toOSError(err, program)
	}
	go l.reap(cmd, p.done)
	return p, nil
}

func isStream(v starlark.Value, n int) bool {
	i, ok := v.(starlark.Int)
	return ok && i == starlark.MakeInt(n)
}

func (p *popen) String() string {
	return "<Popen: returncode: " + p.code.String() + " args: " + quoted(p.c.args) + ">"
}
func (p *popen) Type() string          { return "Popen" }
func (p *popen) Truth() starlark.Bool  { return true }
func (p *popen) Freeze()               {}
func (p *popen) Hash() (uint32, error) { return pointerHash(p), nil }

// Attr implements starlark.HasAttrs.
func (p *popen) Attr(name string) (starlark.Value, error) {
	file := func(f *File) (starlark.Value, error) {
		if f == nil {
			return starlark.None, nil
		}
		return f, nil
	}
	switch name {
	case "args":
		return p.c.args, nil
	case "pid":
		return starlark.MakeInt(p.cmd.Process.Pid), nil
	case "returncode":
		return p.code, nil
	case "stdin":
		return file(p.stdin)
	case "stdout":
		return file(p.stdout)
	case "stderr":
		return file(p.stderr)
	}
	return popenMethods().bound(p, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (p *popen) AttrNames() []string {
	return append([]string{"args", "pid", "returncode", "stderr", "stdin", "stdout"}, popenMethods().names()...)
}

var popenTable methodTable

func popenMethods() *methodTable { return popenTable.fill(popenFunctions) }

func popenFunctions() map[string]goFunc {
	send := func(name string, sig syscall.Signal) goFunc {
		return method(func(p *popen, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.None, orFirst(argCount(name, args, kwargs, 0, 0), func() error { return p.signal(sig) })
		})
	}
	return map[string]goFunc{
		"__enter__": method(func(p *popen, _ *starlark.Thread, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			return p, nil
		}),
		"__exit__": method(func(p *popen, thread *starlark.Thread, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			p.closeFiles()
			return starlark.None, p.wait(thread, nil)
		}),
		"communicate": method((*popen).communicate),
		"kill":        send("kill", syscall.SIGKILL),
		"poll": method(func(p *popen, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			p.look()
			return p.code, argCount("poll", args, kwargs, 0, 0)
		}),
		"send_signal": method(func(p *popen, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var sig int
			return starlark.None, orFirst(bind("send_signal", args, kwargs, "sig", &sig), func() error { return p.signal(syscall.Signal(sig)) })
		}),
		"terminate": send("terminate", syscall.SIGTERM),
		"wait": method(func(p *popen, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var timeout starlark.Value
			err := orFirst(bind("wait", args, kwargs, "timeout?", &timeout), func() error { return p.wait(thread, timeout) })
			return p.code, err
		}),
	}
}

// orFirst is err, or what f returns where that is nil.
func orFirst(err error, f func() error) error {
	if err != nil {
		return err
	}
	return f()
}

// look notes the exit status if the program has ended.
func (p *popen) look() (ended bool) {
	if closed(p.done) {
		p.code = returnCode(p.cmd)
	}
	return p.code != starlark.None
}

// await waits for done, with TimeoutExpired if that takes too long.
func (p *popen) await(thread *starlark.Thread, done chan struct{}, timeout starlark.Value) error {
	limit := time.Duration(-1)
	if timeout != nil && timeout != starlark.None {
		d, err := duration(timeout)
		if err != nil {
			return err
		}
		limit = max(d, 0)
	}
	if err := p.lib.cfg.Wait(thread, done, limit); err != nil {
		return err
	}
	if !closed(done) {
		return p.lib.processFailure("TimeoutExpired", "cmd", p.c.args, "timeout", timeout)
	}
	return nil
}

func (p *popen) wait(thread *starlark.Thread, timeout starlark.Value) error {
	if p.look() {
		return nil
	}
	err := p.await(thread, p.done, timeout)
	p.look()
	return err
}

func (p *popen) signal(sig syscall.Signal) error {
	if p.look() {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && err != os.ErrProcessDone {
		return toOSError(err)
	}
	return nil
}

func (p *popen) closeFiles() {
	for _, f := range []*File{p.stdout, p.stderr, p.stdin} {
		if f != nil {
			_ = f.close() // nothing is held back that could be lost
		}
	}
}

// communicate is communicate(input=None, timeout=None).
func (p *popen) communicate(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var input, timeout starlark.Value = starlark.None, starlark.None
	if err := bind("communicate", args, kwargs, "input?", &input, "timeout?", &timeout); err != nil {
		return nil, err
	}
	switch {
	case p.talk == nil:
		var text string
		if input != starlark.None {
			if p.stdin == nil {
				return nil, wire.Errorf("AttributeError", "'NoneType' object has no attribute 'write'")
			}
			var err error
			if text, err = p.stdin.contents(input); err != nil {
				return nil, err
			}
		}
		p.converse(text)
	case bool(input.Truth()):
		return nil, wire.Errorf("ValueError", "Cannot send input after starting communication")
	}
	if err := p.await(thread, p.talk.over, timeout); err != nil {
		return nil, err
	}
	p.look()
	p.closeFiles()
	output := func(f *File, data []byte) (starlark.Value, error) {
		if f == nil {
			return starlark.None, nil
		}
		return p.c.output(string(data))
	}
	out, err := output(p.stdout, p.talk.out)
	if err != nil {
		return nil, err
	}
	errOut, err := output(p.stderr, p.talk.errOut)
	return starlark.Tuple{out, errOut}, err
}

// converse writes text and reads what comes, in goroutines.
func (p *popen) converse(text string) {
	t := &conversation{over: make(chan struct{})}
	p.talk = t
	out, errOut := make(chan struct{}), make(chan struct{})
	read := func(f *File, data *[]byte, done chan struct{}) {
		defer close(done)
		if f != nil && !f.closed {
			*data, _ = io.ReadAll(f.r) // as far as it goes
		}
	}
	go read(p.stdout, &t.out, out)
	go read(p.stderr, &t.errOut, errOut)
	if in := p.stdin; in != nil && !in.closed {
		in.closed = true
		go func() {
			_, _ = io.WriteString(in.file, text) // who reads no more has had enough
			in.file.Close()
		}()
	}
	go func() {
		<-out
		<-errOut
		<-p.done
		close(t.over)
	}()
}
