package stdlib

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib/internal/sre"
	"go.starlark.net/starlark"
)

// argparseModule makes the members of the module argparse. https://docs.python.org/3/library/argparse.html
// Actions are given by name; there are no parents and no files of arguments.
func (l *Lib) argparseModule() starlark.StringDict {
	members := starlark.StringDict{
		"ArgumentParser": &nativeType{module: "argparse", name: "ArgumentParser", make: l.newArgParser, methods: parserMethods,
			is: func(v starlark.Value) bool { _, ok := v.(*argParser); return ok }},
		"Namespace":         l.namespaceClass(),
		"ArgumentError":     l.moduleException("argparse.ArgumentError", "Exception"),
		"ArgumentTypeError": l.moduleException("argparse.ArgumentTypeError", "Exception"),
		"SUPPRESS":          starlark.String(argSuppress),
		"REMAINDER":         starlark.String("..."),
		"OPTIONAL":          starlark.String("?"),
		"ZERO_OR_MORE":      starlark.String("*"),
		"ONE_OR_MORE":       starlark.String("+"),
	}
	for _, name := range []string{"HelpFormatter", "RawDescriptionHelpFormatter", "RawTextHelpFormatter", "ArgumentDefaultsHelpFormatter", "MetavarTypeHelpFormatter", "BooleanOptionalAction"} {
		members[name] = &nativeType{module: "argparse", name: name, is: func(starlark.Value) bool { return false }}
	}
	return members
}

const argSuppress = "==SUPPRESS=="

// namespaceClass is Namespace.
func (l *Lib) namespaceClass() *Class {
	c, _ := l.newClass("Namespace", "argparse", nil) // one base: can't fail
	c.native = true
	c.addMethod("__init__", func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		for _, kv := range kwargs {
			x.attrs.set(string(kv[0].(starlark.String)), kv[1])
		}
		return starlark.None, argCount("Namespace", args, nil, 0, 0)
	})
	c.addMethod("__repr__", func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		var parts, others []string
		for _, a := range x.ownItems() {
			if sre.Identifier(a.name) {
				parts = append(parts, a.name+"="+a.value.String())
			} else {
				others = append(others, starlark.String(a.name).String()+": "+a.value.String())
			}
		}
		if len(others) > 0 {
			parts = append(parts, "**{"+strings.Join(others, ", ")+"}")
		}
		return starlark.String("Namespace(" + strings.Join(parts, ", ") + ")"), nil
	})
	c.addMethod("__eq__", func(_ *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		y, ok := args[0].(*Instance)
		if !ok || y.cls != x.cls {
			return l.notImpl, nil
		}
		same, err := starlark.Equal(x.dictionary(), y.dictionary())
		return starlark.Bool(same), err
	})
	c.addMethod("__contains__", func(_ *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		name, _ := starlark.AsString(args[0])
		return starlark.Bool(x.own(name) != nil), nil
	})
	return c
}

// argument is one that add_argument has added.
type argument struct {
	flags    []string // none: a positional one
	dest     string
	action   string
	nargs    starlark.Value // nil, an int, or "?", "*", "+", "...", "A..." for a subcommand
	constant starlark.Value
	def      starlark.Value
	typ      starlark.Value
	choices  starlark.Value
	required bool
	help     starlark.Value
	metavar  starlark.Value
	version  string
	sub      *subparsers
	group    *argGroup
	exclude  *argGroup // the mutually exclusive group
}

func (a *argument) positional() bool { return len(a.flags) == 0 }

// takesArgs reports whether the action wants arguments from the command line.
func (a *argument) takesArgs() bool {
	switch a.action {
	case "store", "append", "extend", "parsers":
		return true
	}
	return false
}

// argParser is ArgumentParser.
type argParser struct {
	lib                              *Lib
	prog, usage, description, epilog string
	hasUsage, abbrev, exits          bool
	formatter                        string
	groups                           []*argGroup // the first two are positional arguments and options
	exclusive                        []*argGroup
	args                             []*argument
	defaults                         []attr
	argumentDefault                  starlark.Value
	sub                              *subparsers
}

// argGroup is what add_argument_group and add_mutually_exclusive_group return.
type argGroup struct {
	p                  *argParser
	title, description string
	args               []*argument
	exclusive          bool
	required           bool
	parent             *argGroup // of an exclusive group within a group
}

