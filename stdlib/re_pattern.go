package stdlib

import (
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib/internal/sre"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// pattern is re.Pattern, a compiled pattern. It travels to other processes as its text and flags.
type pattern struct {
	lib     *Lib
	re      *sre.Regexp
	source  starlark.Value // what it was compiled from
	text    string
	isBytes bool
	index   starlark.Value // groupindex, once asked for
}

var (
	_ starlark.HasAttrs   = (*pattern)(nil)
	_ starlark.Comparable = (*pattern)(nil)
)

func (p *pattern) Type() string         { return "Pattern" }
func (p *pattern) Freeze()              {}
func (p *pattern) Truth() starlark.Bool { return true }
func (p *pattern) Hash() (uint32, error) {
	h, err := p.source.Hash()
	return h ^ uint32(p.re.Flags()), err
}

// quoted is the repr of a string or bytes as CPython writes it.
func quoted(v starlark.Value) string {
	if s, ok := v.(starlark.String); ok {
		return pyQuote(string(s))
	}
	return v.String()
}

func (p *pattern) String() string {
	s := "re.compile(" + quoted(p.source)
	flags := p.re.Flags()
	if !p.isBytes {
		flags &^= sre.Unicode
	}
	var names []string
	for _, f := range [...]struct {
		flag sre.Flags
		name string
	}{
		{sre.IgnoreCase, "IGNORECASE"}, {sre.Locale, "LOCALE"}, {sre.MultiLine, "MULTILINE"}, {sre.DotAll, "DOTALL"},
		{sre.Verbose, "VERBOSE"}, {sre.Debug, "DEBUG"}, {sre.ASCII, "ASCII"},
	} {
		if flags&f.flag != 0 {
			names = append(names, "re."+f.name)
		}
	}
	if len(names) > 0 {
		s += ", " + strings.Join(names, "|")
	}
	return s + ")"
}

// CompareSameType makes patterns of the same text and flags equal.
func (p *pattern) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	q, ok := y.(*pattern)
	same := ok && (p == q || p.text == q.text && p.isBytes == q.isBytes && p.re.Flags() == q.re.Flags())
	switch op {
	case syntax.EQL:
		return same, nil
	case syntax.NEQ:
		return !same, nil
	}
	return false, noOrder(op.String(), p, y)
}

var patternTable methodTable

func patternMethods() *methodTable { return patternTable.fill(patternFunctions) }

func patternFunctions() map[string]goFunc {
	m := map[string]goFunc{}
	for _, name := range []string{"search", "match", "fullmatch", "findall", "finditer"} {
		m[name] = method(func(p *pattern, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var subject starlark.Value
			pos, end := 0, int(^uint(0)>>1)
			if err := bind(name, args, kwargs, "string", &subject, "pos?", &pos, "endpos?", &end); err != nil {
				return nil, err
			}
			s, err := p.subject(subject)
			if err != nil {
				return nil, err
			}
			end = max(0, min(end, len(s)))
			return p.find(thread, name, subject, s, max(0, min(pos, len(s))), end)
		})
	}
	m["split"] = method(func(p *pattern, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var subject starlark.Value
		n := 0
		if err := bind("split", args, kwargs, "string", &subject, "maxsplit?", &n); err != nil {
			return nil, err
		}
		s, err := p.subject(subject)
		if err != nil {
			return nil, err
		}
		return p.split(thread, subject, s, n)
	})
	for _, name := range []string{"sub", "subn"} {
		m[name] = method(func(p *pattern, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var repl, subject starlark.Value
			n := 0
			if err := bind(name, args, kwargs, "repl", &repl, "string", &subject, "count?", &n); err != nil {
				return nil, err
			}
			s, err := p.subject(subject)
			if err != nil {
				return nil, err
			}
			return p.substitute(thread, repl, subject, s, n, name == "subn")
		})
	}
	return m
}

