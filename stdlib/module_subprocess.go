package stdlib

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// subprocessModule makes the members of the module subprocess. https://docs.python.org/3/library/subprocess.html
// While a program runs other threads of the script go on. Ctrl-C ends it.
func (l *Lib) subprocessModule() starlark.StringDict {
	l.moduleException("subprocess.SubprocessError", "Exception")
	l.processError("CalledProcessError", []string{"returncode", "cmd", "output", "stderr"}, func(x *Instance) string {
		code, _ := x.own("returncode").(starlark.Int)
		n, _ := code.Int64()
		if n < 0 {
			return "Command " + cmdText(x.own("cmd")) + " died with " + signalShown(int(-n)) + "."
		}
		return "Command " + cmdText(x.own("cmd")) + " returned non-zero exit status " + code.String() + "."
	})
	l.processError("TimeoutExpired", []string{"cmd", "timeout", "output", "stderr"}, func(x *Instance) string {
		return "Command " + cmdText(x.own("cmd")) + " timed out after " + secondsText(x.own("timeout")) + " seconds"
	})
	members := functions(map[string]goFunc{
		"call": l.subprocessCall("call"), "check_call": l.subprocessCall("check_call"), "check_output": l.subprocessOutput,
		"getoutput": l.subprocessGet("getoutput"), "getstatusoutput": l.subprocessGet("getstatusoutput"),
		"list2cmdline": l.subprocessCmdline, "run": l.subprocessRun,
	})
	for _, name := range []string{"SubprocessError", "CalledProcessError", "TimeoutExpired"} {
		members[name] = l.excs["subprocess."+name]
	}
	members["CompletedProcess"] = l.completedClass()
	members["Popen"] = &nativeType{module: "subprocess", name: "Popen", make: l.newPopen, methods: popenMethods, is: isType[*popen]}
	for name, n := range map[string]int{"PIPE": toPipe, "STDOUT": toStdout, "DEVNULL": toNull} {
		members[name] = starlark.MakeInt(n)
	}
	return members
}

const (
	toPipe   = -1
	toStdout = -2
	toNull   = -3
)

func secondsText(v starlark.Value) string {
	if f, ok := v.(starlark.Float); ok {
		return string(appendFloat(nil, float64(f)))
	}
	return orNil(v).String()
}

// cmdText is a command in a message.
func cmdText(v starlark.Value) string {
	if s, ok := starlark.AsString(v); ok {
		return "'" + s + "'"
	}
	if list, ok := v.(starlark.Sequence); ok {
		var parts []string
		for e := range starlark.Elements(list) {
			parts = append(parts, quoted(e))
		}
		return "'[" + strings.Join(parts, ", ") + "]'"
	}
	return "'" + orNil(v).String() + "'"
}

// signalShown is how Python shows a signal.
func signalShown(n int) string {
	for name, sig := range signalNumbers() {
		if int(sig) == n {
			return "<Signals." + name + ": " + starlark.MakeInt(n).String() + ">"
		}
	}
	return "unknown signal " + starlark.MakeInt(n).String()
}

// processError makes an exception class whose arguments are attributes.
func (l *Lib) processError(name string, fields []string, text func(*Instance) string) {
	c := l.moduleException("subprocess."+name, "subprocess.SubprocessError")
	c.addMethod("__init__", func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		vs := make([]starlark.Value, len(fields))
		params := []any{}
		for i, f := range fields {
			vs[i] = starlark.None
			if i > 1 {
				f += "?"
			}
			params = append(params, f, &vs[i])
		}
		if err := bind(name+".__init__", args, kwargs, params...); err != nil {
			return nil, err
		}
		for i, f := range fields {
			x.attrs.set(f, vs[i])
		}
		x.state().args = args
		return starlark.None, nil
	})
	c.addMethod("__str__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return starlark.String(text(x)), nil
	})
	c.attrs.set("stdout", &property{get: func(x *Instance) (starlark.Value, error) { return orNil(x.own("output")), nil },
		set: func(x *Instance, v starlark.Value) error { x.attrs.set("output", v); return nil }})
}

