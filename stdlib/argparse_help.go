package stdlib

import (
	"os"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// columns is the width of help, as in Python two less than the terminal's.
func columns() int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 10 {
		return n - 2
	}
	return 78
}

func (a *argument) hidden() bool { return a.help == starlark.String(argSuppress) }

// metavars returns the name of an argument's value at place i.
func (p *argParser) metavarOf(a *argument, i int) string {
	if t, ok := a.metavar.(starlark.Tuple); ok && i < len(t) {
		s, _ := p.lib.str(t[i])
		return s
	}
	if s, ok := starlark.AsString(orNil(a.metavar)); ok {
		return s
	}
	if a.sub != nil {
		return "{" + strings.Join(a.sub.names, ",") + "}"
	}
	if a.choices != nil {
		all, _ := p.lib.drain(p.lib.cfg.Current(), a.choices)
		var names []string
		for _, v := range all {
			s, _ := p.lib.str(v)
			names = append(names, s)
		}
		return "{" + strings.Join(names, ",") + "}"
	}
	if a.positional() {
		return a.dest
	}
	return strings.ToUpper(a.dest)
}

// argsText is how an argument's values are shown.
func (p *argParser) argsText(a *argument) string {
	m := func(i int) string { return p.metavarOf(a, i) }
	switch n := a.nargs.(type) {
	case starlark.Int:
		k, _ := starlark.AsInt32(n)
		var all []string
		for i := range k {
			all = append(all, m(i))
		}
		return strings.Join(all, " ")
	case starlark.String:
		switch string(n) {
		case "?":
			return "[" + m(0) + "]"
		case "*":
			if _, ok := a.metavar.(starlark.Tuple); ok {
				return "[" + m(0) + " [" + m(1) + " ...]]"
			}
			return "[" + m(0) + " ...]"
		case "+":
			return m(0) + " [" + m(1) + " ...]"
		case "...":
			return "..."
		case "A...":
			return m(0) + " ..."
		}
	}
	return m(0)
}

// usageParts are the options and the positional arguments of a usage line.
func (p *argParser) usageParts(withOptions bool) (options, positionals []string) {
	part := func(a *argument, bare bool) string {
		if a.positional() {
			return p.argsText(a)
		}
		s := a.flags[0]
		if a.action == "BooleanOptionalAction" {
			s = strings.Join(a.flags, " | ")
		}
		if a.takesArgs() {
			s += " " + p.argsText(a)
		}
		if !a.required && !bare {
			s = "[" + s + "]"
		}
		return s
	}
	done := map[*argument]bool{}
	for _, a := range p.args {
		if a.hidden() || done[a] || !withOptions && !a.positional() {
			continue
		}
		to := &options
		if a.positional() {
			to = &positionals
		}
		if g := a.exclude; g != nil && !a.positional() {
			var alts []string
			for _, b := range g.args {
				if !b.hidden() {
					alts = append(alts, part(b, true))
				}
				done[b] = true
			}
			s := strings.Join(alts, " | ")
			switch {
			case !g.required:
				s = "[" + s + "]"
			case len(alts) > 1:
				s = "(" + s + ")"
			}
			*to = append(*to, s)
			continue
		}
		*to = append(*to, part(a, false))
	}
	return options, positionals
}

// usageText is the usage, with its newline. Of a parser with subcommands their programs' names have the positional arguments before.
func (p *argParser) usageText(forSub bool) string {
	const prefix = "usage: "
	if p.hasUsage && !forSub {
		return prefix + strings.ReplaceAll(p.usage, "%(prog)s", p.prog) + "\n"
	}
	options, positionals := p.usageParts(!forSub)
	all := append(append([]string{p.prog}, options...), positionals...)
	line := strings.Join(all, " ")
	width := columns()
	if forSub || len(prefix)+runes(line) <= width {
		return prefix + line + "\n"
	}
	wrapParts := func(parts []string, indent string, first bool) []string {
		var lines []string
		var line []string
		n := len(indent) - 1
		if first {
			n = len(prefix) - 1
		}
		for _, part := range parts {
			if n+1+runes(part) > width && len(line) > 0 {
				lines = append(lines, indent+strings.Join(line, " "))
				line, n = nil, len(indent)-1
			}
			line = append(line, part)
			n += runes(part) + 1
		}
		if len(line) > 0 {
			lines = append(lines, indent+strings.Join(line, " "))
		}
		if first && len(lines) > 0 {
			lines[0] = lines[0][len(indent):]
		}
		return lines
	}
	var lines []string
	if 4*(len(prefix)+runes(p.prog)) <= 3*width {
		indent := strings.Repeat(" ", len(prefix)+runes(p.prog)+1)
		switch {
		case len(options) > 0:
			lines = wrapParts(append([]string{p.prog}, options...), indent, true)
			lines = append(lines, wrapParts(positionals, indent, false)...)
		case len(positionals) > 0:
			lines = wrapParts(append([]string{p.prog}, positionals...), indent, true)
		default:
			lines = []string{p.prog}
		}
	} else {
		indent := strings.Repeat(" ", len(prefix))
		lines = wrapParts(append(options, positionals...), indent, false)
		if len(lines) > 1 {
			lines = append(wrapParts(options, indent, false), wrapParts(positionals, indent, false)...)
		}
		lines = append([]string{p.prog}, lines...)
	}
	return prefix + strings.Join(lines, "\n") + "\n"
}

