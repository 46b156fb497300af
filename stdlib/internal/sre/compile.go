package sre

import (
	"strings"
	"unicode/utf8"
)

type opcode uint8

const (
	opMatch  opcode = iota
	opChar          // r
	opFold          // r, folded
	opString        // str
	opSet
	opAny
	opAt    // r
	opSave  // x: register
	opJump  // x
	opSplit // try x, then y
	opSome  // greedy repetition of one character: set or r, lo, hi
	opLazy  // lazy one
	opPoss  // possessive one
	opInit  // x: registers of a loop
	opLoop  // x: registers, lo, hi, y: what follows; the body is next but one
	opMore  // after opLoop, for lazy loops: once more
	opRef   // x: group
	opCond  // x: group, y: where to go without
	opBegin // of an atomic group or look-around; x: register for the stack's height, lo: characters to step back
	opCut   // end of one; x: register; lo: 1 to go back to where it began
	opNot   // of a negative look-around; x: register, y: what follows
	opFail  // end of one
)

type inst struct {
	op     opcode
	lazy   bool
	ascii  bool
	multi  bool // of opAt
	r      rune
	x, y   int
	lo, hi int
	set    *set
	str    string
}

// Regexp is a compiled pattern. It may be used from several goroutines at once.
type Regexp struct {
	prog    []inst
	regs    int // positions of groups, then what loops count
	groups  int // without group 0
	names   []Name
	flags   Flags
	bytes   bool
	prefix  string     // what every match begins with
	first   *[4]uint64 // bytes that a match may begin with; nil: any, or none at all
	atStart bool       // matches at the start of the subject alone
}

// Groups returns the number of groups.
func (re *Regexp) Groups() int { return re.groups }

// Names returns the named groups in the order of the pattern.
func (re *Regexp) Names() []Name { return re.names }

// Flags returns the flags, those set in the pattern included.
func (re *Regexp) Flags() Flags { return re.flags }

type compiler struct {
	re *Regexp
}

// Compile compiles a pattern, for bytes or for strings. quote is how messages quote names. The error is an *Error or TooLarge.
func Compile(pattern string, flags Flags, bytes bool, quote func(string) string) (*Regexp, error) {
	tree, p, err := parse(pattern, flags, bytes, quote)
	if err != nil {
		return nil, err
	}
	re := &Regexp{groups: len(p.groups) - 1, names: p.names, flags: p.flags, bytes: bytes, regs: 2 * len(p.groups)}
	if err := re.check(tree); err != nil {
		return nil, err
	}
	c := &compiler{re: re}
	c.node(tree)
	c.emit(inst{op: opMatch})
	if len(re.prog) > maxProgram {
		return nil, &Error{"pattern is too large", -1}
	}
	c.prefixes(tree)
	return re, nil
}

const maxProgram = 1 << 22