func (p *argParser) String() string        { return "ArgumentParser(prog=" + pyQuote(p.prog) + ")" }
func (p *argParser) Type() string          { return "ArgumentParser" }
func (p *argParser) Truth() starlark.Bool  { return true }
func (p *argParser) Freeze()               {}
func (p *argParser) Hash() (uint32, error) { return pointerHash(p), nil }

// newArgParser is ArgumentParser(prog=None, usage=None, description=None, epilog=None, ...).
func (l *Lib) newArgParser(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	p, err := l.parserFrom("ArgumentParser", args, kwargs)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (l *Lib) parserFrom(fn string, args starlark.Tuple, kwargs []starlark.Tuple) (*argParser, error) {
	p := &argParser{lib: l, abbrev: true, exits: true}
	var prog, usage, description, epilog, formatter, ignored starlark.Value
	help := true
	err := bind(fn, args, kwargs, "prog?", &prog, "usage?", &usage, "description?", &description, "epilog?", &epilog, "parents?", &ignored,
		"formatter_class?", &formatter, "prefix_chars?", &ignored, "fromfile_prefix_chars?", &ignored, "argument_default?", &p.argumentDefault,
		"conflict_handler?", &ignored, "add_help?", &help, "allow_abbrev?", &p.abbrev, "exit_on_error?", &p.exits)
	if err != nil {
		return nil, err
	}
	for _, t := range []struct {
		v  starlark.Value
		to *string
	}{{prog, &p.prog}, {usage, &p.usage}, {description, &p.description}, {epilog, &p.epilog}} {
		*t.to, _ = starlark.AsString(orNil(t.v))
	}
	p.hasUsage = usage != nil && usage != starlark.None
	if n, ok := formatter.(*nativeType); ok {
		p.formatter = n.name
	}
	if prog == nil || prog == starlark.None {
		if argv := l.cfg.Argv; len(argv) > 0 {
			p.prog = filepath.Base(argv[0])
		}
	}
	p.groups = []*argGroup{{p: p, title: "positional arguments"}, {p: p, title: "options"}}
	if help {
		p.add(p.groups[1], &argument{flags: []string{"-h", "--help"}, action: "help", dest: "help", def: starlark.String(argSuppress),
			help: starlark.String("show this help message and exit")})
	}
	return p, nil
}

func (p *argParser) add(g *argGroup, a *argument) {
	p.args = append(p.args, a)
	if g != nil && g.exclusive {
		a.exclude = g
		g.args = append(g.args, a)
		g = g.parent
	}
	if g == nil {
		g = p.groups[1]
		if a.positional() {
			g = p.groups[0]
		}
	}
	a.group = g
	g.args = append(g.args, a)
}

// addArgument is add_argument(*name_or_flags, action, nargs, const, default, type, choices, required, help, metavar, dest, version).
func (p *argParser) addArgument(g *argGroup, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	a := &argument{action: "store"}
	var action, dest, required, version starlark.Value
	err := bind("add_argument", nil, kwargs, "*", "action?", &action, "nargs?", &a.nargs, "const?", &a.constant, "default?", &a.def, "type?", &a.typ,
		"choices?", &a.choices, "required?", &required, "help?", &a.help, "metavar?", &a.metavar, "dest?", &dest, "version?", &version)
	if err != nil {
		return nil, err
	}
	for _, v := range []*starlark.Value{&a.nargs, &a.typ, &a.choices, &a.help, &a.metavar, &dest} {
		if *v == starlark.None {
			*v = nil
		}
	}
	switch action := action.(type) {
	case nil:
	case starlark.String:
		a.action = string(action)
	case *nativeType:
		a.action = action.name
	default:
		return nil, wire.Errorf("ValueError", "unknown action %s", quoted(orNil(action)))
	}
	a.version, _ = starlark.AsString(orNil(version))
	if a.action == "version" && a.help == nil {
		a.help = starlark.String("show program's version number and exit")
	}
	name, _ := starlark.AsString(orNil(dest))
	if err := a.names(args, name, required); err != nil {
		return nil, err
	}
	if required != nil {
		a.required = bool(required.Truth())
	}
	if err := a.checkAction(kwargs); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	if a.def == nil && orNil(p.argumentDefault) != starlark.None {
		a.def = p.argumentDefault
	}
	if a.def == nil {
		a.def = starlark.None
		switch {
		case a.action == "store_true":
			a.def = starlark.False
		case a.action == "store_false":
			a.def = starlark.True
		case a.action == "help" || a.action == "version":
			a.def = starlark.String(argSuppress)
		}
	}
	var taken []string
	for _, f := range a.flags {
		if p.flag(f) != nil {
			taken = append(taken, f)
		}
	}
	if len(taken) > 0 {
		plural := ""
		if len(taken) > 1 {
			plural = "s"
		}
		return nil, wire.Errorf("argparse.ArgumentError", "argument %s: conflicting option string%s: %s", strings.Join(a.flags, "/"), plural, strings.Join(taken, ", "))
	}
	if a.action == "BooleanOptionalAction" {
		for _, f := range slices.Clone(a.flags) {
			if strings.HasPrefix(f, "--") {
				a.flags = append(a.flags, "--no-"+f[2:])
			}
		}
	}
	p.add(g, a)
	return starlark.None, nil
}

// names sets flags and dest.
func (a *argument) names(args starlark.Tuple, dest string, required starlark.Value) error {
	var all []string
	for _, v := range args {
		s, ok := starlark.AsString(v)
		if !ok {
			return wire.Errorf("TypeError", "'%s' object is not subscriptable", pyType(v))
		}
		all = append(all, s)
	}
	if len(all) == 0 || len(all) == 1 && !strings.HasPrefix(all[0], "-") {
		if len(all) == 1 && dest != "" {
			return wire.Errorf("ValueError", "dest supplied twice for positional argument")
		}
		if required != nil {
			return wire.Errorf("TypeError", "'required' is an invalid argument for positionals")
		}
		if a.dest = dest; len(all) == 1 {
			a.dest = all[0]
		}
		if a.dest == "" {
			return wire.Errorf("TypeError", "add_argument() missing 1 required positional argument: 'dest'")
		}
		n, _ := starlark.AsString(orNil(a.nargs))
		a.required = n != "?" && n != "*" && n != "..." || n == "*" && a.def == nil
		return nil
	}
	first := ""
	for _, s := range all {
		if !strings.HasPrefix(s, "-") {
			return wire.Errorf("ValueError", "invalid option string %s: must start with a character '-'", pyQuote(s))
		}
		if first == "" || strings.HasPrefix(s, "--") && !strings.HasPrefix(first, "--") {
			first = s
		}
	}
	a.flags, a.dest = all, dest
	if dest == "" {
		a.dest = strings.ReplaceAll(strings.TrimLeft(first, "-"), "-", "_")
		if a.dest == "" {
			return wire.Errorf("ValueError", "dest= is required for options like %s", pyQuote(first))
		}
	}
	return nil
}

func (p *argParser) flag(s string) *argument {
	for _, a := range p.args {
		if slices.Contains(a.flags, s) {
			return a
		}
	}
	return nil
}

func (g *argGroup) String() string {
	return "<argparse._ArgumentGroup object at " + hexAddress(g) + ">"
}
func (g *argGroup) Type() string          { return "_ArgumentGroup" }
func (g *argGroup) Truth() starlark.Bool  { return true }
func (g *argGroup) Freeze()               {}
func (g *argGroup) Hash() (uint32, error) { return pointerHash(g), nil }

// Attr implements starlark.HasAttrs.
func (g *argGroup) Attr(name string) (starlark.Value, error) {
	switch name {
	case "add_argument":
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return g.p.addArgument(g, args, kwargs)
		}).BindReceiver(g), nil
	case "add_mutually_exclusive_group":
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return g.p.exclusiveGroup(g, args, kwargs)
		}).BindReceiver(g), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (g *argGroup) AttrNames() []string {
	return []string{"add_argument", "add_mutually_exclusive_group"}
}