// completedClass is CompletedProcess.
func (l *Lib) completedClass() *Class {
	c, _ := l.newClass("CompletedProcess", "subprocess", nil) // one base: can't fail
	c.native = true
	c.addMethod("__init__", func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var argv, code starlark.Value
		var out, errOut starlark.Value = starlark.None, starlark.None
		if err := bind("CompletedProcess.__init__", args, kwargs, "args", &argv, "returncode", &code, "stdout?", &out, "stderr?", &errOut); err != nil {
			return nil, err
		}
		setCompleted(x, argv, code, out, errOut)
		return starlark.None, nil
	})
	c.addMethod("__repr__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		s := "CompletedProcess(args=" + orNil(x.own("args")).String() + ", returncode=" + orNil(x.own("returncode")).String()
		for _, name := range []string{"stdout", "stderr"} {
			if v := orNil(x.own(name)); v != starlark.None {
				s += ", " + name + "=" + v.String()
			}
		}
		return starlark.String(s + ")"), nil
	})
	c.addMethod("check_returncode", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return starlark.None, l.checkStatus(x)
	})
	return c
}

func setCompleted(x *Instance, argv, code, out, errOut starlark.Value) {
	x.attrs.set("args", argv)
	x.attrs.set("returncode", code)
	x.attrs.set("stdout", out)
	x.attrs.set("stderr", errOut)
}

// checkStatus is the CalledProcessError of a process that failed.
func (l *Lib) checkStatus(x *Instance) error {
	code := orNil(x.own("returncode"))
	if code == starlark.MakeInt(0) {
		return nil
	}
	return l.processFailure("CalledProcessError", "returncode", code, "cmd", x.own("args"), "output", x.own("stdout"), "stderr", x.own("stderr"))
}

func (l *Lib) processFailure(class string, attrs ...any) error {
	x := l.newException(l.excClass("subprocess."+class), attrs[1].(starlark.Value), attrs[3].(starlark.Value))
	for i := 0; i < len(attrs); i += 2 {
		x.attrs.set(attrs[i].(string), orNil(attrs[i+1].(starlark.Value)))
	}
	return l.ToError(x)
}

// command is what run is asked for.
type command struct {
	args, stdin, input, stdout, stderr, cwd, timeout, env, executable starlark.Value
	form                                                              *textForm
	shell, check, capture, text, universal, session                   bool
}

func (l *Lib) commandArgs(fn string, args starlark.Tuple, kwargs []starlark.Tuple) (*command, error) {
	c := &command{}
	var encoding, onError, ignored starlark.Value
	err := bind(fn, args, kwargs, "args", &c.args, "bufsize?", &ignored, "executable?", &c.executable, "*", "stdin?", &c.stdin, "stdout?", &c.stdout, "stderr?", &c.stderr,
		"input?", &c.input, "capture_output?", &c.capture, "shell?", &c.shell, "cwd?", &c.cwd, "timeout?", &c.timeout, "check?", &c.check,
		"encoding?", &encoding, "errors?", &onError, "text?", &c.text, "env?", &c.env, "universal_newlines?", &c.universal,
		"start_new_session?", &c.session, "close_fds?", &ignored)
	if err != nil {
		return nil, err
	}
	for _, p := range []*starlark.Value{&c.stdin, &c.input, &c.stdout, &c.stderr, &c.cwd, &c.timeout, &c.env, &c.executable} {
		if *p == starlark.None {
			*p = nil
		}
	}
	if c.form, err = newTextForm(fn, encoding, onError); err != nil {
		return nil, err
	}
	c.text = c.text || c.universal || c.form != nil
	if c.input != nil && c.stdin != nil {
		return nil, wire.Errorf("ValueError", "stdin and input arguments may not both be used.")
	}
	if c.capture {
		if c.stdout != nil || c.stderr != nil {
			return nil, wire.Errorf("ValueError", "stdout and stderr arguments may not be used with capture_output.")
		}
		c.stdout, c.stderr = starlark.MakeInt(toPipe), starlark.MakeInt(toPipe)
	}
	return c, nil
}

