package stdlib

import (
	"fmt"
	"strings"

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