func (p *argParser) exclusiveGroup(parent *argGroup, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	g := &argGroup{p: p, exclusive: true, parent: parent}
	if err := bind("add_mutually_exclusive_group", args, kwargs, "*", "required?", &g.required); err != nil {
		return nil, err
	}
	p.exclusive = append(p.exclusive, g)
	return g, nil
}

// subparsers is what add_subparsers returns.
type subparsers struct {
	p       *argParser
	arg     *argument
	prog    string
	names   []string
	parsers map[string]*argParser
	helps   []attr // name and help of those that have one
}

func (s *subparsers) String() string {
	return "<argparse._SubParsersAction object at " + hexAddress(s) + ">"
}
func (s *subparsers) Type() string          { return "_SubParsersAction" }
func (s *subparsers) Truth() starlark.Bool  { return true }
func (s *subparsers) Freeze()               {}
func (s *subparsers) Hash() (uint32, error) { return pointerHash(s), nil }

// addSubparsers is add_subparsers(title, description, prog, dest, required, help, metavar).
func (p *argParser) addSubparsers(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if p.sub != nil {
		return nil, wire.Errorf("argparse.ArgumentError", "cannot have multiple subparser arguments")
	}
	var title, description, ignored, help, metavar starlark.Value
	prog, dest, required := "", "", false
	var destValue starlark.Value
	if err := bind("add_subparsers", args, kwargs, "*", "title?", &title, "description?", &description, "prog?", &prog, "parser_class?", &ignored, "action?", &ignored,
		"dest?", &destValue, "required?", &required, "help?", &help, "metavar?", &metavar); err != nil {
		return nil, err
	}
	dest, _ = starlark.AsString(orNil(destValue))
	if metavar == starlark.None {
		metavar = nil
	}
	g := p.groups[0]
	if title != nil || description != nil {
		g = &argGroup{p: p, title: "subcommands"}
		if s, ok := starlark.AsString(orNil(title)); ok {
			g.title = s
		}
		g.description, _ = starlark.AsString(orNil(description))
		p.groups = append(p.groups, g)
	}
	s := &subparsers{p: p, parsers: map[string]*argParser{}, prog: prog}
	s.arg = &argument{action: "parsers", nargs: starlark.String("A..."), dest: dest, required: required, help: help, metavar: metavar, sub: s, def: starlark.None}
	if prog == "" {
		s.prog = strings.TrimSpace(strings.TrimPrefix(p.usageText(true), "usage: "))
	}
	p.sub = s
	p.add(g, s.arg)
	return s, nil
}

