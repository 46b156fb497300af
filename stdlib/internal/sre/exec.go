package sre

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// How a match lies in the subject.
type Mode uint8

const (
	Search    Mode = iota // anywhere
	Match                 // at the start
	FullMatch             // from start to end
)

// ErrMemory is returned where a match would need more memory than there should be.
var ErrMemory = errors.New("regular expression needs too much memory")

// maxStack bounds the entries that wait to be tried, of 24 bytes each.
const maxStack = 1 << 25

// pollSteps are some 0.1 ms.
const pollSteps = 1 << 14

// Input is what to match. A match begins in Subject[Start:End]; what is before Start is seen by look-behind, and End is the end of all.
type Input struct {
	Subject    string
	Start, End int
	Mode       Mode
	NotEmpty   bool         // a match at Start must not be empty
	Poll       func() error // called now and then; an error ends the matching
}

// Result is a match. Group i is at Spans[2*i:2*i+2], -1 if it took no part. Last is the group that was closed last, 0 for none.
type Result struct {
	Spans []int
	Last  int
}

// entry is what waits on the stack: where to go on, or what to restore on the way there.
type entry struct {
	kind int32 // the instruction to go on with, or one of those below
	n    int32 // its instruction
	i, v int
}

const (
	undo   = -1 - iota // register i had the value v
	fewer              // opSome at n has matched to i; it may give characters back until v
	longer             // opLazy at n has matched to i; it may take v more characters
	close_             // the last group closed was v
)

type machine struct {
	re    *Regexp
	in    *Input
	s     string // the subject up to its end
	regs  []int
	last  int
	stack []entry
	steps int
	check int // the steps at which to look around again
}

// Find finds the first match; nil if there is none.
func (re *Regexp) Find(in *Input) (*Result, error) {
	if in.Start > in.End {
		return nil, nil
	}
	m := &machine{re: re, in: in, s: in.Subject[:in.End]}
	m.regs, m.check = make([]int, re.regs), pollSteps
	for i := in.Start; ; {
		if in.Mode == Search {
			if i = m.candidate(i); i < 0 {
				return nil, nil
			}
		}
		for k := range m.regs {
			m.regs[k] = -1
		}
		m.last, m.stack = 0, m.stack[:0]
		end, err := m.run(i)
		if err != nil {
			return nil, err
		}
		if end >= 0 {
			m.regs[0], m.regs[1] = i, end
			return &Result{m.regs[:2*re.groups+2], m.last}, nil
		}
		if in.Mode != Search || i >= in.End {
			return nil, nil
		}
		i += m.size(i)
	}
}

// candidate returns the first place from i on where a match may begin, -1 if there is none.
func (m *machine) candidate(i int) int {
	re := m.re
	switch {
	case re.prefix != "":
		j := strings.Index(m.s[i:], re.prefix)
		if j < 0 {
			return -1
		}
		return i + j
	case re.atStart:
		if i > 0 {
			return -1
		}
	case re.first != nil:
		for ; i < len(m.s); i++ {
			// The second and later bytes of a character are no start.
			if c := m.s[i]; re.first[c>>6]&(1<<(c&63)) != 0 && (re.bytes || c < 0x80 || m.boundary(i)) {
				return i
			}
		}
		return -1
	}
	return i
}

// boundary reports whether a character begins at i.
func (m *machine) boundary(i int) bool {
	if utf8.RuneStart(m.s[i]) {
		return true
	}
	for j := max(0, i-3); j < i; j++ {
		if utf8.RuneStart(m.s[j]) {
			if _, n := decode(m.s[j:], false); j+n > i {
				return false
			}
		}
	}
	return true
}

func (m *machine) size(i int) int {
	_, n := decode(m.s[i:], m.re.bytes)
	return n
}

func (m *machine) set(reg, v int) {
	if old := m.regs[reg]; old != v {
		m.stack = append(m.stack, entry{kind: undo, i: reg, v: old})
		m.regs[reg] = v
	}
}

// back returns where the character before i begins.
func (m *machine) back(i int) int {
	if m.re.bytes || m.s[i-1] < utf8.RuneSelf {
		return i - 1
	}
	_, n := utf8.DecodeLastRuneInString(m.s[:i])
	return i - n
}

