package stdlib

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib/internal/sre"
	"go.starlark.net/starlark"
)

// match is re.Match. As in CPython it can't be sent to another process.
type match struct {
	p        *pattern
	subject  starlark.Value
	s        string
	r        *sre.Result
	pos, end int
}

var (
	_ starlark.HasAttrs = (*match)(nil)
	_ starlark.Mapping  = (*match)(nil)
)

func (m *match) Type() string          { return "Match" }
func (m *match) Freeze()               {}
func (m *match) Truth() starlark.Bool  { return true }
func (m *match) Hash() (uint32, error) { return pointerHash(m), nil }
func (m *match) String() string {
	text := quoted(m.group(0, starlark.None))
	if r := []rune(text); len(r) > 50 {
		text = string(r[:50])
	}
	return fmt.Sprintf("<re.Match object; span=(%d, %d), match=%s>", m.r.Spans[0], m.r.Spans[1], text)
}

func (m *match) group(i int, missing starlark.Value) starlark.Value {
	return m.p.groupOr(m.s, m.r, i, missing)
}

// index finds a group by number or name.
func (m *match) index(v starlark.Value) (int, error) {
	switch v := v.(type) {
	case starlark.Int, starlark.Bool:
		if i, err := toIndex(v); err == nil && 0 <= i && i <= m.p.re.Groups() {
			return i, nil
		}
	case starlark.String:
		for _, n := range m.p.re.Names() {
			if n.Name == string(v) {
				return n.Group, nil
			}
		}
	}
	return 0, wire.Errorf("IndexError", "no such group")
}

// Get is m[group].
func (m *match) Get(key starlark.Value) (starlark.Value, bool, error) {
	i, err := m.index(key)
	if err != nil {
		return nil, false, err
	}
	return m.group(i, starlark.None), true, nil
}

// groupArg is the argument of start, end and span.
func (m *match) groupArg(name string, args starlark.Tuple, kwargs []starlark.Tuple) (int, error) {
	if err := argCount(name, args, kwargs, 0, 1); err != nil {
		return 0, err
	}
	if len(args) == 0 {
		return 0, nil
	}
	return m.index(args[0])
}

// span returns a group's place, -1 and -1 if it took no part.
func (m *match) span(i int) (from, to int) {
	from, to = m.r.Spans[2*i], m.r.Spans[2*i+1]
	if from < 0 || to < from {
		return -1, -1
	}
	return from, to
}

var matchTable methodTable

func matchMethods() *methodTable { return matchTable.fill(matchFunctions) }

func matchFunctions() map[string]goFunc {
	place := func(name string, f func(from, to int) starlark.Value) goFunc {
		return method(func(m *match, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			i, err := m.groupArg(name, args, kwargs)
			if err != nil {
				return nil, err
			}
			return f(m.span(i)), nil
		})
	}
	return map[string]goFunc{
		"group": method(func(m *match, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := noKeywords("group", kwargs); err != nil {
				return nil, err
			}
			if len(args) == 0 {
				return m.group(0, starlark.None), nil
			}
			t := make(starlark.Tuple, len(args))
			for k, arg := range args {
				i, err := m.index(arg)
				if err != nil {
					return nil, err
				}
				t[k] = m.group(i, starlark.None)
			}
			if len(t) == 1 {
				return t[0], nil
			}
			return t, nil
		}),
		"groups": method(func(m *match, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var missing starlark.Value = starlark.None
			if err := bind("groups", args, kwargs, "default?", &missing); err != nil {
				return nil, err
			}
			t := make(starlark.Tuple, m.p.re.Groups())
			for i := range t {
				t[i] = m.group(i+1, missing)
			}
			return t, nil
		}),
		"groupdict": method(func(m *match, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var missing starlark.Value = starlark.None
			if err := bind("groupdict", args, kwargs, "default?", &missing); err != nil {
				return nil, err
			}
			d := new(starlark.Dict)
			for _, n := range m.p.re.Names() {
				_ = d.SetKey(starlark.String(n.Name), m.group(n.Group, missing))
			}
			return d, nil
		}),
		"start": place("start", func(from, _ int) starlark.Value { return starlark.MakeInt(from) }),
		"end":   place("end", func(_, to int) starlark.Value { return starlark.MakeInt(to) }),
		"span":  place("span", spanTuple),
		"expand": method(func(m *match, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var v starlark.Value
			if err := bind("expand", args, kwargs, "template", &v); err != nil {
				return nil, err
			}
			text, err := m.p.piece(v)
			if err != nil {
				return nil, err
			}
			t, err := m.p.template(v, text)
			if err != nil {
				return nil, err
			}
			var b strings.Builder
			t.expand(&b, m.s, m.r)
			return m.p.value(b.String()), nil
		}),
	}
}

func spanTuple(from, to int) starlark.Value {
	return starlark.Tuple{starlark.MakeInt(from), starlark.MakeInt(to)}
}