// Attr implements starlark.HasAttrs.
func (s *subparsers) Attr(name string) (starlark.Value, error) {
	switch name {
	case "add_parser":
		return starlark.NewBuiltin(name, s.addParser).BindReceiver(s), nil
	case "choices":
		d := new(starlark.Dict)
		for _, n := range s.names {
			_ = d.SetKey(starlark.String(n), s.parsers[n])
		}
		return d, nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (s *subparsers) AttrNames() []string { return []string{"add_parser", "choices"} }

// addParser is add_parser(name, *, help, aliases, ...), with the parameters of ArgumentParser.
func (s *subparsers) addParser(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) != 1 {
		return nil, wire.Errorf("TypeError", "add_parser() missing 1 required positional argument: 'name'")
	}
	name, ok := starlark.AsString(args[0])
	if !ok {
		return nil, wire.Errorf("TypeError", "add_parser() argument 'name' must be str, not %s", pyType(args[0]))
	}
	var rest []starlark.Tuple
	var help, aliases starlark.Value
	hasProg := false
	for _, kv := range kwargs {
		switch kv[0] {
		case starlark.String("help"):
			help = kv[1]
		case starlark.String("aliases"):
			aliases = kv[1]
		default:
			hasProg = hasProg || kv[0] == starlark.String("prog")
			rest = append(rest, kv)
		}
	}
	p, err := s.p.lib.parserFrom("ArgumentParser", nil, rest)
	if err != nil {
		return nil, err
	}
	if !hasProg {
		p.prog = s.prog + " " + name
	}
	names := []string{name}
	if aliases != nil {
		all, err := s.p.lib.drain(thread, aliases)
		if err != nil {
			return nil, err
		}
		for _, v := range all {
			alias, _ := starlark.AsString(v)
			names = append(names, alias)
		}
	}
	for _, n := range names {
		if s.parsers[n] != nil {
			return nil, wire.Errorf("ValueError", "conflicting subparser: %s", n)
		}
		s.parsers[n] = p
		s.names = append(s.names, n)
	}
	if help != nil {
		shown := name
		if len(names) > 1 {
			shown += " (" + strings.Join(names[1:], ", ") + ")"
		}
		s.helps = append(s.helps, attr{shown, help})
	}
	return p, nil
}
