package sre

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

func (p *parser) asciiOnly(flags Flags) bool { return p.bytes || flags&ASCII != 0 }

// escape parses a backslash outside of a set.
func (p *parser) escape(flags Flags) *node {
	start := p.i
	p.i++
	if !p.more() {
		p.fail(start, "bad escape (end of pattern)")
	}
	switch c := p.s[p.i]; c {
	case 'A', 'Z', 'b', 'B':
		p.i++
		return &node{kind: nAt, r: rune(c), flags: flags}
	case 'd', 'D', 's', 'S', 'w', 'W':
		p.i++
		return newSet(&set{classes: []class{{c, p.asciiOnly(flags)}}})
	case '0':
		p.i++
		return literal(p.octal(start, 2), flags)
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.numbered(start, flags)
	}
	return literal(p.escaped(start), flags)
}

// octal reads up to n more octal digits of an escape.
func (p *parser) octal(start, n int) rune {
	for ; n > 0 && p.more() && isOctal(p.s[p.i]); n-- {
		p.i++
	}
	v, _ := strconv.ParseUint(p.s[start+1:p.i], 8, 32)
	if v > 0o377 {
		p.fail(start, "octal escape value %s outside of range 0-0o377", p.s[start:p.i])
	}
	return rune(v)
}

func isOctal(c byte) bool { return '0' <= c && c <= '7' }

// numbered parses a reference to a group, or three octal digits.
func (p *parser) numbered(start int, flags Flags) *node {
	p.i++
	if p.more() && '0' <= p.s[p.i] && p.s[p.i] <= '9' {
		p.i++
		if isOctal(p.s[start+1]) && isOctal(p.s[start+2]) && p.more() && isOctal(p.s[p.i]) {
			return literal(p.octal(start, 1), flags)
		}
	}
	g, _ := strconv.Atoi(p.s[start+1 : p.i])
	if g >= len(p.groups) {
		p.fail(start+1, "invalid group reference %d", g)
	}
	if p.groups[g] == nil {
		p.fail(start, "cannot refer to an open group")
	}
	return p.backref(g, start, flags)
}

// escaped reads the character that an escape stands for, wherever it is; p.i is after the backslash at start.
func (p *parser) escaped(start int) rune {
	at := p.i
	r := p.char()
	switch r {
	case 'a':
		return 7
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	case 'x':
		return p.hex(start, 2)
	case 'N': // names of characters would cost every process a megabyte
		if p.bytes {
			break
		}
		if !p.accept("{") {
			p.fail(p.i, "missing {")
		}
		p.fail(start, "undefined character name %s", p.quote(p.until("}", "character name")))
	case 'u', 'U':
		if p.bytes {
			break
		}
		if r == 'u' {
			return p.hex(start, 4)
		}
		v := p.hex(start, 8)
		if v < 0 || v > utf8.MaxRune {
			p.fail(start, "bad escape %s", p.s[start:p.i])
		}
		return v
	}
	if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
		p.fail(start, "bad escape \\%s", p.s[at:p.i])
	}
	return r
}

func (p *parser) hex(start, n int) rune {
	at := p.i
	for p.i < at+n && p.more() && strings.IndexByte("0123456789abcdefABCDEF", p.s[p.i]) >= 0 {
		p.i++
	}
	if p.i < at+n {
		p.fail(start, "incomplete escape %s", p.s[start:p.i])
	}
	v, _ := strconv.ParseUint(p.s[at:p.i], 16, 32)
	if v > utf8.MaxRune {
		return -1
	}
	return rune(v)
}

// charSet parses [...].
func (p *parser) charSet(flags Flags) *node {
	start := p.i
	p.i++
	s := &set{fold: flags&IgnoreCase != 0, ascii: p.asciiOnly(flags)}
	s.negate = p.accept("^")
	for first := true; ; first = false {
		if !p.more() {
			p.fail(start, "unterminated character set")
		}
		if p.s[p.i] == ']' && !first {
			p.i++
			return newSet(s)
		}
		at := p.i
		lo, isClass := p.setItem(s, flags)
		if !p.more() || p.s[p.i] != '-' {
			if !isClass {
				s.ranges = append(s.ranges, lo, lo)
			}
			continue
		}
		p.i++
		if !p.more() {
			p.fail(start, "unterminated character set")
		}
		if p.s[p.i] == ']' {
			if !isClass {
				s.ranges = append(s.ranges, lo, lo)
			}
			s.ranges = append(s.ranges, '-', '-')
			continue
		}
		hi, isClass2 := p.setItem(s, flags)
		if isClass || isClass2 || hi < lo {
			p.fail(at, "bad character range %s", p.s[at:p.i])
		}
		s.ranges = append(s.ranges, lo, hi)
	}
}

// setItem parses one character of a set, or a class, which it adds to s.
func (p *parser) setItem(s *set, flags Flags) (r rune, isClass bool) {
	if p.s[p.i] != '\\' {
		return p.char(), false
	}
	start := p.i
	p.i++
	if !p.more() {
		p.fail(start, "bad escape (end of pattern)")
	}
	switch c := p.s[p.i]; {
	case strings.IndexByte("dDsSwW", c) >= 0:
		p.i++
		s.classes = append(s.classes, class{c, p.asciiOnly(flags)})
		return 0, true
	case c == 'b':
		p.i++
		return '\b', false
	case isOctal(c):
		p.i++
		return p.octal(start, 2), false
	}
	return p.escaped(start), false
}
