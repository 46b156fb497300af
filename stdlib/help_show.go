package stdlib

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

const (
	helpIndent = "    "
	helpWidth  = 78
)

func titled(title, text string) string { return title + "\n\n" + strings.TrimRight(text, "\n") }

// show is the entry: its signature, and its text below.
func (e *helpEntry) show(indent string) string {
	return wrapped(e.head, indent, indent+helpIndent+helpIndent) + wrapped(e.text, indent+helpIndent, indent+helpIndent)
}

// wrapped breaks lines that are too long at spaces; the first begins with first, those that go on with next.
func wrapped(text, first, next string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		indent := first
		for len(indent)+len(line) > helpWidth {
			i := strings.LastIndexByte(line[:helpWidth-len(indent)+1], ' ')
			if i <= 0 {
				break
			}
			b.WriteString(indent + line[:i] + "\n")
			line, indent = line[i+1:], next
		}
		b.WriteString(strings.TrimRight(indent+line, " ") + "\n")
	}
	return b.String()
}

// showFunction is a script's function: its signature and its doc string. Of a method the first parameter is given.
func (l *Lib) showFunction(fn scriptFunction, method bool, indent string) string {
	return wrapped(fn.Name()+l.signature(fn, method), indent, indent+helpIndent+helpIndent) + docText(fn.Doc(), indent+helpIndent)
}