// one returns where the character at i ends if in, an instruction for one character, matches it; else -1.
func (m *machine) one(op opcode, in *inst, i int) int {
	if i >= len(m.s) {
		return -1
	}
	r, n := rune(m.s[i]), 1
	if r >= utf8.RuneSelf && !m.re.bytes {
		r, n = decode(m.s[i:], false)
	}
	ok := true
	switch op {
	case opChar:
		ok = r == in.r
	case opFold:
		ok = fold(r, in.ascii) == in.r
	case opSet:
		ok = in.set.has(r)
	}
	if !ok {
		return -1
	}
	return i + n
}

// run runs the program from i and returns the end of the match, -1 if there is none.
func (m *machine) run(start int) (int, error) {
	prog := m.re.prog
	pc, i := 0, start
	for {
		if m.steps++; m.steps >= m.check {
			m.check = m.steps + pollSteps
			if len(m.stack) > maxStack {
				return -1, ErrMemory
			}
			if m.in.Poll != nil {
				if err := m.in.Poll(); err != nil {
					return -1, err
				}
			}
		}
		in := &prog[pc]
		pc++
		ok := true
		switch in.op {
		case opMatch:
			if ok = (m.in.Mode != FullMatch || i == len(m.s)) && !(m.in.NotEmpty && i == m.in.Start); ok {
				return i, nil
			}
		case opChar, opFold, opSet, opAny:
			if j := m.one(in.op, in, i); j >= 0 {
				i = j
			} else {
				ok = false
			}
		case opString:
			if ok = strings.HasPrefix(m.s[i:], in.str); ok {
				i += len(in.str)
			}
		case opAt:
			ok = m.at(in, i)
		case opSave:
			m.set(in.x, i)
			if in.x&1 == 1 && m.last != in.x/2 {
				m.stack = append(m.stack, entry{kind: close_, v: m.last})
				m.last = in.x / 2
			}
		case opJump:
			pc = in.x
		case opSplit:
			m.stack = append(m.stack, entry{kind: int32(in.y), i: i})
			pc = in.x
		case opSome, opPoss:
			least, j := i, 0
			least, j, ok = m.some(in, i)
			if ok {
				if in.op == opSome && j > least {
					m.stack = append(m.stack, entry{kind: fewer, n: int32(pc), i: j, v: least})
				}
				i = j
			}
		case opLazy:
			i, ok = m.lazy(in, pc, i)
		case opInit:
			m.set(in.x, 0)
			m.set(in.x+1, -1)
		case opLoop:
			pc = m.loop(in, pc, i)
		case opMore:
			if ok = (in.hi < 0 || m.regs[in.x] < in.hi) && i != m.regs[in.x+1]; ok {
				m.set(in.x, m.regs[in.x]+1)
				m.set(in.x+1, i)
			}
		case opRef:
			i, ok = m.ref(in, i)
		case opCond:
			if m.regs[2*in.x+1] < 0 {
				pc = in.y
			}
		case opBegin:
			m.set(in.x+1, i)
			m.set(in.x, len(m.stack))
			i, ok = m.stepBack(in.lo, i)
		case opCut:
			m.cut(m.regs[in.x])
			if in.lo > 0 {
				i = m.regs[in.x+1]
			}
		case opNot:
			m.set(in.x, len(m.stack))
			m.stack = append(m.stack, entry{kind: int32(in.y), i: i})
			if i, ok = m.stepBack(in.lo, i); !ok {
				// What can't be before is not there.
				ok, pc, i = true, in.y, m.stack[len(m.stack)-1].i
				m.stack = m.stack[:len(m.stack)-1]
			}
		case opFail:
			m.unwind(m.regs[in.x])
			ok = false
		}
		if !ok {
			if pc, i, ok = m.backtrack(); !ok {
				return -1, nil
			}
		}
	}
}

// backtrack takes the last possibility that is left.
func (m *machine) backtrack() (pc, i int, ok bool) {
	for n := len(m.stack) - 1; n >= 0; n = len(m.stack) - 1 {
		e := &m.stack[n]
		switch e.kind {
		case undo:
			m.regs[e.i] = e.v
		case close_:
			m.last = e.v
		case fewer:
			e.i = m.back(e.i)
			pc, i = int(e.n), e.i
			if e.i <= e.v {
				m.stack = m.stack[:n]
			}
			return pc, i, true
		case longer:
			in := &m.re.prog[e.n-1]
			j := m.one(opcode(in.x), in, e.i)
			if e.v == 0 || j < 0 {
				break
			}
			if e.v > 0 {
				e.v--
			}
			e.i = j
			return int(e.n), j, true
		default:
			pc, i = int(e.kind), e.i
			m.stack = m.stack[:n]
			return pc, i, true
		}
		m.stack = m.stack[:n]
	}
	return 0, 0, false
}