// argv returns the program and its arguments.
func (l *Lib) commandLine(thread *starlark.Thread, c *command) ([]string, error) {
	if s, ok := textOf(c.args); ok {
		if c.shell {
			return []string{"/bin/sh", "-c", s}, nil
		}
		return []string{s}, nil
	}
	all, err := l.drain(thread, c.args)
	if err != nil {
		return nil, err
	}
	argv := make([]string, len(all))
	for i, v := range all {
		s, ok := textOf(v)
		if !ok {
			return nil, wire.Errorf("TypeError", "expected str, bytes or os.PathLike object, not %s", pyTypeNone(v))
		}
		if strings.ContainsRune(s, 0) {
			return nil, wire.Errorf("ValueError", "embedded null byte")
		}
		argv[i] = s
	}
	if len(argv) == 0 {
		return nil, wire.Errorf("IndexError", "list index out of range")
	}
	if c.shell {
		argv = append([]string{"/bin/sh", "-c"}, argv...)
	}
	return argv, nil
}

// environment is the program's: env, or what os.environ is now.
func (l *Lib) environment(v starlark.Value) ([]string, error) {
	m, ok := v.(starlark.IterableMapping)
	if v == nil {
		if l.env == nil {
			return os.Environ(), nil
		}
		m, ok = l.env, true
	}
	if !ok {
		return nil, wire.Errorf("AttributeError", "'%s' object has no attribute 'keys'", pyType(v))
	}
	env := []string{}
	for _, kv := range m.Items() {
		k, ok1 := textOf(kv[0])
		v, ok2 := textOf(kv[1])
		if !ok1 || !ok2 {
			bad := kv[0]
			if ok1 {
				bad = kv[1]
			}
			return nil, wire.Errorf("TypeError", "expected str, bytes or os.PathLike object, not %s", pyTypeNone(bad))
		}
		if k == "" || strings.Contains(k, "=") || strings.ContainsRune(k+v, 0) {
			return nil, wire.Errorf("ValueError", "illegal environment variable name")
		}
		env = append(env, k+"="+v)
	}
	return env, nil
}

// output is where a stream of the program goes: w, and buf where it is to be returned.
func (l *Lib) output(name string, v starlark.Value, inherit io.Writer) (w io.Writer, buf *bytes.Buffer, err error) {
	switch v := v.(type) {
	case nil:
		return inherit, nil, nil
	case *File:
		if v.file != nil {
			return v.file, nil, nil
		}
		if v.w != nil {
			return v.w, nil, nil
		}
	case starlark.Int:
		switch n, _ := v.Int64(); n {
		case toPipe:
			buf = new(bytes.Buffer)
			return buf, buf, nil
		case toNull:
			return nil, nil, nil
		}
	}
	return nil, nil, wire.Errorf("TypeError", "%s must be PIPE, DEVNULL or an open file, not %s", name, pyType(v))
}

// prepare makes a command but for its streams. program is its name for errors.
func (l *Lib) prepare(thread *starlark.Thread, c *command) (cmd *exec.Cmd, program string, err error) {
	argv, err := l.commandLine(thread, c)
	if err != nil {
		return nil, "", err
	}
	if l.cfg.MayStart != nil {
		if err := l.cfg.MayStart(); err != nil {
			return nil, "", toOSError(err, argv[0])
		}
	}
	cmd = &exec.Cmd{Args: argv, WaitDelay: time.Second}
	if cmd.Env, err = l.environment(c.env); err != nil {
		return nil, "", err
	}
	if c.cwd != nil {
		if cmd.Dir, err = pathArg(c.cwd); err != nil {
			return nil, "", err
		}
		if info, err := os.Stat(cmd.Dir); err != nil || !info.IsDir() {
			if err == nil {
				err = syscall.ENOTDIR
			}
			return nil, "", toOSError(err, cmd.Dir)
		}
	}
	program = argv[0]
	if c.executable != nil {
		if program, err = pathArg(c.executable); err != nil {
			return nil, "", err
		}
	}
	if cmd.Path, err = findProgram(program); err != nil {
		return nil, "", toOSError(err, program)
	}
	newSession(cmd, c.session)
	return cmd, program, nil
}

