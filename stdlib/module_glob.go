package stdlib

import (
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib/internal/sre"
	"go.starlark.net/starlark"
)

// globModule makes the members of the module glob. Results are sorted within each directory. https://docs.python.org/3/library/glob.html
func (l *Lib) globModule() starlark.StringDict {
	return functions(map[string]goFunc{
		"glob": func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			names, err := l.globArgs(thread, "glob", args, kwargs)
			return stringList(names), err
		},
		"iglob": func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			names, err := l.globArgs(thread, "iglob", args, kwargs)
			return &Iterator{lib: l, cur: &indexCursor{x: stringList(names)}}, err
		},
		"escape": func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var path string
			if err := bind("escape", args, kwargs, "pathname", &path); err != nil {
				return nil, err
			}
			return starlark.String(strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(path)), nil
		},
	})
}

// globArgs is glob(pathname, *, root_dir=None, recursive=False, include_hidden=False).
func (l *Lib) globArgs(thread *starlark.Thread, fn string, args starlark.Tuple, kwargs []starlark.Tuple) ([]string, error) {
	var path, root, ignored starlark.Value = nil, starlark.None, nil
	g := &globber{}
	if err := bind(fn, args, kwargs, "pathname", &path, "*", "root_dir?", &root, "dir_fd?", &ignored, "recursive?", &g.recursive, "include_hidden?", &g.hidden); err != nil {
		return nil, err
	}
	pattern, err := pathArg(path)
	if err != nil {
		return nil, err
	}
	if root != starlark.None {
		if g.root, err = pathArg(root); err != nil {
			return nil, err
		}
	}
	var names []string
	l.block(thread, func() { names = g.find(pattern) })
	return names, nil
}

type globber struct {
	root              string
	recursive, hidden bool
}

func hasMagic(s string) bool { return strings.ContainsAny(s, "*?[") }

func (g *globber) real(path string) string {
	if g.root == "" || filepath.IsAbs(path) {
		if path == "" {
			return "."
		}
		return path
	}
	return filepath.Join(g.root, path)
}

// find returns the paths that match; a pattern without magic matches what exists.
func (g *globber) find(pattern string) []string {
	dir, base := splitPath(pattern)
	if !hasMagic(pattern) {
		_, err := os.Lstat(g.real(pattern))
		info, statErr := os.Stat(g.real(dir))
		if base != "" && err == nil || base == "" && dir != "" && statErr == nil && info.IsDir() {
			return []string{pattern}
		}
		return nil
	}
	dirs := []string{dir}
	if dir != "" && dir != pattern && hasMagic(dir) {
		dirs = g.find(dir)
	}
	var found []string
	for _, d := range dirs {
		for _, name := range g.within(d, base) {
			found = append(found, joinPath(d, name))
		}
	}
	return found
}

func joinPath(dir, name string) string {
	if dir == "" || strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}

// within returns the names in a directory that match the last component of a pattern.
func (g *globber) within(dir, base string) []string {
	switch {
	case base == "**" && g.recursive:
		return g.all(dir, "", []string{""})
	case base == "":
		if info, err := os.Stat(g.real(dir)); err == nil && info.IsDir() {
			return []string{""}
		}
		return nil
	case !hasMagic(base):
		if _, err := os.Lstat(g.real(joinPath(dir, base))); err == nil {
			return []string{base}
		}
		return nil
	}
	re, err := sre.Compile(fnmatchPattern(base), sre.DotAll, false, pyQuote)
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir(g.real(dir)) // what can't be read has nothing
	var names []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") && !g.hidden && !strings.HasPrefix(base, ".") {
			continue
		}
		if r, err := re.Find(&sre.Input{Subject: name, End: len(name), Mode: sre.FullMatch}); err == nil && r != nil {
			names = append(names, name)
		}
	}
	return names
}

// all adds all files below a directory.
func (g *globber) all(dir, below string, names []string) []string {
	entries, _ := os.ReadDir(g.real(joinPath(dir, below)))
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && !g.hidden {
			continue
		}
		name := joinPath(below, e.Name())
		names = append(names, name)
		if e.IsDir() {
			names = g.all(dir, name, names)
		}
	}
	return names
}

