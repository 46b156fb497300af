package stdlib

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib/internal/sre"
	"go.starlark.net/starlark"
)

// Attr implements starlark.HasAttrs.
func (p *argParser) Attr(name string) (starlark.Value, error) {
	switch name {
	case "prog":
		return starlark.String(p.prog), nil
	case "description":
		return starlark.String(p.description), nil
	case "epilog":
		return starlark.String(p.epilog), nil
	}
	return parserMethods().bound(p, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (p *argParser) AttrNames() []string {
	return append([]string{"description", "epilog", "prog"}, parserMethods().names()...)
}

var parserTable methodTable

func parserMethods() *methodTable { return parserTable.fill(parserFunctions) }

func parserFunctions() map[string]goFunc {
	write := func(p *argParser, thread *starlark.Thread, name, text string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var file starlark.Value = p.lib.std().out
		if err := bind(name, args, kwargs, "file?", &file); err != nil {
			return nil, err
		}
		if file == starlark.None {
			file = p.lib.std().out
		}
		_, err := p.lib.callAttr(thread, file, "write", starlark.String(text))
		return starlark.None, err
	}
	parse := func(name string, known bool) goFunc {
		return method(func(p *argParser, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var list, space starlark.Value = starlark.None, starlark.None
			if err := bind(name, args, kwargs, "args?", &list, "namespace?", &space); err != nil {
				return nil, err
			}
			return p.parse(thread, list, space, known)
		})
	}
	return map[string]goFunc{
		"add_argument": method(func(p *argParser, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return p.addArgument(nil, args, kwargs)
		}),
		"add_argument_group": method(func(p *argParser, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var title, description starlark.Value
			if err := bind("add_argument_group", args, kwargs, "title?", &title, "description?", &description); err != nil {
				return nil, err
			}
			g := &argGroup{p: p}
			g.title, _ = starlark.AsString(orNil(title))
			g.description, _ = starlark.AsString(orNil(description))
			p.groups = append(p.groups, g)
			return g, nil
		}),
		"add_mutually_exclusive_group": method(func(p *argParser, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return p.exclusiveGroup(nil, args, kwargs)
		}),
		"add_subparsers": method(func(p *argParser, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return p.addSubparsers(args, kwargs)
		}),
		"parse_args": parse("parse_args", false), "parse_known_args": parse("parse_known_args", true),
		"format_help": method(func(p *argParser, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.String(p.helpText()), argCount("format_help", args, kwargs, 0, 0)
		}),
		"format_usage": method(func(p *argParser, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.String(p.usageText(false)), argCount("format_usage", args, kwargs, 0, 0)
		}),
		"print_help": method(func(p *argParser, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return write(p, thread, "print_help", p.helpText(), args, kwargs)
		}),
		"print_usage": method(func(p *argParser, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return write(p, thread, "print_usage", p.usageText(false), args, kwargs)
		}),
		"error": method(func(p *argParser, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var text string
			if err := bind("error", args, kwargs, "message", &text); err != nil {
				return nil, err
			}
			return nil, p.fail(thread, text)
		}),
		"exit": method(func(p *argParser, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			status := 0
			var text starlark.Value = starlark.None
			if err := bind("exit", args, kwargs, "status?", &status, "message?", &text); err != nil {
				return nil, err
			}
			if s, ok := starlark.AsString(text); ok {
				if err := p.lib.std().err.writeString(thread, s); err != nil {
					return nil, err
				}
			}
			return nil, p.exit(status)
		}),
		"set_defaults": method(func(p *argParser, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			for _, kv := range kwargs {
				name := string(kv[0].(starlark.String))
				p.defaults = append(p.defaults, attr{name, kv[1]})
				for _, a := range p.args {
					if a.dest == name {
						a.def = kv[1]
					}
				}
			}
			return starlark.None, argCount("set_defaults", args, nil, 0, 0)
		}),
		"get_default": method(func(p *argParser, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var dest string
			if err := bind("get_default", args, kwargs, "dest", &dest); err != nil {
				return nil, err
			}
			for _, a := range p.args {
				if a.dest == dest && a.def != starlark.None {
					return a.def, nil
				}
			}
			for _, d := range p.defaults {
				if d.name == dest {
					return d.value, nil
				}
			}
			return starlark.None, nil
		}),
	}
}

func (p *argParser) exit(status int) error {
	return p.lib.ToError(p.lib.newException(p.lib.excs["SystemExit"], starlark.MakeInt(status)))
}

// fail shows how the program is used and what is wrong, and exits with status 2.
func (p *argParser) fail(thread *starlark.Thread, text string) error {
	if err := p.lib.std().err.writeString(thread, p.usageText(false)+p.prog+": error: "+text+"\n"); err != nil {
		return err
	}
	return p.exit(2)
}

// argFault is a fault of the command line.
type argFault struct{ text string }

func (e *argFault) Error() string          { return e.text }
func (e *argFault) ExceptionClass() string { return "argparse.ArgumentError" }

func faultf(a *argument, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if a != nil {
		text = "argument " + a.shown() + ": " + text
	}
	return &argFault{text}
}

// shown is the argument's name in messages.
func (a *argument) shown() string {
	if len(a.flags) > 0 {
		return strings.Join(a.flags, "/")
	}
	if s, ok := starlark.AsString(orNil(a.metavar)); ok {
		return s
	}
	if a.dest == "" && a.sub != nil {
		return "{" + strings.Join(a.sub.names, ",") + "}"
	}
	return a.dest
}

func (p *argParser) parse(thread *starlark.Thread, list, space starlark.Value, known bool) (starlark.Value, error) {
	var argv []string
	if list == starlark.None {
		if len(p.lib.cfg.Argv) > 0 {
			argv = p.lib.cfg.Argv[1:]
		}
		if p.lib.argv != nil { // the script may have changed it
			argv = nil
			for i := 1; i < p.lib.argv.Len(); i++ {
				s, _ := starlark.AsString(p.lib.argv.Index(i))
				argv = append(argv, s)
			}
		}
	} else {
		all, err := p.lib.drain(thread, list)
		if err != nil {
			return nil, err
		}
		for _, v := range all {
			s, ok := starlark.AsString(v)
			if !ok {
				return nil, wire.Errorf("TypeError", "argument of type '%s' is not a string", pyType(v))
			}
			argv = append(argv, s)
		}
	}
	ns, ok := space.(*Instance)
	if !ok {
		class, _ := p.lib.Module("argparse").(*Module).ModuleMembers()["Namespace"].(*Class)
		ns = &Instance{cls: class}
	}
	extras, err := p.parseInto(thread, argv, ns)
	if fault, ok := err.(*argFault); ok && p.exits {
		err = p.fail(thread, fault.text)
	}
	if err != nil {
		return nil, err
	}
	if known {
		return starlark.Tuple{ns, stringList(extras)}, nil
	}
	if len(extras) > 0 {
		text := "unrecognized arguments: " + strings.Join(extras, " ")
		if !p.exits {
			return nil, &argFault{text}
		}
		return nil, p.fail(thread, text)
	}
	return ns, nil
}

// parsing is one run over a command line.
type parsing struct {
	p       *argParser
	thread  *starlark.Thread
	ns      *Instance
	argv    []string
	kinds   string // a letter an argument: O option, A argument, - for --
	options map[int]option
	waiting []*argument // positional ones
	seen    map[*argument]bool
	extras  []string
}

type option struct {
	arg   *argument // nil: looks like an option and is none
	flag  string
	value string // after =
	has   bool
}

func (p *argParser) parseInto(thread *starlark.Thread, argv []string, ns *Instance) ([]string, error) {
	for _, a := range p.args {
		if a.def != starlark.String(argSuppress) && a.dest != "" && ns.own(a.dest) == nil {
			ns.attrs.set(a.dest, a.def)
		}
	}
	for _, d := range p.defaults {
		if ns.own(d.name) == nil {
			ns.attrs.set(d.name, d.value)
		}
	}
	r := &parsing{p: p, thread: thread, ns: ns, argv: argv, options: map[int]option{}, seen: map[*argument]bool{}}
	for _, a := range p.args {
		if a.positional() {
			r.waiting = append(r.waiting, a)
		}
	}
	if err := r.classify(); err != nil {
		return nil, err
	}
	if err := r.run(); err != nil {
		return nil, err
	}
	return r.extras, r.finish()
}

// classify says of each argument whether it is an option.
func (r *parsing) classify() error {
	var kinds strings.Builder
	for i, s := range r.argv {
		if s == "--" {
			kinds.WriteString("-" + strings.Repeat("A", len(r.argv)-i-1))
			break
		}
		o, is, err := r.p.option(s)
		if err != nil {
			return err
		}
		if is {
			r.options[i] = o
			kinds.WriteByte('O')
		} else {
			kinds.WriteByte('A')
		}
	}
	r.kinds = kinds.String()
	return nil
}

// option finds the option that s stands for.
func (p *argParser) option(s string) (o option, is bool, err error) {
	if s == "" || s[0] != '-' || s == "-" {
		return o, false, nil
	}
	if a := p.flag(s); a != nil {
		return option{arg: a, flag: s}, true, nil
	}
	name, value, has := strings.Cut(s, "=")
	if a := p.flag(name); has && a != nil {
		return option{a, name, value, true}, true, nil
	}
	var found []option
	var names []string
	for _, a := range p.args {
		for _, f := range a.flags {
			switch {
			case strings.HasPrefix(s, "--"):
				if p.abbrev && strings.HasPrefix(f, name) {
					found = append(found, option{a, f, value, has})
					names = append(names, f)
				}
			case len(f) == 2 && f == s[:2]:
				found = append(found, option{a, f, s[2:], true})
				names = append(names, f)
			case len(f) > 2 && p.abbrev && strings.HasPrefix(f, name) && !strings.HasPrefix(f, "--"):
				found = append(found, option{a, f, value, has})
				names = append(names, f)
			}
		}
	}
	if len(found) > 1 {
		return o, false, faultf(nil, "ambiguous option: %s could match %s", s, strings.Join(names, ", "))
	}
	if len(found) == 1 {
		return found[0], true, nil
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, "0123456789") && !p.numericFlags() {
		return o, false, nil
	}
	if strings.Contains(s, " ") {
		return o, false, nil
	}
	return option{flag: s}, true, nil
}

func (p *argParser) numericFlags() bool {
	for _, a := range p.args {
		for _, f := range a.flags {
			if _, err := strconv.ParseFloat(f, 64); err == nil {
				return true
			}
		}
	}
	return false
}

func (r *parsing) run() error {
	i := 0
	for {
		next := i
		for next < len(r.argv) && !r.has(next) {
			next++
		}
		if next >= len(r.argv) {
			break
		}
		if i != next {
			end, err := r.positionals(i, false)
			if err != nil {
				return err
			}
			if end > i {
				i = end
				continue
			}
		}
		if !r.has(i) {
			r.extras = append(r.extras, r.argv[i:next]...)
			i = next
		}
		var err error
		if i, err = r.optional(i); err != nil {
			return err
		}
	}
	end, err := r.positionals(i, true)
	if err != nil {
		return err
	}
	r.extras = append(r.extras, r.argv[end:]...)
	return nil
}

func (r *parsing) has(i int) bool { _, ok := r.options[i]; return ok }

// nargsPattern matches the kinds of what an argument takes.
func (a *argument) nargsPattern() string {
	pattern := "(-*A-*)"
	switch n := a.nargs.(type) {
	case starlark.Int:
		k, _ := starlark.AsInt32(n)
		pattern = "(-*" + strings.Repeat("A-*", max(0, min(k, 1000))) + ")"
	case starlark.String:
		pattern = map[string]string{"?": "(-*A?-*)", "*": "(-*[A-]*)", "+": "(-*A[A-]*)", "...": "([-AO]*)", "A...": "(-*A[-AO]*)"}[string(n)]
	}
	if !a.takesArgs() {
		pattern = "()"
	}
	if !a.positional() {
		pattern = strings.NewReplacer("-*", "", "-", "").Replace(pattern)
		if n, ok := starlark.AsString(orNil(a.nargs)); ok && n == "..." {
			pattern = "([AO]*)"
		}
	}
	return pattern
}

// count says how many arguments each of as takes from kinds; fewer of as where not all match.
func count(as []*argument, kinds string) []int {
	for n := len(as); n > 0; n-- {
		var pattern strings.Builder
		for _, a := range as[:n] {
			pattern.WriteString(a.nargsPattern())
		}
		re, err := sre.Compile(pattern.String(), 0, true, pyQuote)
		if err != nil {
			return nil
		}
		if m, err := re.Find(&sre.Input{Subject: kinds, End: len(kinds), Mode: sre.Match}); err == nil && m != nil {
			counts := make([]int, n)
			for i := range counts {
				counts[i] = m.Spans[2*i+3] - m.Spans[2*i+2]
			}
			return counts
		}
	}
	return nil
}

// positionals gives the arguments from i on to the positional ones that wait.
func (r *parsing) positionals(i int, last bool) (int, error) {
	counts := count(r.waiting, r.kinds[i:])
	for !last && len(counts) > 0 && counts[len(counts)-1] == 0 { // more may come for it
		counts = counts[:len(counts)-1]
	}
	for k, n := range counts {
		a := r.waiting[k]
		args := append([]string(nil), r.argv[i:i+n]...)
		if nargs, _ := starlark.AsString(orNil(a.nargs)); nargs != "..." {
			for at, s := range args {
				if s == "--" && r.kinds[i+at] == '-' {
					args = append(args[:at], args[at+1:]...)
					break
				}
			}
		}
		i += n
		if err := r.take(a, args, ""); err != nil {
			return 0, err
		}
	}
	r.waiting = r.waiting[len(counts):]
	return i, nil
}

// optional takes the option at i and its arguments.
func (r *parsing) optional(i int) (int, error) {
	o := r.options[i]
	for {
		if o.arg == nil {
			r.extras = append(r.extras, r.argv[i])
			return i + 1, nil
		}
		if !o.has {
			break
		}
		counts := count([]*argument{o.arg}, "A")
		switch {
		case len(counts) == 1 && counts[0] == 1:
			return i + 1, r.take(o.arg, []string{o.value}, o.flag)
		case len(counts) == 1 && counts[0] == 0 && len(o.flag) == 2 && o.value != "" && !strings.Contains(r.argv[i], "="): // -xyz is -x -yz
			if err := r.take(o.arg, nil, o.flag); err != nil {
				return 0, err
			}
			flag := "-" + o.value[:1]
			a := r.p.flag(flag)
			if a == nil {
				return 0, faultf(o.arg, "ignored explicit argument %s", pyQuote(o.value))
			}
			o = option{a, flag, o.value[1:], len(o.value) > 1}
		default:
			return 0, faultf(o.arg, "ignored explicit argument %s", pyQuote(o.value))
		}
	}
	counts := count([]*argument{o.arg}, r.kinds[i+1:])
	if len(counts) == 0 {
		text := "expected one argument"
		switch n := o.arg.nargs.(type) {
		case starlark.Int:
			text = fmt.Sprintf("expected %s argument", n)
			if n != starlark.MakeInt(1) {
				text += "s"
			}
		case starlark.String:
			text = map[string]string{"?": "expected at most one argument", "+": "expected at least one argument"}[string(n)]
		}
		return 0, faultf(o.arg, "%s", text)
	}
	end := i + 1 + counts[0]
	return end, r.take(o.arg, r.argv[i+1:end], o.flag)
}

// value converts one argument.
func (r *parsing) value(a *argument, s string) (starlark.Value, error) {
	if a.typ == nil {
		return starlark.String(s), nil
	}
	v, err := r.p.lib.Call(r.thread, a.typ, starlark.Tuple{starlark.String(s)}, nil)
	if err == nil {
		return v, nil
	}
	x := r.p.lib.FromError(err)
	if r.p.lib.IsInstance(x, r.p.lib.excClass("argparse.ArgumentTypeError")) {
		text, _ := r.p.lib.str(x)
		return nil, faultf(a, "%s", text)
	}
	if r.p.lib.IsInstance(x, starlark.Tuple{r.p.lib.excs["TypeError"], r.p.lib.excs["ValueError"]}) {
		name := a.typ.String()
		if c, ok := a.typ.(starlark.Callable); ok {
			name = c.Name()
		}
		return nil, faultf(a, "invalid %s value: %s", name, pyQuote(s))
	}
	return nil, err
}

func (r *parsing) allowed(a *argument, v starlark.Value) error {
	if a.choices == nil {
		return nil
	}
	all, err := r.p.lib.drain(r.thread, a.choices)
	if err != nil {
		return err
	}
	var shown []string
	for _, c := range all {
		if same, err := r.p.lib.equal(c, v); same || err != nil {
			return err
		}
		shown = append(shown, quoted(c))
	}
	return faultf(a, "invalid choice: %s (choose from %s)", quoted(v), strings.Join(shown, ", "))
}

// values makes the value of an argument of the command line's words.
func (r *parsing) values(a *argument, args []string) (starlark.Value, error) {
	n, _ := starlark.AsString(orNil(a.nargs))
	one := func(s string) (starlark.Value, error) {
		v, err := r.value(a, s)
		if err == nil {
			err = r.allowed(a, v)
		}
		return v, err
	}
	switch {
	case len(args) == 0 && n == "?":
		v := a.def
		if !a.positional() {
			v = orNil(a.constant)
		}
		if s, ok := starlark.AsString(v); ok && v != starlark.String(argSuppress) {
			return one(s)
		}
		return v, nil
	case len(args) == 0 && n == "*" && a.positional():
		if a.def != starlark.None {
			return a.def, nil
		}
		return starlark.NewList(nil), nil
	case a.nargs == nil || n == "?":
		return one(args[0])
	}
	vs := make([]starlark.Value, len(args))
	for i, s := range args {
		var err error
		if vs[i], err = r.value(a, s); err == nil && n != "..." {
			err = r.allowed(a, vs[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return starlark.NewList(vs), nil
}

// take does what an argument is for.
func (r *parsing) take(a *argument, args []string, flag string) error {
	if a.action == "parsers" {
		r.seen[a] = true
		return r.subcommand(a, args)
	}
	var v starlark.Value
	if a.takesArgs() {
		var err error
		if v, err = r.values(a, args); err != nil {
			return err
		}
	}
	if len(args) > 0 || !a.positional() {
		r.seen[a] = true
		for _, g := range r.p.exclusive {
			for _, b := range g.args {
				if a.exclude == g && b != a && r.seen[b] {
					return faultf(a, "not allowed with argument %s", b.shown())
				}
			}
		}
	}
	set := func(v starlark.Value) { r.ns.attrs.set(a.dest, v) }
	old := orNil(r.ns.own(a.dest))
	switch a.action {
	case "store":
		if v != starlark.String(argSuppress) {
			set(v)
		}
	case "store_const":
		set(orNil(a.constant))
	case "store_true":
		set(starlark.True)
	case "store_false":
		set(starlark.False)
	case "BooleanOptionalAction":
		set(starlark.Bool(!strings.HasPrefix(flag, "--no-")))
	case "append", "append_const", "extend":
		items, err := r.p.lib.itemsOf(r.thread, old)
		if err != nil {
			return err
		}
		switch a.action {
		case "append_const":
			items = append(items, orNil(a.constant))
		case "append":
			items = append(items, v)
		default:
			more, err := r.p.lib.drain(r.thread, v)
			if err != nil {
				return err
			}
			items = append(items, more...)
		}
		set(starlark.NewList(items))
	case "count":
		n, _ := starlark.AsInt32(old)
		set(starlark.MakeInt(n + 1))
	case "help":
		if err := r.p.lib.std().out.writeString(r.thread, r.p.helpText()); err != nil {
			return err
		}
		return r.p.exit(0)
	case "version":
		text := strings.ReplaceAll(a.version, "%(prog)s", r.p.prog)
		if err := r.p.lib.std().out.writeString(r.thread, text+"\n"); err != nil {
			return err
		}
		return r.p.exit(0)
	}
	return nil
}

// itemsOf is a copy of a list, nothing of None.
func (l *Lib) itemsOf(thread *starlark.Thread, v starlark.Value) ([]starlark.Value, error) {
	if v == starlark.None {
		return nil, nil
	}
	return l.drain(thread, v)
}

func (r *parsing) subcommand(a *argument, args []string) error {
	name := args[0]
	p := a.sub.parsers[name]
	if p == nil {
		var shown []string
		for _, n := range a.sub.names {
			shown = append(shown, pyQuote(n))
		}
		return faultf(a, "invalid choice: %s (choose from %s)", pyQuote(name), strings.Join(shown, ", "))
	}
	if a.dest != "" {
		r.ns.attrs.set(a.dest, starlark.String(name))
	}
	sub := &Instance{cls: r.ns.cls}
	extras, err := p.parseInto(r.thread, args[1:], sub)
	if fault, ok := err.(*argFault); ok && p.exits {
		err = p.fail(r.thread, fault.text)
	}
	if err != nil {
		return err
	}
	for _, at := range sub.ownItems() {
		r.ns.attrs.set(at.name, at.value)
	}
	r.extras = append(r.extras, extras...)
	return nil
}

// finish looks for what is missing, and converts defaults that are strings.
func (r *parsing) finish() error {
	var missing []string
	for _, a := range r.p.args {
		if r.seen[a] {
			continue
		}
		if a.required && !(a.positional() && !r.isWaiting(a)) {
			missing = append(missing, a.shown())
			continue
		}
		if s, ok := starlark.AsString(a.def); ok && a.typ != nil && a.def != starlark.String(argSuppress) && r.ns.own(a.dest) == a.def {
			v, err := r.value(a, s)
			if err != nil {
				return err
			}
			r.ns.attrs.set(a.dest, v)
		}
	}
	if len(missing) > 0 {
		return faultf(nil, "the following arguments are required: %s", strings.Join(missing, ", "))
	}
	for _, g := range r.p.exclusive {
		var names []string
		any := !g.required
		for _, a := range g.args {
			any = any || r.seen[a]
			if a.help != starlark.String(argSuppress) {
				names = append(names, a.shown())
			}
		}
		if !any {
			return faultf(nil, "one of the arguments %s is required", strings.Join(names, " "))
		}
	}
	return nil
}

func (r *parsing) isWaiting(a *argument) bool {
	for _, b := range r.waiting {
		if a == b {
			return true
		}
	}
	return false
}