// some matches as many characters as it can, and returns where the fewest and the most end.
func (m *machine) some(in *inst, i int) (least, most int, ok bool) {
	op := opcode(in.x)
	least = i
	for n := 0; in.hi < 0 || n < in.hi; n++ {
		j := m.one(op, in, i)
		if j < 0 {
			if n < in.lo {
				return 0, 0, false
			}
			break
		}
		i = j
		if n < in.lo {
			least = j
		}
		m.steps++
	}
	return least, i, true
}

// lazy matches as few characters as it may.
func (m *machine) lazy(in *inst, pc, i int) (int, bool) {
	for range in.lo {
		if i = m.one(opcode(in.x), in, i); i < 0 {
			return 0, false
		}
	}
	rest := -1
	if in.hi >= 0 {
		rest = in.hi - in.lo
	}
	if rest != 0 {
		m.stack = append(m.stack, entry{kind: longer, n: int32(pc), i: i, v: rest})
	}
	return i, true
}

// loop decides about another round. As in Python a round may match nothing once: then the loop ends.
func (m *machine) loop(in *inst, pc, i int) int {
	count := m.regs[in.x]
	switch {
	case count < in.lo:
		m.set(in.x, count+1)
		return pc + 1
	case in.lazy:
		m.stack = append(m.stack, entry{kind: int32(pc), i: i})
		return in.y
	case (in.hi < 0 || count < in.hi) && i != m.regs[in.x+1]:
		m.stack = append(m.stack, entry{kind: int32(in.y), i: i})
		m.set(in.x, count+1)
		m.set(in.x+1, i)
		return pc + 1
	}
	return in.y
}

func (m *machine) stepBack(n, i int) (int, bool) {
	for range n {
		if i == 0 {
			return 0, false
		}
		i = m.back(i)
	}
	return i, true
}

// cut forgets the possibilities above a height of the stack, but not what has to be restored below.
func (m *machine) cut(height int) {
	kept := m.stack[:height]
	for _, e := range m.stack[height:] {
		if e.kind == undo || e.kind == close_ {
			kept = append(kept, e)
		}
	}
	m.stack = kept
}

// unwind drops all above a height of the stack, and restores what it says.
func (m *machine) unwind(height int) {
	for n := len(m.stack) - 1; n >= height; n-- {
		switch e := m.stack[n]; e.kind {
		case undo:
			m.regs[e.i] = e.v
		case close_:
			m.last = e.v
		}
	}
	m.stack = m.stack[:height]
}

func (m *machine) ref(in *inst, i int) (int, bool) {
	from, to := m.regs[2*in.x], m.regs[2*in.x+1]
	if to < 0 || to < from {
		return 0, false
	}
	text := m.s[from:to]
	if !in.lazy {
		return i + len(text), strings.HasPrefix(m.s[i:], text)
	}
	for len(text) > 0 {
		if i >= len(m.s) {
			return 0, false
		}
		a, n := decode(text, m.re.bytes)
		b, k := decode(m.s[i:], m.re.bytes)
		if fold(a, in.ascii) != fold(b, in.ascii) {
			return 0, false
		}
		text = text[n:]
		i += k
	}
	return i, true
}

func (m *machine) at(in *inst, i int) bool {
	switch in.r {
	case '^', 'A':
		return i == 0 || in.r == '^' && in.multi && m.s[i-1] == '\n'
	case '$':
		if i == len(m.s) || in.multi && m.s[i] == '\n' {
			return true
		}
		return i == len(m.s)-1 && m.s[i] == '\n'
	case 'Z':
		return i == len(m.s)
	}
	before, after := false, false
	if i > 0 {
		r, _ := decode(m.s[m.back(i):], m.re.bytes)
		before = isWord(r, in.ascii)
	}
	if i < len(m.s) {
		r, _ := decode(m.s[i:], m.re.bytes)
		after = isWord(r, in.ascii)
	}
	if in.r == 'B' {
		return before == after && len(m.s) > 0 // as Python up to 3.13: not in an empty subject
	}
	return before != after
}
