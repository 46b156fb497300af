package ship

import (
	"bytes"
	"sort"
	"unicode/utf8"

	"go.starlark.net/resolve"
	"go.starlark.net/syntax"
)

// Def is a def statement or lambda expression of a module, and what its function reads.
type Def struct {
	Name       string // "lambda" for a lambda expression
	Lambda     bool
	Line, Col  int32    // of its def or lambda token
	Start, End int      // its text is Text[Start:End] of the module
	Params     int      // number of parameters, *args and **kwargs included
	Defaults   []string // parameters with a default value
	Free       []string // variables of enclosing functions that it or a nested function reads
	Globals    []string // globals of the module that it or a nested function reads
	Outer      []string // names that the module doesn't define, such as built-ins
}

// point is a position in a file. syntax.Position has a pointer to the file's name, which makes equal ones differ.
type point struct{ line, col int32 }

// Def returns the definition at a position, nil if there is none. The first call parses the module, unless it was given
// its tree.
func (m *Module) Def(line, col int32) (*Def, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.openLocked(); err != nil {
		return nil, err
	}
	at := point{line, col}
	if d := m.defs[at]; d != nil {
		return d, nil
	}
	// Long modules have many statements, so only the one that the position is in is searched.
	stmts := m.tree.Stmts
	i := sort.Search(len(stmts), func(i int) bool { return at.before(syntax.Start(stmts[i])) }) - 1
	if i >= 0 && !m.done[i] {
		m.done[i] = true
		end := len(m.Text)
		if i+1 < len(stmts) {
			end = m.offset(syntax.Start(stmts[i+1]))
		}
		m.stmtsLocked(stmts[i:i+1], end)
	}
	return m.defs[at], nil
}

// openLocked gets the tree. m.mu must be held.
func (m *Module) openLocked() error {
	if m.defs != nil || m.err != nil {
		return m.err
	}
	if m.tree == nil {
		f, err := Options.Parse(m.File, m.Text, 0)
		if err == nil {
			// Which of the names that the module doesn't define exist is the business of the process that runs the function.
			outer := func(string) bool { return true }
			err = resolve.File(f, outer, outer)
		}
		if err != nil {
			m.err = err
			return err
		}
		m.tree = f
	}
	m.lines = lineStarts(m.Text)
	m.defs = map[point]*Def{}
	m.done = make([]bool, len(m.tree.Stmts))
	return nil
}

func (p point) before(q syntax.Position) bool {
	return p.line < q.Line || p.line == q.Line && p.col < q.Col
}

// stmtsLocked finds the definitions in a block whose text ends at or before end.
func (m *Module) stmtsLocked(stmts []syntax.Stmt, end int) {
	for i, stmt := range stmts {
		limit := end
		if i+1 < len(stmts) {
			limit = m.offset(syntax.Start(stmts[i+1]))
		}
		switch stmt := stmt.(type) {
		case *syntax.DefStmt:
			for _, p := range stmt.Params {
				m.lambdasLocked(p)
			}
			m.addLocked(stmt.Function.(*resolve.Function), false, limit)
			m.stmtsLocked(stmt.Body, limit)
		case *syntax.IfStmt:
			m.lambdasLocked(stmt.Cond)
			if len(stmt.False) > 0 {
				m.stmtsLocked(stmt.True, m.offset(stmt.ElsePos))
			} else {
				m.stmtsLocked(stmt.True, limit)
			}
			m.stmtsLocked(stmt.False, limit)
		case *syntax.ForStmt:
			m.lambdasLocked(stmt.Vars)
			m.lambdasLocked(stmt.X)
			m.stmtsLocked(stmt.Body, limit)
		case *syntax.WhileStmt:
			m.lambdasLocked(stmt.Cond)
			m.stmtsLocked(stmt.Body, limit)
		default:
			m.lambdasLocked(stmt)
		}
	}
}

