package stdlib

import (
	"crypto/rand"
	"os"
	"runtime"
	"strings"
	"syscall"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// osModule makes the members of the module os. https://docs.python.org/3/library/os.html
// environ is a dict with the environment at the process's start; what is changed in it is seen by new processes.
// Calls that may block let the script's other threads run.
func (l *Lib) osModule() starlark.StringDict {
	env := environ()
	l.env = env
	members := functions(map[string]goFunc{
		"_exit":             osExit,
		"access":            l.osAccess,
		"chdir":             l.pathCall("chdir", l.chdir),
		"cpu_count":         intFunc("cpu_count", CPUCount),
		"getcwd":            osGetcwd,
		"getenv":            osGetenv(env),
		"getpid":            intFunc("getpid", l.cfg.Getpid),
		"getppid":           intFunc("getppid", l.cfg.Getppid),
		"kill":              l.osKill,
		"listdir":           l.osListdir,
		"makedirs":          l.osMakedirs,
		"mkdir":             l.osMkdir,
		"process_cpu_count": intFunc("process_cpu_count", runtime.NumCPU),
		"remove":            l.pathCall("remove", removeFile),
		"rename":            l.osRename("rename"),
		"replace":           l.osRename("replace"),
		"rmdir":             l.pathCall("rmdir", syscall.Rmdir),
		"strerror":          osStrerror,
		"unlink":            l.pathCall("unlink", removeFile),
		"urandom":           osUrandom,
	})
	for name, f := range l.osMore() {
		members[name] = starlark.NewBuiltin(name, f)
	}
	for name, v := range map[string]starlark.Value{
		"F_OK": starlark.MakeInt(0), "R_OK": starlark.MakeInt(4), "W_OK": starlark.MakeInt(2), "X_OK": starlark.MakeInt(1),
		"curdir": starlark.String("."), "pardir": starlark.String(".."), "devnull": starlark.String(os.DevNull),
		"environ": env, "error": l.Exception("OSError"),
		"linesep": starlark.String(lineSeparator()), "name": starlark.String(osName()), "path": l.path(),
		"sep": starlark.String(string(os.PathSeparator)), "pathsep": starlark.String(string(os.PathListSeparator)),
	} {
		members[name] = v
	}
	return members
}

func environ() *starlark.Dict {
	env := os.Environ()
	d := starlark.NewDict(len(env))
	for _, kv := range env {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			_ = d.SetKey(starlark.String(name), starlark.String(value)) // a new dict and a string: can't fail
		}
	}
	return d
}

// variable is a variable of the environment as the script sees it.
func (l *Lib) variable(name string) (value string, ok bool) {
	if l.env == nil { // the script has not asked for os.environ
		return os.LookupEnv(name)
	}
	v, found, _ := l.env.Get(starlark.String(name)) // a string key: can't fail
	if !found {
		return "", false
	}
	return starlark.AsString(v)
}

func (l *Lib) chdir(dir string) error {
	err := os.Chdir(dir)
	if err == nil {
		l.moved = true
	}
	return err
}

// Surroundings is what a new process takes over, of what the script has changed: the working directory, "" for unchanged, and
// the environment as NAME=VALUE, nil for unchanged. What in os.environ is no string, or cannot be a name, is left out.
func (l *Lib) Surroundings() (dir string, env []string) {
	if l.moved {
		dir, _ = os.Getwd()
	}
	if l.env == nil || l.sameEnvironment() {
		return dir, nil
	}
	env = []string{}
	for _, kv := range l.env.Items() {
		name, ok := starlark.AsString(kv[0])
		value, isString := starlark.AsString(kv[1])
		if ok && isString && name != "" && !strings.ContainsAny(name, "=\x00") && !strings.Contains(value, "\x00") {
			env = append(env, name+"="+value)
		}
	}
	return dir, env
}

