package stdlib

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib/internal/sre"
	"go.starlark.net/starlark"
)

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
	value string
	has   bool // there is a value
	sep   bool // it comes after =, not right behind the flag
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
		return option{a, name, value, true, true}, true, nil
	}
	var found []option
	var names []string
	for _, a := range p.args {
		for _, f := range a.flags {
			switch {
			case strings.HasPrefix(s, "--"):
				if p.abbrev && strings.HasPrefix(f, name) {
					found = append(found, option{a, f, value, has, has})
					names = append(names, f)
				}
			case len(f) == 2 && f == s[:2]:
				found = append(found, option{a, f, s[2:], true, false})
				names = append(names, f)
			case len(f) > 2 && p.abbrev && strings.HasPrefix(f, name) && !strings.HasPrefix(f, "--"):
				found = append(found, option{a, f, value, has, has})
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
		case len(counts) == 1 && counts[0] == 0 && o.flag[1] != '-' && o.value != "" && !o.sep && o.value[0] != '-': // -xyz is -x -yz
			if err := r.take(o.arg, nil, o.flag); err != nil {
				return 0, err
			}
			flag := "-" + o.value[:1]
			a := r.p.flag(flag)
			if a == nil {
				r.extras = append(r.extras, "-"+o.value)
				return i + 1, nil
			}
			rest, sep := strings.CutPrefix(o.value[1:], "=")
			o = option{a, flag, rest, len(o.value) > 1, sep}
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