// docText is a doc string with another indentation.
func docText(doc, indent string) string {
	lines := strings.Split(strings.TrimSpace(doc), "\n")
	common := -1
	for _, line := range lines[1:] {
		if n := len(line) - len(strings.TrimLeft(line, " \t")); strings.TrimSpace(line) != "" && (common < 0 || n < common) {
			common = n
		}
	}
	var b strings.Builder
	for i, line := range lines {
		if i > 0 && len(line) >= common && common > 0 {
			line = line[common:]
		}
		if line = strings.TrimRight(line, " \t"); line != "" {
			b.WriteString(indent + line)
		}
		if doc != "" {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// signature is the parameters of a script's function, with their defaults.
func (l *Lib) signature(fn scriptFunction, method bool) string {
	n := fn.NumParams()
	kwargs, varargs := -1, -1
	if fn.HasKwargs() {
		n--
		kwargs = n
	}
	if fn.HasVarargs() {
		n--
		varargs = n
	}
	var params []string
	add := func(i int, stars string) {
		name, _ := fn.Param(i)
		if v := fn.ParamDefault(i); v != nil && stars == "" {
			text, err := l.repr(v)
			if err != nil {
				text = "<" + v.Type() + ">"
			}
			if runes := []rune(text); len(runes) > 40 {
				text = string(runes[:39]) + "…"
			}
			name += " = " + text
		}
		params = append(params, stars+name)
	}
	for i := range n {
		if i == n-fn.NumKwonlyParams() && varargs < 0 {
			params = append(params, "*")
		}
		if i == n-fn.NumKwonlyParams() && varargs >= 0 {
			add(varargs, "*")
		}
		add(i, "")
	}
	if varargs >= 0 && fn.NumKwonlyParams() == 0 {
		add(varargs, "*")
	}
	if kwargs >= 0 {
		add(kwargs, "**")
	}
	if method && len(params) > 0 && !strings.HasPrefix(params[0], "*") {
		params = params[1:]
	}
	return "(" + strings.Join(params, ", ") + ")"
}

func moduleOf(fn scriptFunction) string {
	name := moduleNameOf(fn)
	if name == "" {
		name = fn.Position().Filename()
	}
	return name
}

func position(fn scriptFunction) string {
	return fmt.Sprintf("%s:%d", fn.Position().Filename(), fn.Position().Line)
}

func ofWhat(x starlark.Value) string {
	if c, ok := x.(*Class); ok {
		return "class " + c.name
	}
	return pyType(x) + " object"
}

// showCallable is the entry for something written in Go that can be called; its name alone where there is none.
func (l *Lib) showCallable(c starlark.Callable, indent string) string {
	if e, _ := l.entryFor(c); e != nil {
		return e.show(indent)
	}
	return indent + c.Name() + "(...)\n"
}

// entryFor finds the entry for a callable and the path or type that has it.
func (l *Lib) entryFor(c starlark.Callable) (e *helpEntry, where string) {
	t := l.helpTexts()
	if m, ok := c.(*boundMethod); ok {
		return l.entryFor(m.fn)
	}
	if m, ok := c.(*nativeMethod); ok {
		path := l.pathTo(m.class)
		return t.entry(path, lastName(m.fn.Name())), path
	}
	if b, ok := c.(*starlark.Builtin); ok && b.Receiver() != nil {
		recv := b.Receiver()
		name := pyType(recv)
		if _, isType := recv.(starlark.Callable); isType {
			name = l.pathTo(recv)
		}
		if s := t.ofType(name); s != nil {
			return t.entry(s.names[0], b.Name()), name
		}
	}
	path := l.pathTo(c)
	if class, method, ok := strings.Cut(c.Name(), "."); ok && path == "" {
		if s := t.ofType(class); s != nil {
			return t.entry(s.names[0], method), ""
		}
	}
	return t.path(path), path
}

func lastName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// helpOnCallable is help for functions, methods and types that are written in Go.
func (l *Lib) helpOnCallable(c starlark.Callable) string {
	t := l.helpTexts()
	e, where := l.entryFor(c)
	kind := "built-in function"
	s := t.section(where)
	if b, ok := c.(*starlark.Builtin); ok && b.Receiver() != nil {
		title := fmt.Sprintf("Help on method %s of %s:", b.Name(), where)
		return titled(title, l.showCallable(c, ""))
	}
	if _, isClass := c.(ClassLike); isClass || s != nil {
		kind = "class"
	}
	title := "Help on " + kind + " " + c.Name()
	if i := strings.LastIndexByte(where, '.'); i >= 0 {
		if holder := l.named(where[:i]); holder != nil && holder.Type() == "type" {
			title = "Help on method " + lastName(c.Name()) + " of class " + where[:i]
		} else {
			title += " in module " + where[:i]
		}
	}
	text := l.showCallable(c, "")
	if e == nil && kind == "class" {
		text = "class " + c.Name() + "\n"
	}
	if s != nil {
		text += "\n" + l.showSection(s, helpIndent, nil)
	}
	return titled(title+":", text)
}

func indentText(text, indent string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString(indent)
		}
		b.WriteString(line)
	}
	return b.String()
}

// showSection is the text of a module or type and all its entries; of those that it has from others, only the names in members, if
// that isn't nil.
func (l *Lib) showSection(s *helpSection, indent string, members starlark.StringDict) string {
	text := wrapped(s.text, indent, indent)
	for _, e := range l.helpTexts().all(s) {
		if members != nil && !slices.Contains(s.entries, e) && !members.Has(e.names[0]) {
			continue
		}
		if text != "" {
			text += "\n"
		}
		text += e.show(indent)
	}
	return text
}

// helpOnModule lists what a module has. Of names without help it tells the value or the type.
func (l *Lib) helpOnModule(m starlark.Value) string {
	t := l.helpTexts()
	path := l.pathTo(m)
	if path == "" {
		path = strings.Trim(strings.TrimPrefix(m.String(), "<module "), `">`)
	}
	text := ""
	s := t.section(path)
	members := membersOf(m)
	known := map[string]bool{}
	if s != nil {
		text = l.showSection(s, "", members)
		for _, e := range t.all(s) {
			for _, name := range e.names {
				known[name] = true
			}
		}
	}
	var other []string
	for _, name := range members.Keys() {
		if !known[name] && !strings.HasPrefix(name, "_") {
			other = append(other, name)
		}
	}
	for i, name := range other {
		if i == 0 && text != "" {
			text += "\n"
		}
		switch v := members[name].(type) {
		case scriptFunction:
			text += l.showFunction(v, false, "")
		default:
			text += name + ", " + v.Type() + "\n"
		}
	}
	return titled("Help on module "+path+":", text)
}

// helpOnValue is help on the type of a value.
func (l *Lib) helpOnValue(x starlark.Value) string {
	name := pyType(x)
	if s := l.helpTexts().ofType(name); s != nil {
		return titled("Help on "+name+" object:", l.showSection(s, "", nil))
	}
	text := ""
	for _, attr := range l.Dir(x) {
		text += attr + "\n"
	}
	if text == "" {
		return fmt.Sprintf("A value of type %s. It has no attributes.", name)
	}
	return titled("Help on "+name+" object. It has these attributes:", indentText(text, helpIndent))
}

// helpOnClass is help on a class: where it comes from, and what it and its bases define.
func (l *Lib) helpOnClass(c *Class) (string, error) {
	title := "Help on class " + c.name
	where := c.module
	e := (*helpEntry)(nil)
	var path string
	if c.native {
		path = l.pathTo(c)
		e = l.helpTexts().path(path)
		if i := strings.LastIndexByte(path, '.'); i >= 0 {
			where = path[:i]
		}
	}
	if where != "" {
		title += " in module " + where
	}
	var bases []string
	for _, b := range c.bases {
		if b != l.object {
			bases = append(bases, b.name)
		}
	}
	text := "class " + c.name
	if len(bases) > 0 {
		text += "(" + strings.Join(bases, ", ") + ")"
	}
	text += "\n"
	if e != nil {
		if strings.Contains(e.head, "(") {
			text += wrapped(e.head, helpIndent, helpIndent+helpIndent+helpIndent)
		}
		text += wrapped(e.text, helpIndent, helpIndent)
	} else if doc, ok := c.lookup("__doc__").(starlark.String); ok {
		text += docText(string(doc), helpIndent)
	}
	if order := c.order(); len(order) > 3 || len(order) > 2 && len(c.bases) > 1 {
		var names []string
		for _, k := range order {
			names = append(names, k.name)
		}
		text += "\n" + wrapped("Method resolution order: "+strings.Join(names, ", "), helpIndent, helpIndent+helpIndent)
	}
	seen := map[string]bool{}
	for _, k := range c.order() {
		if k == l.object || k == l.base && c != l.base {
			continue
		}
		members, err := l.showMembers(k, seen)
		if err != nil {
			return "", err
		}
		if members == "" {
			continue
		}
		text += "\n"
		if k != c {
			text += helpIndent + "From " + k.name + ":\n\n"
		}
		text += members
	}
	return titled(title+":", text), nil
}

// showMembers is what a class itself defines, without the names seen.
func (l *Lib) showMembers(c *Class, seen map[string]bool) (string, error) {
	section := ""
	if c.native {
		section = l.pathTo(c)
	}
	var parts []string
	for _, a := range c.attrs.items {
		if seen[a.name] || a.name == "__doc__" || a.name == "__module__" {
			continue
		}
		seen[a.name] = true
		if e := l.helpTexts().entry(section, a.name); e != nil && c.native {
			parts = append(parts, e.show(helpIndent))
			continue
		}
		if c.native && strings.HasPrefix(a.name, "_") {
			continue
		}
		prefix, v := "", a.value
		switch m := v.(type) {
		case *staticMethod:
			prefix, v = "static ", m.fn
		case *classMethod:
			prefix, v = "class method ", m.fn
		case *scriptProperty:
			prefix, v = "property ", m.fget
		}
		switch m := v.(type) {
		case scriptFunction:
			text := l.showFunction(m, false, "")
			if m.Name() != a.name {
				text = a.name + strings.TrimPrefix(text, m.Name())
			}
			parts = append(parts, indentText(prefix+text, helpIndent))
		case starlark.Callable:
			parts = append(parts, helpIndent+prefix+a.name+"(...)\n")
		default:
			text, err := l.repr(v)
			if err != nil {
				return "", err
			}
			parts = append(parts, wrapped(prefix+a.name+" = "+text, helpIndent, helpIndent+helpIndent))
		}
	}
	return strings.Join(parts, "\n"), nil
}