// Attr implements starlark.HasAttrs.
func (p *pattern) Attr(name string) (starlark.Value, error) {
	switch name {
	case "pattern":
		return p.source, nil
	case "flags":
		return starlark.MakeInt(int(p.re.Flags())), nil
	case "groups":
		return starlark.MakeInt(p.re.Groups()), nil
	case "groupindex":
		if p.index == nil {
			d := starlark.NewDict(len(p.re.Names()))
			for _, n := range p.re.Names() {
				_ = d.SetKey(starlark.String(n.Name), starlark.MakeInt(n.Group)) // a string and a new dict: can't fail
			}
			d.Freeze() // as CPython's mapping proxy
			p.index = d
		}
		return p.index, nil
	}
	return patternMethods().bound(p, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (p *pattern) AttrNames() []string {
	return append([]string{"flags", "groupindex", "groups", "pattern"}, patternMethods().names()...)
}

// subject returns the text to match, which must be of the pattern's kind.
func (p *pattern) subject(v starlark.Value) (string, error) {
	switch v := v.(type) {
	case starlark.String:
		if p.isBytes {
			return "", wire.Errorf("TypeError", "cannot use a bytes pattern on a string-like object")
		}
		return string(v), nil
	case starlark.Bytes:
		if !p.isBytes {
			return "", wire.Errorf("TypeError", "cannot use a string pattern on a bytes-like object")
		}
		return string(v), nil
	}
	return "", wire.Errorf("TypeError", "expected string or bytes-like object, got '%s'", pyType(v))
}

// value is text of the pattern's kind.
func (p *pattern) value(s string) starlark.Value {
	if p.isBytes {
		return starlark.Bytes(s)
	}
	return starlark.String(s)
}

// run matches, and lets the script's other threads and Ctrl-C in if it takes long.
func (p *pattern) run(thread *starlark.Thread, in *sre.Input) (*sre.Result, error) {
	in.Poll = func() error { return p.lib.cfg.Sleep(thread, 0) }
	r, err := p.re.Find(in)
	if err == sre.ErrMemory {
		err = wire.Errorf("MemoryError", "%w", err)
	}
	return r, err
}

// each calls f for each match in turn, which may not overlap. An empty match may follow a longer one at its end, but not another empty one.
func (p *pattern) each(thread *starlark.Thread, s string, start, end int, f func(*sre.Result) (more bool, err error)) error {
	in := &sre.Input{Subject: s, Start: start, End: end}
	for {
		r, err := p.run(thread, in)
		if err != nil || r == nil {
			return err
		}
		more, err := f(r)
		if err != nil || !more {
			return err
		}
		in.Start, in.NotEmpty = r.Spans[1], r.Spans[0] == r.Spans[1]
	}
}

// find is search, match, fullmatch, findall and finditer.
func (p *pattern) find(thread *starlark.Thread, name string, subject starlark.Value, s string, pos, end int) (starlark.Value, error) {
	mode := sre.Search
	switch name {
	case "findall":
		var all []starlark.Value
		err := p.each(thread, s, pos, end, func(r *sre.Result) (bool, error) {
			all = append(all, p.found(s, r))
			return true, nil
		})
		return starlark.NewList(all), err
	case "finditer":
		c := &matchCursor{p: p, subject: subject, in: sre.Input{Subject: s, Start: pos, End: end}, pos: pos}
		return &Iterator{lib: p.lib, cur: c}, nil
	case "match":
		mode = sre.Match
	case "fullmatch":
		mode = sre.FullMatch
	}
	r, err := p.run(thread, &sre.Input{Subject: s, Start: pos, End: end, Mode: mode})
	if err != nil || r == nil {
		return starlark.None, err
	}
	return &match{p, subject, s, r, pos, end}, nil
}

// found is what findall returns for a match: the group if there is one, all if there are several, else the whole.
func (p *pattern) found(s string, r *sre.Result) starlark.Value {
	switch n := p.re.Groups(); n {
	case 0:
		return p.value(s[r.Spans[0]:r.Spans[1]])
	case 1:
		return p.groupOr(s, r, 1, p.value(""))
	default:
		t := make(starlark.Tuple, n)
		for i := range t {
			t[i] = p.groupOr(s, r, i+1, p.value(""))
		}
		return t
	}
}

func (p *pattern) groupOr(s string, r *sre.Result, i int, missing starlark.Value) starlark.Value {
	from, to := r.Spans[2*i], r.Spans[2*i+1]
	if from < 0 || to < from {
		return missing
	}
	return p.value(s[from:to])
}

// matchCursor is finditer.
type matchCursor struct {
	p       *pattern
	subject starlark.Value
	in      sre.Input
	pos     int
	done    bool
}

func (c *matchCursor) next(thread *starlark.Thread) (starlark.Value, bool, error) {
	if c.done {
		return nil, false, nil
	}
	r, err := c.p.run(thread, &c.in)
	if err != nil || r == nil {
		c.done = true
		return nil, false, err
	}
	c.in.Start, c.in.NotEmpty = r.Spans[1], r.Spans[0] == r.Spans[1]
	return &match{c.p, c.subject, c.in.Subject, r, c.pos, c.in.End}, true, nil
}

func (c *matchCursor) close() {}

func (p *pattern) split(thread *starlark.Thread, subject starlark.Value, s string, n int) (starlark.Value, error) {
	var parts []starlark.Value
	if n < 0 {
		return starlark.NewList([]starlark.Value{subject}), nil
	}
	last, count := 0, 0
	err := p.each(thread, s, 0, len(s), func(r *sre.Result) (bool, error) {
		parts = append(parts, p.value(s[last:r.Spans[0]]))
		for i := 1; i <= p.re.Groups(); i++ {
			parts = append(parts, p.groupOr(s, r, i, starlark.None))
		}
		last = r.Spans[1]
		count++
		return n == 0 || count < n, nil
	})
	return starlark.NewList(append(parts, p.value(s[last:]))), err
}

// substitute is sub and subn.
func (p *pattern) substitute(thread *starlark.Thread, repl, subject starlark.Value, s string, n int, counted bool) (starlark.Value, error) {
	expand, err := p.replacement(thread, repl, subject, s)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	last, count := 0, 0
	if n >= 0 {
		err = p.each(thread, s, 0, len(s), func(r *sre.Result) (bool, error) {
			b.WriteString(s[last:r.Spans[0]])
			if err := expand(&b, r); err != nil {
				return false, err
			}
			last = r.Spans[1]
			count++
			return n == 0 || count < n, nil
		})
		if err != nil {
			return nil, err
		}
	}
	result := subject
	if count > 0 {
		b.WriteString(s[last:])
		result = p.value(b.String())
	}
	if counted {
		return starlark.Tuple{result, starlark.MakeInt(count)}, nil
	}
	return result, nil
}

// replacement returns what writes the replacement of a match: a template's expansion or what a function returns.
func (p *pattern) replacement(thread *starlark.Thread, repl, subject starlark.Value, s string) (func(*strings.Builder, *sre.Result) error, error) {
	if isCallable(repl) {
		return func(b *strings.Builder, r *sre.Result) error {
			v, err := p.lib.call(thread, repl, &match{p, subject, s, r, 0, len(s)})
			if err != nil {
				return err
			}
			if v == starlark.None {
				return nil
			}
			text, err := p.piece(v)
			b.WriteString(text)
			return err
		}, nil
	}
	text, err := p.piece(repl)
	if err != nil {
		return nil, err
	}
	t, err := p.template(repl, text)
	if err != nil {
		return nil, err
	}
	return func(b *strings.Builder, r *sre.Result) error {
		t.expand(b, s, r)
		return nil
	}, nil
}

// piece returns v's text, which must be of the pattern's kind.
func (p *pattern) piece(v starlark.Value) (string, error) {
	text, ok := textOf(v)
	if _, isBytes := v.(starlark.Bytes); ok && isBytes == p.isBytes {
		return text, nil
	}
	if p.isBytes {
		return "", wire.Errorf("TypeError", "expected a bytes-like object, %s found", pyType(v))
	}
	return "", wire.Errorf("TypeError", "sequence item 0: expected str instance, %s found", pyType(v))
}
