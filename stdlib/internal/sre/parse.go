package sre

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is a pattern's fault. Pos is -1 where Python gives none.
type Error struct {
	Msg string
	Pos int
}

func (e *Error) Error() string { return e.Msg }

// TooLarge is the error of a repetition number beyond Python's limit; Python raises OverflowError.
type TooLarge struct{}

func (TooLarge) Error() string { return "the repetition number is too large" }

const maxRepeat = 1<<32 - 1

type parser struct {
	s      string
	i      int
	bytes  bool
	flags  Flags   // of the whole pattern
	groups []*node // by number; nil while open. groups[0] is unused
	names  []Name
	depth  int
	behind int // number of groups when the outermost look-behind began, 0 outside
	quote  func(string) string
}

// Name is the name of a group.
type Name struct {
	Name  string
	Group int
}

// again is panicked with to parse once more, with the flag x that was found at the pattern's start.
type again struct{}

func parse(s string, flags Flags, bytes bool, quote func(string) string) (n *node, p *parser, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			err = r
		case TooLarge:
			err = r
		case again:
			n, p, err = parse(s, flags|Verbose, bytes, quote)
		default:
			panic(r)
		}
	}()
	p = &parser{s: s, bytes: bytes, flags: flags, groups: make([]*node, 1), quote: quote}
	n = p.alternatives(flags, true)
	if p.i < len(s) {
		p.fail(p.i, "unbalanced parenthesis")
	}
	p.flags = p.checkFlags(p.flags)
	return n, p, nil
}

func (p *parser) checkFlags(f Flags) Flags {
	if !p.bytes && f&ASCII == 0 {
		f |= Unicode
	}
	return f
}

func (p *parser) fail(pos int, format string, args ...any) {
	panic(&Error{fmt.Sprintf(format, args...), pos})
}

func (p *parser) more() bool { return p.i < len(p.s) }

// char reads the next character.
func (p *parser) char() rune {
	r, n := decode(p.s[p.i:], p.bytes)
	p.i += n
	return r
}

func (p *parser) accept(s string) bool {
	if strings.HasPrefix(p.s[p.i:], s) {
		p.i += len(s)
		return true
	}
	return false
}

// until reads a name and its end.
func (p *parser) until(end, what string) string {
	start := p.i
	j := strings.Index(p.s[start:], end)
	if j < 0 {
		if start == len(p.s) {
			p.fail(start, "missing %s", what)
		}
		p.fail(start, "missing %s, unterminated name", end)
	}
	if j == 0 {
		p.fail(start, "missing %s", what)
	}
	p.i += j + len(end)
	return p.s[start : start+j]
}

// alternatives parses up to a closing parenthesis or the end.
func (p *parser) alternatives(flags Flags, outermost bool) *node {
	p.depth++
	if p.depth > 1000 {
		p.fail(p.i, "pattern is nested too deeply")
	}
	defer func() { p.depth-- }()
	first := p.sequence(&flags, outermost)
	if !p.more() || p.s[p.i] != '|' {
		return first
	}
	b := &node{kind: nBranch, subs: []*node{first}}
	for p.accept("|") {
		b.subs = append(b.subs, p.sequence(&flags, false))
	}
	return b
}

func (p *parser) sequence(flags *Flags, first bool) *node {
	seq := &node{kind: nSeq}
	for p.more() {
		c := p.s[p.i]
		if c == '|' || c == ')' {
			break
		}
		if *flags&Verbose != 0 {
			if strings.IndexByte(" \t\n\r\v\f", c) >= 0 {
				p.i++
				continue
			}
			if c == '#' {
				if j := strings.IndexByte(p.s[p.i:], '\n'); j >= 0 {
					p.i += j + 1
				} else {
					p.i = len(p.s)
				}
				continue
			}
		}
		switch c {
		case '*', '+', '?', '{':
			if p.repeat(seq, c, *flags) {
				continue
			}
			p.i++
			seq.add(literal('{', *flags))
		case '[':
			seq.add(p.charSet(*flags))
		case '.':
			p.i++
			if *flags&DotAll != 0 {
				seq.add(&node{kind: nAny})
			} else {
				seq.add(newSet(&set{negate: true, ranges: []rune{'\n', '\n'}}))
			}
		case '^', '$':
			p.i++
			seq.add(&node{kind: nAt, r: rune(c), flags: *flags})
		case '(':
			if n := p.group(flags, first && len(seq.subs) == 0); n != nil {
				seq.add(n)
			}
		case '\\':
			seq.add(p.escape(*flags))
		default:
			seq.add(literal(p.char(), *flags))
		}
	}
	if len(seq.subs) == 1 {
		return seq.subs[0]
	}
	return seq
}

func (n *node) add(sub *node) { n.subs = append(n.subs, sub) }

func literal(r rune, flags Flags) *node { return &node{kind: nLiteral, r: r, flags: flags} }

func newSet(s *set) *node {
	s.finish()
	return &node{kind: nSet, set: s}
}