// execute runs the program to its end.
func (l *Lib) execute(thread *starlark.Thread, c *command) (*Instance, error) {
	cmd, program, err := l.prepare(thread, c)
	if err != nil {
		return nil, err
	}
	if cmd.Stdin, err = l.input(c); err != nil {
		return nil, err
	}
	var out, errOut *bytes.Buffer
	if cmd.Stdout, out, err = l.output("stdout", c.stdout, l.cfg.Stdout); err != nil {
		return nil, err
	}
	if n, ok := c.stderr.(starlark.Int); ok && n == starlark.MakeInt(toStdout) {
		cmd.Stderr = cmd.Stdout
	} else if cmd.Stderr, errOut, err = l.output("stderr", c.stderr, l.cfg.Stderr); err != nil {
		return nil, err
	}
	limit := time.Duration(-1)
	if c.timeout != nil {
		if limit, err = duration(c.timeout); err != nil {
			return nil, err
		}
		limit = max(limit, 0)
	}
	if err := cmd.Start(); err != nil {
		return nil, toOSError(err, program)
	}
	done := make(chan struct{})
	go l.reap(cmd, done)
	timeout := false
	if err = l.cfg.Wait(thread, done, limit); err != nil || !closed(done) {
		timeout = err == nil
		_ = cmd.Process.Kill() // it may have ended by now
		l.block(thread, func() { <-done })
	}
	if err != nil {
		return nil, err
	}
	stdout, err := c.result(out)
	if err != nil {
		return nil, err
	}
	stderr, err := c.result(errOut)
	if err != nil {
		return nil, err
	}
	if timeout {
		return nil, l.processFailure("TimeoutExpired", "cmd", c.args, "timeout", c.timeout, "output", stdout, "stderr", stderr)
	}
	class, _ := l.Module("subprocess").(*Module).ModuleMembers()["CompletedProcess"].(*Class)
	x := &Instance{cls: class}
	setCompleted(x, c.args, returnCode(cmd), stdout, stderr)
	if c.check {
		return x, l.checkStatus(x)
	}
	return x, nil
}

// reap waits for a program and closes done when it has ended.
func (l *Lib) reap(cmd *exec.Cmd, done chan struct{}) {
	defer close(done)
	_ = cmd.Wait() // ProcessState says it
	if exitSignal(cmd.ProcessState) == int(syscall.SIGINT) && l.cfg.Settle != nil {
		l.cfg.Settle()
	}
}

// returnCode is the exit status of a program that has ended, negative for a signal.
func returnCode(cmd *exec.Cmd) starlark.Int {
	if sig := exitSignal(cmd.ProcessState); sig > 0 {
		return starlark.MakeInt(-sig)
	}
	return starlark.MakeInt(cmd.ProcessState.ExitCode())
}

