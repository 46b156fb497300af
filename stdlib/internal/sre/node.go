package sre

import "unicode"

// Flags have the values of Python's.
type Flags int

// Python's flags.
const (
	IgnoreCase Flags = 2
	Locale     Flags = 4
	MultiLine  Flags = 8
	DotAll     Flags = 16
	Unicode    Flags = 32
	Verbose    Flags = 64
	Debug      Flags = 128
	ASCII      Flags = 256

	typeFlags   = ASCII | Locale | Unicode
	globalFlags = Debug
)

type kind uint8

const (
	nEmpty kind = iota
	nLiteral
	nSet
	nAny // with DotAll; without, it is a set
	nAt
	nSeq
	nBranch
	nGroup // group 0 does not capture
	nRepeat
	nBackref
	nCond
	nLook
	nAtomic
)

// node is a part of a pattern. Flags are those in force where it stands.
type node struct {
	kind   kind
	r      rune  // nLiteral; the kind of nAt: '^' '$' 'A' 'Z' 'b' 'B'
	flags  Flags // nLiteral, nSet, nAt, nBackref
	set    *set  // nSet
	subs   []*node
	group  int // nGroup, nBackref, nCond
	min    int
	max    int  // -1: no limit
	mode   byte // of nRepeat: 'g'reedy, 'l'azy, 'p'ossessive
	behind bool // nLook
	negate bool // nLook
}

const maxWidth = 1 << 30

// width returns the least and the greatest number of characters that n matches.
func (n *node) width() (lo, hi int) {
	switch n.kind {
	case nLiteral, nSet, nAny:
		return 1, 1
	case nSeq, nGroup, nAtomic:
		for _, s := range n.subs {
			l, h := s.width()
			lo, hi = min(lo+l, maxWidth), min(hi+h, maxWidth)
		}
	case nBranch:
		lo = maxWidth
		for _, s := range n.subs {
			l, h := s.width()
			lo, hi = min(lo, l), max(hi, h)
		}
	case nCond:
		lo, hi = n.subs[0].width()
		l, h := 0, 0
		if len(n.subs) > 1 {
			l, h = n.subs[1].width()
		}
		lo, hi = min(lo, l), max(hi, h)
	case nRepeat:
		l, h := n.subs[0].width()
		lo = min(l*min(n.min, maxWidth), maxWidth)
		switch {
		case h == 0:
		case n.max < 0:
			hi = maxWidth
		default:
			hi = min(h*min(n.max, maxWidth), maxWidth)
		}
	case nBackref:
		if n.subs != nil {
			return n.subs[0].width() // the group, closed before
		}
		return 0, maxWidth
	}
	return lo, hi
}

// set is a set of characters: ranges and classes, or the characters that are in none of them.
type set struct {
	negate  bool
	ranges  []rune // pairs, both ends included
	classes []class
	low     [4]uint64 // the answer for characters below 256
	fold    bool      // letters match in either case
	ascii   bool
}

type class struct {
	c     byte // as after the backslash: d D s S w W
	ascii bool
}

func (c class) has(r rune) bool {
	switch c.c {
	case 'd':
		return isDigit(r, c.ascii)
	case 'D':
		return !isDigit(r, c.ascii)
	case 's':
		return isSpace(r, c.ascii)
	case 'S':
		return !isSpace(r, c.ascii)
	case 'w':
		return isWord(r, c.ascii)
	}
	return !isWord(r, c.ascii)
}

func isDigit(r rune, ascii bool) bool {
	return '0' <= r && r <= '9' || !ascii && r > 127 && unicode.Is(unicode.Nd, r)
}

func isSpace(r rune, ascii bool) bool {
	switch {
	case r == ' ' || '\t' <= r && r <= '\r':
		return true
	case ascii:
		return false
	case 0x1c <= r && r <= 0x1f:
		return true
	}
	return r > 127 && unicode.IsSpace(r)
}

func isWord(r rune, ascii bool) bool {
	if r < 128 {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
	}
	return !ascii && (unicode.IsLetter(r) || unicode.IsNumber(r))
}

// finish makes the table for small characters.
func (s *set) finish() {
	for r := rune(0); r < 256; r++ {
		if s.find(r) {
			s.low[r>>6] |= 1 << (r & 63)
		}
	}
}

func (s *set) has(r rune) bool {
	if uint32(r) < 256 {
		return s.low[r>>6]&(1<<(r&63)) != 0
	}
	return s.find(r)
}

func (s *set) find(r rune) bool {
	in := s.holds(r)
	if !in && s.fold {
		for f := nextCase(r, s.ascii); f != r && !in; f = nextCase(f, s.ascii) {
			in = s.holds(f)
		}
	}
	return in != s.negate
}

func (s *set) holds(r rune) bool {
	for i := 0; i < len(s.ranges); i += 2 {
		if s.ranges[i] <= r && r <= s.ranges[i+1] {
			return true
		}
	}
	for _, c := range s.classes {
		if c.has(r) {
			return true
		}
	}
	return false
}

// nextCase returns the next character that differs from r in case alone, in a circle.
func nextCase(r rune, ascii bool) rune {
	if !ascii {
		return unicode.SimpleFold(r)
	}
	switch {
	case 'a' <= r && r <= 'z':
		return r - 32
	case 'A' <= r && r <= 'Z':
		return r + 32
	}
	return r
}

// fold returns one character for all that differ in case alone.
func fold(r rune, ascii bool) rune {
	if r < 128 {
		if 'A' <= r && r <= 'Z' {
			r += 32
		}
		if ascii || r != 'k' && r != 's' {
			return r
		}
		return r
	}
	if ascii {
		return r
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if 'A' <= least && least <= 'Z' {
		least += 32
	}
	return least
}
