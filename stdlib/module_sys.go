package stdlib

import (
	"math"
	"runtime"
	"strings"

	"go.starlark.net/starlark"
)

// sysModule makes the members of the module sys. https://docs.python.org/3/library/sys.html
// version and version_info are starmp's; the streams travel to other processes by name and are the receiver's own there.
func (l *Lib) sysModule() starlark.StringDict {
	std := l.std()
	l.argv = new(starlark.List)
	l.SetArgv(l.cfg.Argv)
	return starlark.StringDict{
		"argv":         l.argv,
		"byteorder":    starlark.String(byteOrder()),
		"executable":   starlark.String(l.cfg.Executable),
		"exit":         starlark.NewBuiltin("exit", l.sysExit),
		"maxsize":      starlark.MakeInt(math.MaxInt),
		"platform":     starlark.String(platform()),
		"stderr":       std.err,
		"stdin":        std.in,
		"stdout":       std.out,
		"version":      starlark.String(l.cfg.Version),
		"version_info": versionInfo(l.cfg.Version),
	}
}

// Argv is sys.argv as the script has it now. What is no string, which no program was started with, is left out.
func (l *Lib) Argv() []string {
	if l.argv == nil {
		return l.cfg.Argv
	}
	var argv []string
	for i := range l.argv.Len() {
		if s, ok := starlark.AsString(l.argv.Index(i)); ok {
			argv = append(argv, s)
		}
	}
	return argv
}

// SetArgv replaces the contents of sys.argv, as a child does with its parent's.
func (l *Lib) SetArgv(argv []string) {
	l.cfg.Argv = argv
	if l.argv == nil || l.argv.Clear() != nil { // not asked for yet, or frozen by a loaded script that kept it
		return
	}
	for _, arg := range argv {
		_ = l.argv.Append(starlark.String(arg))
	}
}

// sysExit is exit([arg]): it raises SystemExit(arg), or SystemExit(*arg) if arg is a tuple and SystemExit() if it is None, as CPython does.
func (l *Lib) sysExit(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("exit", args, kwargs, 0, 1); err != nil {
		return nil, err
	}
	if len(args) == 1 {
		switch arg := args[0].(type) {
		case starlark.Tuple:
			args = arg
		case starlark.NoneType:
			args = nil
		}
	}
	exc, err := l.cfg.Call(thread, l.Exception("SystemExit"), args, nil)
	if err != nil {
		return nil, err
	}
	return nil, l.ToError(exc)
}

// platform is sys.platform: CPython's word where it differs from Go's.
func platform() string {
	if runtime.GOOS == "windows" {
		return "win32"
	}
	return runtime.GOOS
}

func byteOrder() string {
	switch runtime.GOARCH {
	case "mips", "mips64", "ppc64", "s390x":
		return "big"
	}
	return "little"
}

// versionInfo is the tuple (major, minor, micro, releaselevel, serial) of a version such as "1.2.3".
func versionInfo(version string) starlark.Tuple {
	t := starlark.Tuple{starlark.MakeInt(0), starlark.MakeInt(0), starlark.MakeInt(0), starlark.String("final"), starlark.MakeInt(0)}
	word, _, _ := strings.Cut(version, " ")
	for i, part := range strings.SplitN(strings.TrimPrefix(word, "v"), ".", 3) {
		n := 0
		for _, c := range part {
			if c < '0' || c > '9' || n > 1e6 {
				break
			}
			n = 10*n + int(c-'0')
		}
		t[i] = starlark.MakeInt(n)
	}
	return t
}