// invocation is how an argument is called, for the list of arguments.
func (p *argParser) invocation(a *argument) string {
	if a.positional() {
		return p.metavarOf(a, 0)
	}
	s := strings.Join(a.flags, ", ")
	if a.takesArgs() {
		s += " " + p.argsText(a)
	}
	return s
}

// expand puts values into a help text: %(default)s, %(prog)s and so on.
func (p *argParser) expand(a *argument, text string) string {
	if p.formatter == "ArgumentDefaultsHelpFormatter" && !strings.Contains(text, "%(default)") && a.def != starlark.String(argSuppress) {
		if n, _ := starlark.AsString(orNil(a.nargs)); !a.positional() || n == "?" || n == "*" {
			text += " (default: %(default)s)"
		}
	}
	show := func(v starlark.Value) string {
		s, _ := p.lib.str(orNil(v))
		return s
	}
	var choices []string
	if a.choices != nil {
		all, _ := p.lib.drain(p.lib.cfg.Current(), a.choices)
		for _, v := range all {
			choices = append(choices, show(v))
		}
	}
	typ := "None"
	if c, ok := a.typ.(starlark.Callable); ok {
		typ = c.Name()
	}
	return strings.NewReplacer("%(default)s", show(a.def), "%(default)r", orNil(a.def).String(), "%(default)d", show(a.def), "%(prog)s", p.prog,
		"%(choices)s", strings.Join(choices, ", "), "%(const)s", show(a.constant), "%(dest)s", a.dest, "%(metavar)s", show(a.metavar), "%(type)s", typ, "%%", "%").Replace(text)
}

// fillText wraps a description.
func (p *argParser) fillText(text, indent string) string {
	text = strings.ReplaceAll(text, "%(prog)s", p.prog)
	if strings.HasPrefix(p.formatter, "Raw") {
		var b strings.Builder
		for _, line := range strings.SplitAfter(text, "\n") {
			b.WriteString(indent + line)
		}
		return strings.TrimRight(b.String(), "\n") + "\n\n"
	}
	w := newTextWrapper(max(columns(), 11))
	w.initial, w.subsequent = indent, indent
	lines, _ := w.wrap(strings.Join(strings.Fields(text), " "))
	return strings.Join(lines, "\n") + "\n\n"
}

// row is an entry of the list of arguments.
type helpRow struct {
	indent     int
	name, help string
}

func (p *argParser) rows(g *argGroup) []helpRow {
	var rows []helpRow
	for _, a := range g.args {
		if a.hidden() {
			continue
		}
		help, _ := starlark.AsString(orNil(a.help))
		row := helpRow{2, p.invocation(a), ""}
		if help != "" {
			row.help = p.expand(a, help)
		}
		rows = append(rows, row)
		if a.sub != nil {
			for _, h := range a.sub.helps {
				text, _ := starlark.AsString(h.value)
				if h.value != starlark.String(argSuppress) {
					rows = append(rows, helpRow{4, h.name, text})
				}
			}
		}
	}
	return rows
}

// helpText is what --help shows.
func (p *argParser) helpText() string {
	var b strings.Builder
	b.WriteString(p.usageText(false) + "\n")
	if p.description != "" {
		b.WriteString(p.fillText(p.description, ""))
	}
	widest := 0
	for _, g := range p.groups {
		for _, row := range p.rows(g) {
			widest = max(widest, row.indent+runes(row.name))
		}
	}
	at := min(widest+2, 24)
	width := max(columns()-at, 11)
	for _, g := range p.groups {
		rows := p.rows(g)
		if len(rows) == 0 && g.description == "" {
			continue
		}
		if g.title != "" {
			b.WriteString(g.title + ":\n")
		}
		if g.description != "" {
			b.WriteString(p.fillText(g.description, "  "))
		}
		for _, row := range rows {
			p.writeRow(&b, row, at, width)
		}
		b.WriteString("\n")
	}
	if p.epilog != "" {
		b.WriteString(p.fillText(p.epilog, ""))
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (p *argParser) writeRow(b *strings.Builder, row helpRow, at, width int) {
	b.WriteString(strings.Repeat(" ", row.indent) + row.name)
	if row.help == "" {
		b.WriteString("\n")
		return
	}
	lines := strings.Split(row.help, "\n")
	if p.formatter != "RawTextHelpFormatter" {
		lines, _ = newTextWrapper(width).wrap(strings.Join(strings.Fields(row.help), " "))
	}
	if room := at - row.indent - 2; runes(row.name) <= room {
		b.WriteString(strings.Repeat(" ", at-row.indent-runes(row.name)))
	} else {
		b.WriteString("\n" + strings.Repeat(" ", at))
	}
	b.WriteString(strings.Join(lines, "\n"+strings.Repeat(" ", at)) + "\n")
}