// fnmatchPattern turns a shell pattern into a regular expression.
func fnmatchPattern(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteString(".")
		case '[':
			j := i + 1
			if j < len(s) && s[j] == '!' {
				j++
			}
			if j < len(s) && s[j] == ']' {
				j++
			}
			end := strings.IndexByte(s[min(j, len(s)):], ']')
			if end < 0 {
				b.WriteString(`\[`)
				continue
			}
			body := s[i+1 : j+end]
			negate := ""
			if strings.HasPrefix(body, "!") {
				negate, body = "^", body[1:]
			} else if strings.HasPrefix(body, "^") {
				body = `\` + body
			}
			b.WriteString("[" + negate + strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(body) + "]")
			i = j + end
		default:
			_, n := utf8.DecodeRuneInString(s[i:])
			b.WriteString(sreEscape(s[i : i+n]))
			i += n - 1
		}
	}
	return b.String()
}

// tempfileModule makes the members of the module tempfile. https://docs.python.org/3/library/tempfile.html
func (l *Lib) tempfileModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"gettempdir": func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.String(tempDir()), argCount("gettempdir", args, kwargs, 0, 0)
		},
		"mkdtemp": func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var suffix, prefix, dir starlark.Value
			if err := bind("mkdtemp", args, kwargs, "suffix?", &suffix, "prefix?", &prefix, "dir?", &dir); err != nil {
				return nil, err
			}
			return orError(l.tempDirectory(thread, suffix, prefix, dir))
		},
		"mkstemp":            l.mkstemp,
		"NamedTemporaryFile": l.namedTemporaryFile("NamedTemporaryFile"),
		"TemporaryFile":      l.namedTemporaryFile("TemporaryFile"),
	})
	c, _ := l.newClass("TemporaryDirectory", "tempfile", nil) // one base: can't fail
	c.native = true
	c.addMethod("__init__", func(thread *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var suffix, prefix, dir, ignored starlark.Value
		if err := bind("TemporaryDirectory.__init__", args, kwargs, "suffix?", &suffix, "prefix?", &prefix, "dir?", &dir, "ignore_cleanup_errors?", &ignored, "*", "delete?", &ignored); err != nil {
			return nil, err
		}
		name, err := l.tempDirectory(thread, suffix, prefix, dir)
		x.attrs.set("name", name)
		return starlark.None, err
	})
	c.addMethod("__enter__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return x.own("name"), nil
	})
	cleanup := func(thread *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		name, _ := starlark.AsString(orNil(x.own("name")))
		var err error
		l.block(thread, func() { err = os.RemoveAll(name) })
		return starlark.None, toOSError(err, name)
	}
	c.addMethod("__exit__", cleanup)
	c.addMethod("cleanup", cleanup)
	c.addMethod("__repr__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return starlark.String("<TemporaryDirectory " + quoted(orNil(x.own("name"))) + ">"), nil
	})
	members["TemporaryDirectory"] = c
	return members
}

// tempDir is where temporary files go, as the environment says.
func tempDir() string {
	for _, name := range []string{"TMPDIR", "TEMP", "TMP"} {
		if dir := os.Getenv(name); dir != "" {
			return dir
		}
	}
	return os.TempDir()
}

// tempName splits what a temporary name is made of.
func tempName(suffix, prefix, dir starlark.Value) (where, pattern string, err error) {
	text := func(v starlark.Value, otherwise string) string {
		if s, ok := starlark.AsString(orNil(v)); ok {
			return s
		}
		return otherwise
	}
	where = text(dir, tempDir())
	p, s := text(prefix, "tmp"), text(suffix, "")
	if strings.ContainsAny(p+s, "/\x00") {
		return "", "", wire.Errorf("ValueError", "prefix and suffix must not contain a path separator")
	}
	return where, strings.ReplaceAll(p, "*", "_") + "*" + strings.ReplaceAll(s, "*", "_"), nil
}

func (l *Lib) tempDirectory(thread *starlark.Thread, suffix, prefix, dir starlark.Value) (starlark.String, error) {
	where, pattern, err := tempName(suffix, prefix, dir)
	if err != nil {
		return "", err
	}
	var name string
	l.block(thread, func() { name, err = os.MkdirTemp(where, pattern) })
	return starlark.String(name), toOSError(err, where)
}

// mkstemp is mkstemp(suffix=None, prefix=None, dir=None, text=False). In place of a descriptor, which nothing here takes, it
// returns the open file.
func (l *Lib) mkstemp(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var suffix, prefix, dir starlark.Value
	text := false
	if err := bind("mkstemp", args, kwargs, "suffix?", &suffix, "prefix?", &prefix, "dir?", &dir, "text?", &text); err != nil {
		return nil, err
	}
	mode := "w+b"
	if text {
		mode = "w+"
	}
	_, f, err := openMode(mode)
	if err != nil {
		return nil, err
	}
	if err := l.tempFile(thread, f, suffix, prefix, dir); err != nil {
		return nil, err
	}
	return starlark.Tuple{f, f.name}, nil
}

// tempFile connects f, which comes from openMode, to a new file.
func (l *Lib) tempFile(thread *starlark.Thread, f *File, suffix, prefix, dir starlark.Value) error {
	where, pattern, err := tempName(suffix, prefix, dir)
	if err != nil {
		return err
	}
	l.block(thread, func() { f.file, err = os.CreateTemp(where, pattern) })
	if err != nil {
		return toOSError(err, where)
	}
	f.lib, f.name = l, starlark.String(f.file.Name())
	if f.r != nil {
		f.r.Reset(f.file)
	}
	if f.w != nil {
		f.w = f.file
	}
	return nil
}

// namedTemporaryFile is NamedTemporaryFile(mode="w+b", ..., suffix=None, prefix=None, dir=None, delete=True): a file that is removed when
// it is closed. TemporaryFile's has no name from the start.
func (l *Lib) namedTemporaryFile(name string) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		mode, remove := "w+b", true
		var encoding, onError, newline, suffix, prefix, dir, ignored starlark.Value
		if err := bind(name, args, kwargs, "mode?", &mode, "buffering?", &ignored, "encoding?", &encoding, "newline?", &newline, "suffix?", &suffix, "prefix?", &prefix,
			"dir?", &dir, "delete?", &remove, "*", "errors?", &onError, "delete_on_close?", &ignored); err != nil {
			return nil, err
		}
		_, f, err := openMode(mode)
		if err != nil {
			return nil, err
		}
		if err := f.textOptions(encoding, onError, newline); err != nil {
			return nil, err
		}
		if err := l.tempFile(thread, f, suffix, prefix, dir); err != nil {
			return nil, err
		}
		if name == "TemporaryFile" {
			return f, toOSError(os.Remove(f.file.Name()), f.file.Name())
		}
		f.remove = remove
		return f, nil
	}
}