// Attr implements starlark.HasAttrs.
func (m *match) Attr(name string) (starlark.Value, error) {
	switch name {
	case "re":
		return m.p, nil
	case "string":
		return m.subject, nil
	case "pos":
		return starlark.MakeInt(m.pos), nil
	case "endpos":
		return starlark.MakeInt(m.end), nil
	case "lastindex":
		if m.r.Last == 0 {
			return starlark.None, nil
		}
		return starlark.MakeInt(m.r.Last), nil
	case "lastgroup":
		for _, n := range m.p.re.Names() {
			if n.Group == m.r.Last {
				return starlark.String(n.Name), nil
			}
		}
		return starlark.None, nil
	case "regs":
		t := make(starlark.Tuple, m.p.re.Groups()+1)
		for i := range t {
			t[i] = spanTuple(m.span(i))
		}
		return t, nil
	case "__getitem__":
		return matchMethods().bound(m, "group"), nil
	}
	return matchMethods().bound(m, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (m *match) AttrNames() []string {
	return append([]string{"endpos", "lastgroup", "lastindex", "pos", "re", "regs", "string"}, matchMethods().names()...)
}

// template is the replacement of sub: text and numbers of groups, by turns.
type template struct {
	texts  []string
	groups []int // between the texts
}

func (t *template) expand(b *strings.Builder, s string, r *sre.Result) {
	b.WriteString(t.texts[0])
	for i, g := range t.groups {
		if from, to := r.Spans[2*g], r.Spans[2*g+1]; from >= 0 && to >= from {
			b.WriteString(s[from:to])
		}
		b.WriteString(t.texts[i+1])
	}
}

// template parses a replacement. https://docs.python.org/3/library/re.html#re.sub
func (p *pattern) template(v starlark.Value, s string) (*template, error) {
	if !strings.Contains(s, `\`) {
		return &template{texts: []string{s}}, nil
	}
	t := &template{}
	var b strings.Builder
	group := func(text string, at int) error {
		n, err := strconv.Atoi(text)
		if err != nil || n > p.re.Groups() {
			return p.lib.reFail("invalid group reference "+text, v, at)
		}
		t.texts = append(t.texts, b.String())
		t.groups = append(t.groups, n)
		b.Reset()
		return nil
	}
	octal := func(c byte) bool { return '0' <= c && c <= '7' }
	char := func(text string, mask uint64) {
		n, _ := strconv.ParseUint(text, 8, 32)
		if n &= mask; p.isBytes {
			b.WriteByte(byte(n))
		} else {
			b.WriteRune(rune(n))
		}
	}
	at := func(i int) byte {
		if i < len(s) {
			return s[i]
		}
		return 0
	}
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			i++
			continue
		}
		start := i
		i++
		c := at(i)
		i++
		switch {
		case start+1 == len(s):
			return nil, p.lib.reFail("bad escape (end of pattern)", v, start)
		case c == 'g':
			name, next, err := p.templateName(v, s, i)
			if err != nil {
				return nil, err
			}
			if err := group(name, i+1); err != nil {
				return nil, err
			}
			i = next
		case c == '0':
			for n := 0; n < 2 && octal(at(i)); n++ {
				i++
			}
			char(s[start+1:i], 0xff)
		case '1' <= c && c <= '9':
			if d := at(i); '0' <= d && d <= '9' {
				i++
				if octal(c) && octal(d) && octal(at(i)) {
					i++
					if c > '3' {
						return nil, p.lib.reFail("octal escape value "+s[start:i]+" outside of range 0-0o377", v, start)
					}
					char(s[start+1:i], 0x1ff)
					continue
				}
			}
			if err := group(s[start+1:i], start+1); err != nil {
				return nil, err
			}
		default:
			if k := strings.IndexByte("abfnrtv\\", c); k >= 0 {
				b.WriteByte("\a\b\f\n\r\t\v\\"[k])
				continue
			}
			if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
				return nil, p.lib.reFail("bad escape "+s[start:i], v, start)
			}
			b.WriteString(s[start:i])
		}
	}
	t.texts = append(t.texts, b.String())
	return t, nil
}

// templateName reads <name> or <number> of \g, and returns it as a number and where it ends.
func (p *pattern) templateName(v starlark.Value, s string, i int) (string, int, error) {
	if i >= len(s) || s[i] != '<' {
		return "", 0, p.lib.reFail("missing <", v, i)
	}
	i++
	j := strings.IndexByte(s[i:], '>')
	switch {
	case j == 0 || j < 0 && i == len(s):
		return "", 0, p.lib.reFail("missing group name", v, i)
	case j < 0:
		return "", 0, p.lib.reFail("missing >, unterminated name", v, i)
	}
	name := s[i : i+j]
	next := i + j + 1
	if strings.Trim(name, "0123456789") == "" {
		return name, next, nil
	}
	if !sre.Identifier(name) {
		return "", 0, p.lib.reFail("bad character in group name "+pyQuote(name), v, i)
	}
	for _, n := range p.re.Names() {
		if n.Name == name {
			return strconv.Itoa(n.Group), next, nil
		}
	}
	return "", 0, wire.Errorf("IndexError", "unknown group name %s", pyQuote(name))
}