// sameEnvironment reports whether os.environ is the process's environment.
func (l *Lib) sameEnvironment() bool {
	n := 0
	for _, kv := range os.Environ() {
		name, value, ok := strings.Cut(kv, "=")
		if !ok || name == "" {
			continue
		}
		n++
		if v, _, _ := l.env.Get(starlark.String(name)); v != starlark.String(value) {
			return false
		}
	}
	return l.env.Len() == n
}

// SetSurroundings takes over what Surroundings returned in the parent.
func (l *Lib) SetSurroundings(dir string, env []string) error {
	if env != nil {
		os.Clearenv()
		for _, kv := range env {
			name, value, _ := strings.Cut(kv, "=")
			if err := os.Setenv(name, value); err != nil {
				return toOSError(err)
			}
		}
		if l.env != nil { // a function that came with the process has asked for it
			_ = l.env.Clear()
			for _, kv := range environ().Items() {
				_ = l.env.SetKey(kv[0], kv[1])
			}
		}
	}
	if dir == "" {
		return nil
	}
	return toOSError(l.chdir(dir), dir)
}

func osName() string {
	if runtime.GOOS == "windows" {
		return "nt"
	}
	return "posix"
}

func lineSeparator() string {
	if runtime.GOOS == "windows" {
		return "\r\n"
	}
	return "\n"
}

// intFunc is a function without parameters that returns an int.
func intFunc(name string, f func() int) goFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := argCount(name, args, kwargs, 0, 0); err != nil {
			return nil, err
		}
		return starlark.MakeInt(f()), nil
	}
}

func osGetcwd(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("getcwd", args, kwargs, 0, 0); err != nil {
		return nil, err
	}
	dir, err := os.Getwd()
	return starlark.String(dir), toOSError(err)
}

// osGetenv is getenv(key, default=None), which asks environ.
func osGetenv(env *starlark.Dict) goFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var key starlark.String
		var missing starlark.Value = starlark.None
		if err := starlark.UnpackArgs("getenv", args, kwargs, "key", &key, "default?", &missing); err != nil {
			return nil, err
		}
		v, found, err := env.Get(key)
		if !found {
			v = missing
		}
		return v, err
	}
}

// osKill is kill(pid, sig). Children ignore the terminal's SIGINT, but not one that a script sends.
func (l *Lib) osKill(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("kill", args, kwargs, 2, 2); err != nil {
		return nil, err
	}
	pid, err := toIndex(args[0])
	if err != nil {
		return nil, err
	}
	sig, err := toIndex(args[1])
	if err != nil {
		return nil, err
	}
	if l.cfg.MaySignal != nil {
		if err := l.cfg.MaySignal(pid); err != nil {
			return nil, toOSError(err)
		}
	}
	if sig == int(syscall.SIGINT) && l.cfg.Interrupt != nil && l.cfg.Interrupt(pid) {
		l.cfg.Hurry(thread)
		return starlark.None, nil
	}
	return starlark.None, toOSError(kill(pid, syscall.Signal(sig)))
}

// osExit is _exit(n): it ends the process at once, without cleaning up.
func osExit(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("_exit", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	n, err := toIndex(args[0])
	if err != nil {
		return nil, err
	}
	os.Exit(n & 0xff)
	return nil, nil
}

func osStrerror(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("strerror", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	n, err := toIndex(args[0])
	return starlark.String(strerror(syscall.Errno(n))), err
}

func osUrandom(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("urandom", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	n, err := toIndex(args[0])
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, wire.Errorf("ValueError", "negative argument not allowed")
	}
	if n > 1<<30 {
		return nil, wire.Errorf("MemoryError", "urandom: %d bytes are too many", n)
	}
	data := make([]byte, n)
	_, err = rand.Read(data)
	return starlark.Bytes(data), toOSError(err)
}

// CPUCount is the number of processors that the system has online, whatever this process may use of them.
func CPUCount() int {
	if n := onlineCPUs(); n > 0 {
		return n
	}
	return runtime.NumCPU()
}

// onlineCPUs reads what Linux says, such as "0-3,8", or returns 0.
func onlineCPUs() int {
	text, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return 0
	}
	return cpuList(strings.TrimSpace(string(text)))
}