// lambdasLocked finds the lambda expressions in n.
func (m *Module) lambdasLocked(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		if l, ok := n.(*syntax.LambdaExpr); ok {
			m.addLocked(l.Function.(*resolve.Function), true, m.offset(end(l.Body)))
		}
		return true
	})
}

func (m *Module) addLocked(f *resolve.Function, lambda bool, end int) {
	start := m.offset(f.Pos)
	d := &Def{
		Name: f.Name, Lambda: lambda, Line: f.Pos.Line, Col: f.Pos.Col,
		Start: start, End: start + len(bytes.TrimRight(m.Text[start:end], " \t\r\n")), Params: len(f.Params),
	}
	for _, p := range f.Params {
		switch p := p.(type) {
		case *syntax.BinaryExpr:
			d.Defaults = append(d.Defaults, p.X.(*syntax.Ident).Name)
		case *syntax.UnaryExpr:
			if p.X == nil {
				d.Params-- // the * before keyword-only parameters
			}
		}
	}
	for _, v := range f.FreeVars {
		d.Free = append(d.Free, v.First.Name)
	}
	d.reads(f)
	m.defs[point{d.Line, d.Col}] = d
}

// reads records the names that f reads and that are not local to it or a function around it. The defaults of its own
// parameters are no part of that: they have been evaluated.
func (d *Def) reads(f *resolve.Function) {
	seen := map[string]bool{}
	for _, stmt := range f.Body {
		syntax.Walk(stmt, func(n syntax.Node) bool {
			id, ok := n.(*syntax.Ident)
			if !ok || seen[id.Name] {
				return true
			}
			b, ok := id.Binding.(*resolve.Binding)
			if !ok {
				return true // an attribute, or the name of a keyword argument
			}
			switch b.Scope {
			case resolve.Global:
				d.Globals = append(d.Globals, id.Name)
			case resolve.Predeclared, resolve.Universal:
				d.Outer = append(d.Outer, id.Name)
			default:
				return true
			}
			seen[id.Name] = true
			return true
		})
	}
}

// end returns where an expression ends. The Span methods of some nodes leave out their closing bracket.
func end(x syntax.Expr) syntax.Position {
	switch x := x.(type) {
	case *syntax.IndexExpr:
		return after(x.Rbrack)
	case *syntax.SliceExpr:
		return after(x.Rbrack)
	case *syntax.TupleExpr:
		if x.Lparen.IsValid() {
			return after(x.Rparen)
		}
	case *syntax.UnaryExpr:
		return end(x.X)
	case *syntax.BinaryExpr:
		return end(x.Y)
	case *syntax.CondExpr:
		return end(x.False)
	case *syntax.LambdaExpr:
		return end(x.Body)
	}
	return syntax.End(x)
}

// after returns the position after the bracket at p.
func after(p syntax.Position) syntax.Position {
	p.Col++
	return p
}

// offset returns where p is in the text. Columns count characters.
func (m *Module) offset(p syntax.Position) int {
	if int(p.Line) > len(m.lines) {
		return len(m.Text)
	}
	at := m.lines[p.Line-1]
	for col := p.Col; col > 1 && at < len(m.Text); col-- {
		_, size := utf8.DecodeRune(m.Text[at:])
		at += size
	}
	return at
}

// lineStarts returns the offset of each line. Lines end in \n, \r\n or \r, as the scanner has it.
func lineStarts(text []byte) []int {
	starts := make([]int, 1, 64)
	mac := bytes.IndexByte(text, '\r') >= 0
	for i := 0; i < len(text); {
		n := bytes.IndexByte(text[i:], '\n') + 1
		if n == 0 {
			n = len(text) - i
		}
		if mac {
			for j, c := range text[i : i+n] {
				if next := i + j + 1; c == '\r' && (next == len(text) || text[next] != '\n') {
					starts = append(starts, next)
				}
			}
		}
		i += n
		if text[i-1] == '\n' {
			starts = append(starts, i)
		}
	}
	return starts
}
