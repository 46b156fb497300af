package stdlib

import (
	_ "embed"
	"strings"

	"go.starlark.net/starlark"
)

// docs has a line a function: its signature, and after "  -- " what it does. It stays on disk until somebody asks for help.
//
//go:embed docs.txt
var docs string

// Doc returns the signature of a module's function or class, such as "re.sub(pattern, repl, string, count=0, flags=0)", what it does in
// a few words, and the page that says more; all empty for a name that has none. v is looked for among the members of modules that are in use.
func (l *Lib) Doc(v starlark.Value) (signature, text, page string) {
	for _, m := range l.moduleTable() {
		module, ok := m.(*Module)
		if !ok {
			continue
		}
		for name, member := range module.MadeMembers() {
			if isSame(member, v) {
				return docOf(module.name, name)
			}
		}
	}
	return "", "", ""
}

// isSame reports whether two values are one object of Go's.
func isSame(x, y starlark.Value) bool {
	switch x.(type) {
	case *starlark.Builtin, *Class, *nativeType, *Module:
		return x == y
	}
	return false
}

// docOf finds the line of a name.
func docOf(module, name string) (signature, text, page string) {
	key := "\n" + module + "." + name + "("
	i := strings.Index(docs, key)
	if i < 0 {
		return "", "", ""
	}
	line, _, _ := strings.Cut(docs[i+1:], "\n")
	signature, text, _ = strings.Cut(line, "  -- ")
	return signature, text, "https://docs.python.org/3/library/" + module + ".html#" + module + "." + name
}