func closed(done chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// findProgram looks a program up as execvp does.
func findProgram(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	path, err := exec.LookPath(name)
	var e *exec.Error
	if errors.As(err, &e) {
		err = e.Err
		if errors.Is(err, exec.ErrNotFound) {
			err = syscall.ENOENT
		}
	}
	return path, err
}

func (l *Lib) input(c *command) (io.Reader, error) {
	if c.input != nil {
		text, ok := textOf(c.input)
		if _, isBytes := c.input.(starlark.Bytes); !ok || isBytes == c.text {
			if c.text {
				return nil, wire.Errorf("TypeError", "write() argument must be str, not %s", pyType(c.input))
			}
			return nil, wire.Errorf("TypeError", "a bytes-like object is required, not '%s'", pyType(c.input))
		}
		if c.text {
			var err error
			if text, err = c.form.encoded(text); err != nil {
				return nil, err
			}
		}
		return strings.NewReader(text), nil
	}
	switch v := c.stdin.(type) {
	case nil:
		if f, ok := l.cfg.Stdin.(*os.File); ok {
			return f, nil
		}
		return nil, nil
	case *File:
		if v.file != nil {
			return v.file, v.unread()
		}
	case starlark.Int:
		if n, _ := v.Int64(); n == toNull || n == toPipe {
			return nil, nil
		}
	}
	return nil, wire.Errorf("TypeError", "stdin must be PIPE, DEVNULL or an open file, not %s", pyType(c.stdin))
}

// result is what a stream brought; None where it was not captured.
func (c *command) result(buf *bytes.Buffer) (starlark.Value, error) {
	if buf == nil {
		return starlark.None, nil
	}
	return c.output(buf.String())
}

// output is what a program wrote, as the script sees it.
func (c *command) output(data string) (starlark.Value, error) {
	if !c.text {
		return starlark.Bytes(data), nil
	}
	text, err := c.form.decoded(strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n"))
	return starlark.String(text), err
}

// subprocessRun is run(args, *, stdin, input, stdout, stderr, capture_output, shell, cwd, timeout, check, encoding, errors, text, env, ...).
func (l *Lib) subprocessRun(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c, err := l.commandArgs("run", args, kwargs)
	if err != nil {
		return nil, err
	}
	return orError(l.execute(thread, c))
}

// subprocessCall is call and check_call.
func (l *Lib) subprocessCall(name string) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		c, err := l.commandArgs(name, args, kwargs)
		if err != nil {
			return nil, err
		}
		c.check = c.check || name == "check_call"
		x, err := l.execute(thread, c)
		if err != nil {
			return nil, err
		}
		return x.own("returncode"), nil
	}
}

func (l *Lib) subprocessOutput(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c, err := l.commandArgs("check_output", args, kwargs)
	if err != nil {
		return nil, err
	}
	if c.stdout != nil {
		return nil, wire.Errorf("ValueError", "stdout argument not allowed, it will be overridden.")
	}
	c.stdout, c.check = starlark.MakeInt(toPipe), true
	x, err := l.execute(thread, c)
	if err != nil {
		return nil, err
	}
	return x.own("stdout"), nil
}

// subprocessGet is getoutput(cmd) and getstatusoutput(cmd).
func (l *Lib) subprocessGet(name string) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		c := &command{shell: true, text: true, stdout: starlark.MakeInt(toPipe), stderr: starlark.MakeInt(toStdout)}
		if err := bind(name, args, kwargs, "cmd", &c.args); err != nil {
			return nil, err
		}
		x, err := l.execute(thread, c)
		if err != nil {
			return nil, err
		}
		text := starlark.String(strings.TrimSuffix(string(x.own("stdout").(starlark.String)), "\n"))
		if name == "getoutput" {
			return text, nil
		}
		return starlark.Tuple{x.own("returncode"), text}, nil
	}
}

// subprocessCmdline is list2cmdline(seq), with the quoting of Microsoft's C runtime.
func (l *Lib) subprocessCmdline(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var seq starlark.Value
	if err := bind("list2cmdline", args, kwargs, "seq", &seq); err != nil {
		return nil, err
	}
	all, err := l.commandLine(thread, &command{args: seq})
	for i, arg := range all {
		if arg == "" || strings.ContainsAny(arg, " \t") {
			all[i] = `"` + strings.ReplaceAll(arg, `"`, `\"`) + `"`
		} else {
			all[i] = strings.ReplaceAll(arg, `"`, `\"`)
		}
	}
	return starlark.String(strings.Join(all, " ")), err
}