// repeat parses a repetition of the last part of seq. It returns false for a brace that is none.
func (p *parser) repeat(seq *node, c byte, flags Flags) bool {
	start := p.i
	lo, hi := 0, -1
	switch c {
	case '?':
		hi = 1
	case '+':
		lo = 1
	}
	p.i++
	if c == '{' {
		var ok bool
		if lo, hi, ok = p.bounds(start); !ok {
			p.i = start
			return false
		}
	}
	if len(seq.subs) == 0 || seq.subs[len(seq.subs)-1].kind == nAt {
		p.fail(start, "nothing to repeat")
	}
	item := seq.subs[len(seq.subs)-1]
	if item.kind == nRepeat {
		p.fail(start, "multiple repeat")
	}
	mode := byte('g')
	if p.accept("?") {
		mode = 'l'
	} else if p.accept("+") {
		mode = 'p'
	}
	seq.subs[len(seq.subs)-1] = &node{kind: nRepeat, subs: []*node{item}, min: lo, max: hi, mode: mode}
	return true
}

// bounds parses what follows a brace: {m}, {m,}, {,n} or {m,n}.
func (p *parser) bounds(start int) (lo, hi int, ok bool) {
	if p.more() && p.s[p.i] == '}' {
		return 0, 0, false
	}
	from, fromText := p.number()
	to, toText := from, fromText
	if p.accept(",") {
		to, toText = p.number()
	}
	if !p.accept("}") {
		return 0, 0, false
	}
	hi = -1
	if fromText != "" {
		lo = from
	}
	if toText != "" {
		hi = to
		if hi < lo {
			p.fail(start+1, "min repeat greater than max repeat")
		}
	}
	return lo, hi, true
}

func (p *parser) number() (int, string) {
	start := p.i
	for p.more() && '0' <= p.s[p.i] && p.s[p.i] <= '9' {
		p.i++
	}
	text := p.s[start:p.i]
	n, err := strconv.Atoi(text)
	if err != nil && text != "" || n >= maxRepeat {
		panic(TooLarge{})
	}
	return n, text
}

// group parses what begins with a parenthesis; nil if it was a comment or flags for the whole pattern.
func (p *parser) group(flags *Flags, atStart bool) *node {
	start := p.i
	p.i++
	inner := *flags
	capture, name := true, ""
	if p.accept("?") {
		if !p.more() {
			p.fail(p.i, "unexpected end of pattern")
		}
		at := p.i
		switch r := p.char(); r {
		case 'P':
			switch {
			case p.accept("<"):
				name = p.groupName(">")
			case p.accept("="):
				return p.named(flags)
			case !p.more():
				p.fail(p.i, "unexpected end of pattern")
			default:
				p.fail(at-1, "unknown extension ?P%s", p.show())
			}
		case ':':
			capture = false
		case '#':
			j := strings.IndexByte(p.s[p.i:], ')')
			if j < 0 {
				p.fail(start, "missing ), unterminated comment")
			}
			p.i += j + 1
			return nil
		case '=', '!', '<':
			return p.look(r, start, *flags)
		case '(':
			return p.conditional(start, *flags)
		case '>':
			n := &node{kind: nAtomic, subs: []*node{p.alternatives(inner, false)}}
			p.close(start)
			return n
		default:
			if r != '-' && !strings.ContainsRune("iLmsxau", r) {
				if r == '\\' && p.more() {
					p.char()
				}
				p.fail(at-1, "unknown extension ?%s", p.s[at:p.i])
			}
			p.i = at
			var whole bool
			if inner, whole = p.inlineFlags(inner, start, atStart); whole {
				*flags |= p.flags
				return nil
			}
			capture = false
		}
	}
	n := &node{kind: nGroup}
	if capture {
		n.group = p.open(name, start)
	}
	n.subs = []*node{p.alternatives(inner, false)}
	p.close(start)
	if capture {
		p.groups[n.group] = n
	}
	return n
}

// show is the next character, for a message.
func (p *parser) show() string {
	i := p.i
	if p.char() == '\\' && p.more() {
		p.char()
	}
	text := p.s[i:p.i]
	p.i = i
	return string(text)
}

func (p *parser) close(start int) {
	if !p.accept(")") {
		p.fail(start, "missing ), unterminated subpattern")
	}
}

func (p *parser) open(name string, start int) int {
	n := len(p.groups)
	if name != "" {
		if g := p.find(name); g > 0 {
			p.fail(start+4, "redefinition of group name %s as group %d; was group %d", p.quote(name), n, g)
		}
		p.names = append(p.names, Name{name, n})
	}
	p.groups = append(p.groups, nil)
	return n
}

func (p *parser) find(name string) int {
	for _, n := range p.names {
		if n.Name == name {
			return n.Group
		}
	}
	return 0
}