// check looks for what can only be said when the whole pattern is known.
func (re *Regexp) check(n *node) error {
	switch n.kind {
	case nLook:
		if n.behind {
			if lo, hi := n.subs[0].width(); lo != hi {
				return &Error{"look-behind requires fixed-width pattern", -1}
			}
		}
	case nCond:
		if n.group > re.groups {
			return &Error{"invalid group reference " + itoa(n.group), n.min}
		}
	case nBackref:
		return nil // its group is in the tree elsewhere
	}
	for _, s := range n.subs {
		if err := re.check(s); err != nil {
			return err
		}
	}
	return nil
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func (c *compiler) emit(i inst) int {
	c.re.prog = append(c.re.prog, i)
	return len(c.re.prog) - 1
}

func (c *compiler) here() int { return len(c.re.prog) }

// regsFor reserves n registers.
func (c *compiler) regsFor(n int) int {
	c.re.regs += n
	return c.re.regs - n
}

func (c *compiler) node(n *node) {
	switch n.kind {
	case nLiteral, nSet, nAny:
		c.emit(c.single(n))
	case nAt:
		c.emit(inst{op: opAt, r: n.r, multi: n.flags&MultiLine != 0, ascii: c.ascii(n)})
	case nSeq:
		c.sequence(n.subs)
	case nBranch:
		c.branch(n.subs)
	case nGroup:
		if n.group > 0 {
			c.emit(inst{op: opSave, x: 2 * n.group})
		}
		c.node(n.subs[0])
		if n.group > 0 {
			c.emit(inst{op: opSave, x: 2*n.group + 1})
		}
	case nRepeat:
		c.repeat(n)
	case nBackref:
		c.emit(inst{op: opRef, x: n.group, ascii: c.ascii(n), lazy: n.flags&IgnoreCase != 0})
	case nCond:
		at := c.emit(inst{op: opCond, x: n.group})
		c.node(n.subs[0])
		if len(n.subs) > 1 {
			jump := c.emit(inst{op: opJump})
			c.re.prog[at].y = c.here()
			c.node(n.subs[1])
			c.re.prog[jump].x = c.here()
		} else {
			c.re.prog[at].y = c.here()
		}
	case nAtomic:
		c.atomic(func() { c.node(n.subs[0]) })
	case nLook:
		c.look(n)
	}
}

func (c *compiler) ascii(n *node) bool { return c.re.bytes || n.flags&ASCII != 0 }

// single is the instruction for one character.
func (c *compiler) single(n *node) inst {
	switch n.kind {
	case nAny:
		return inst{op: opAny}
	case nSet:
		return inst{op: opSet, set: n.set}
	}
	ascii := c.ascii(n)
	if n.flags&IgnoreCase != 0 && nextCase(n.r, ascii) != n.r {
		return inst{op: opFold, r: fold(n.r, ascii), ascii: ascii}
	}
	return inst{op: opChar, r: n.r}
}

// sequence joins literals to strings.
func (c *compiler) sequence(subs []*node) {
	for i := 0; i < len(subs); i++ {
		var s strings.Builder
		j := i
		for ; j < len(subs) && c.plain(subs[j]); j++ {
			c.write(&s, subs[j].r)
		}
		if j > i+1 {
			c.emit(inst{op: opString, str: s.String()})
			i = j - 1
			continue
		}
		c.node(subs[i])
	}
}

// plain reports whether n is a literal that matches itself alone, in whatever bytes the subject may write it.
func (c *compiler) plain(n *node) bool {
	return n.kind == nLiteral && c.single(n).op == opChar && (c.re.bytes || n.r < 0xD800 || n.r > 0xDFFF && n.r <= utf8.MaxRune)
}

func (c *compiler) write(s *strings.Builder, r rune) {
	if c.re.bytes {
		s.WriteByte(byte(r))
	} else {
		s.WriteRune(r)
	}
}

func (c *compiler) branch(subs []*node) {
	var ends []int
	for i, s := range subs {
		split := -1
		if i < len(subs)-1 {
			split = c.emit(inst{op: opSplit, x: c.here() + 1})
		}
		c.node(s)
		if split >= 0 {
			ends = append(ends, c.emit(inst{op: opJump}))
			c.re.prog[split].y = c.here()
		}
	}
	for _, at := range ends {
		c.re.prog[at].x = c.here()
	}
}

func (c *compiler) atomic(body func()) {
	reg := c.regsFor(2)
	c.emit(inst{op: opBegin, x: reg})
	body()
	c.emit(inst{op: opCut, x: reg})
}

func (c *compiler) look(n *node) {
	reg, back := c.regsFor(2), 0
	if n.behind {
		back, _ = n.subs[0].width()
	}
	if n.negate {
		at := c.emit(inst{op: opNot, x: reg, lo: back})
		c.node(n.subs[0])
		c.emit(inst{op: opFail, x: reg})
		c.re.prog[at].y = c.here()
		return
	}
	c.emit(inst{op: opBegin, x: reg, lo: back})
	c.node(n.subs[0])
	c.emit(inst{op: opCut, x: reg, lo: 1})
}

func (c *compiler) repeat(n *node) {
	body := n.subs[0]
	for body.kind == nGroup && body.group == 0 || body.kind == nSeq && len(body.subs) == 1 {
		body = body.subs[0]
	}
	lo, _ := body.width()
	switch {
	case n.max == 0:
	case body.kind == nLiteral || body.kind == nSet || body.kind == nAny:
		in := c.single(body)
		in.x = int(in.op) // of the character
		in.op = map[byte]opcode{'g': opSome, 'l': opLazy, 'p': opPoss}[n.mode]
		in.lo, in.hi = n.min, n.max
		c.emit(in)
	case n.mode == 'p':
		c.atomic(func() { c.loop(n, body, lo) })
	default:
		c.loop(n, body, lo)
	}
}

// loop compiles a repetition of more than a character. Where each round takes at least one, neither rounds nor positions need to be kept.
func (c *compiler) loop(n, body *node, width int) {
	lazy := n.mode == 'l'
	split := func(again, exit int) inst {
		if lazy {
			again, exit = exit, again
		}
		return inst{op: opSplit, x: again, y: exit}
	}
	switch {
	case n.min == 0 && n.max == 1:
		at := c.emit(inst{})
		c.node(body)
		c.re.prog[at] = split(at+1, c.here())
	case n.max < 0 && n.min == 0 && width > 0:
		at := c.emit(inst{})
		c.node(body)
		c.emit(inst{op: opJump, x: at})
		c.re.prog[at] = split(at+1, c.here())
	case n.max < 0 && n.min == 1 && width > 0:
		at := c.here()
		c.node(body)
		end := c.emit(inst{})
		c.re.prog[end] = split(at, end+1)
	default:
		reg := c.regsFor(2)
		c.emit(inst{op: opInit, x: reg})
		in := inst{op: opLoop, x: reg, lo: n.min, hi: n.max, lazy: lazy}
		at := c.emit(in)
		in.op = opMore
		c.emit(in)
		c.node(body)
		c.emit(inst{op: opJump, x: at})
		c.re.prog[at].y = c.here()
	}
}

// prefixes finds what a search can look for first.
func (c *compiler) prefixes(tree *node) {
	re := c.re
	for _, in := range re.prog {
		if in.op == opSave {
			continue
		}
		switch {
		case in.op == opString:
			re.prefix = in.str
		case in.op == opChar && (re.bytes || in.r < 0xD800):
			var s strings.Builder
			c.write(&s, in.r)
			re.prefix = s.String()
		case in.op == opAt && (in.r == 'A' || in.r == '^' && !in.multi):
			re.atStart = true
		}
		break
	}
	if re.prefix != "" || re.atStart {
		return
	}
	var first [4]uint64
	if !c.firstBytes(tree, &first) {
		re.first = &first
	}
}

// firstBytes adds the bytes with which a match of n may begin, and reports whether it may match nothing, or not be known.
func (c *compiler) firstBytes(n *node, first *[4]uint64) bool {
	switch n.kind {
	case nLiteral, nSet:
		in := c.single(n)
		for b := rune(0); b < 256; b++ {
			if !c.re.bytes && b >= utf8.RuneSelf || (in.op == opSet && in.set.has(b) || in.op == opChar && in.r == b ||
				in.op == opFold && fold(b, in.ascii) == in.r) {
				first[b>>6] |= 1 << (b & 63)
			}
		}
		return false
	case nSeq:
		for _, s := range n.subs {
			if !c.firstBytes(s, first) {
				return false
			}
		}
	case nGroup, nAtomic:
		return c.firstBytes(n.subs[0], first)
	case nBranch:
		empty := false
		for _, s := range n.subs {
			empty = c.firstBytes(s, first) || empty
		}
		return empty
	case nRepeat:
		return c.firstBytes(n.subs[0], first) || n.min == 0
	case nAt:
		return true
	case nLook:
		return true
	default:
		for i := range first {
			first[i] = ^uint64(0)
		}
	}
	return true
}
