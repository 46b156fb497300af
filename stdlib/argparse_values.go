package stdlib

import (
	"strings"

	"go.starlark.net/starlark"
)

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