func (p *parser) groupName(end string) string {
	at := p.i
	name := p.until(end, "group name")
	if !Identifier(name) || p.bytes && !isASCII(name) {
		p.fail(at, "bad character in group name %s", p.quote(name))
	}
	return name
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Identifier reports whether s may be the name of a group.
func Identifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// named is (?P=name).
func (p *parser) named(flags *Flags) *node {
	at := p.i
	name := p.groupName(")")
	g := p.find(name)
	if g == 0 {
		p.fail(at, "unknown group name %s", p.quote(name))
	}
	return p.backref(g, at, *flags)
}

func (p *parser) backref(g, at int, flags Flags) *node {
	if p.groups[g] == nil {
		p.fail(at, "cannot refer to an open group")
	}
	p.checkBehind(g)
	return &node{kind: nBackref, group: g, flags: flags, subs: []*node{p.groups[g]}}
}

// checkBehind refuses references in a look-behind to groups whose width isn't known yet.
func (p *parser) checkBehind(g int) {
	switch {
	case p.behind == 0:
	case g >= len(p.groups) || p.groups[g] == nil:
		p.fail(p.i, "cannot refer to an open group")
	case g >= p.behind:
		p.fail(p.i, "cannot refer to group defined in the same lookbehind subpattern")
	}
}

func (p *parser) look(r rune, start int, flags Flags) *node {
	n := &node{kind: nLook}
	if r == '<' {
		if !p.more() {
			p.fail(p.i, "unexpected end of pattern")
		}
		at := p.i
		if r = p.char(); r != '=' && r != '!' {
			p.fail(at-2, "unknown extension ?<%s", string(r))
		}
		n.behind = true
	}
	n.negate = r == '!'
	outermost := n.behind && p.behind == 0
	if outermost {
		p.behind = len(p.groups)
	}
	n.subs = []*node{p.alternatives(flags, false)}
	if outermost {
		p.behind = 0
	}
	p.close(start)
	return n
}

func (p *parser) conditional(start int, flags Flags) *node {
	at := p.i
	name := p.until(")", "group name")
	g, err := strconv.Atoi(name)
	if err == nil && isDigits(name) {
		if g == 0 {
			p.fail(at, "bad group number")
		}
		// A number may refer to a group that comes later.
	} else {
		if !Identifier(name) {
			p.fail(at, "bad character in group name %s", p.quote(name))
		}
		if g = p.find(name); g == 0 {
			p.fail(at, "unknown group name %s", p.quote(name))
		}
	}
	p.checkBehind(g)
	n := &node{kind: nCond, group: g, min: at, subs: []*node{p.sequence(&flags, false)}}
	if p.accept("|") {
		n.add(p.sequence(&flags, false))
		if p.more() && p.s[p.i] == '|' {
			p.fail(p.i, "conditional backref with more than two branches")
		}
	}
	p.close(start)
	return n
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// inlineFlags parses "imx)" for the whole pattern, which sets p.flags, or "im-x:" for a group.
func (p *parser) inlineFlags(flags Flags, start int, atStart bool) (result Flags, whole bool) {
	on, off := Flags(0), Flags(0)
	to := &on
	for {
		if !p.more() {
			if to == &on {
				p.fail(p.i, "missing -, : or )")
			}
			if off == 0 {
				p.fail(p.i, "missing flag")
			}
			p.fail(p.i, "missing :")
		}
		at := p.i
		r := p.char()
		switch {
		case r == ')' && to == &on:
			if !atStart {
				p.fail(start, "global flags not at the start of the expression")
			}
			if on&Verbose != 0 && p.flags&Verbose == 0 {
				panic(again{})
			}
			p.flags |= on
			return flags | on, true
		case r == ':' && (to == &on || off != 0):
			if on&globalFlags != 0 {
				p.fail(at, "bad inline flags: cannot turn on global flag")
			}
			if on&off != 0 {
				p.fail(at, "bad inline flags: flag turned on and off")
			}
			if on&typeFlags != 0 {
				flags &^= typeFlags
			}
			return (flags | on) &^ off, false
		case r == '-' && to == &on:
			to = &off
			if !p.more() {
				p.fail(p.i, "missing flag")
			}
			continue
		}
		k := strings.IndexRune("iLmsxau", r)
		if k < 0 {
			msg := "missing -, : or )"
			switch {
			case unicode.IsLetter(r):
				msg = "unknown flag"
			case to == &off && off == 0:
				msg = "missing flag"
			case to == &off:
				msg = "missing :"
			}
			p.fail(at, "%s", msg)
		}
		f := [...]Flags{IgnoreCase, Locale, MultiLine, DotAll, Verbose, ASCII, Unicode}[k]
		if f&typeFlags != 0 {
			switch {
			case to == &off:
				p.fail(p.i, "bad inline flags: cannot turn off flags 'a', 'u' and 'L'")
			case f == Locale && !p.bytes:
				p.fail(p.i, "bad inline flags: cannot use 'L' flag with a str pattern")
			case f == Unicode && p.bytes:
				p.fail(p.i, "bad inline flags: cannot use 'u' flag with a bytes pattern")
			case on&typeFlags&^f != 0:
				p.fail(p.i, "bad inline flags: flags 'a', 'u' and 'L' are incompatible")
			}
		}
		*to |= f
	}
}

// decode reads a character.
func decode(s string, bytes bool) (rune, int) {
	if c := s[0]; c < utf8.RuneSelf || bytes {
		return rune(c), 1
	}
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return 0xDC00 + rune(s[0]), 1
	}
	return r, n
}
