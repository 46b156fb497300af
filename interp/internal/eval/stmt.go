package eval

import (
	"fmt"
	"slices"

	"github.com/starmp/starmp/interp/internal/spell"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// block compiles statements. Each is a step.
func (c *compiler) block(list []syntax.Stmt) stmt {
	var ss []stmt
	var ps []pos
	for _, s := range list {
		if f := c.stmt(s); f != nil {
			ss, ps = append(ss, f), append(ps, at(syntax.Start(s)))
		}
	}
	switch len(ss) {
	case 0:
		return func(*frame) control { return ctlNext }
	case 1:
		s, p := ss[0], ps[0]
		return func(fr *frame) control {
			if !fr.step(p) {
				return ctlError
			}
			return s(fr)
		}
	}
	return func(fr *frame) control {
		for i, s := range ss {
			if !fr.step(ps[i]) {
				return ctlError
			}
			if ctl := s(fr); ctl != ctlNext {
				return ctl
			}
		}
		return ctlNext
	}
}

func (c *compiler) stmt(s syntax.Stmt) stmt {
	switch s := s.(type) {
	case *syntax.ExprStmt:
		if literal(s.X) != nil {
			return nil
		}
		x := c.expr(s.X)
		return func(fr *frame) control {
			if x(fr) == nil {
				return ctlError
			}
			return ctlNext
		}
	case *syntax.BranchStmt:
		ctl := ctlNext
		switch s.Token {
		case syntax.BREAK:
			ctl = ctlBreak
		case syntax.CONTINUE:
			ctl = ctlContinue
		default:
			return nil
		}
		return func(*frame) control { return ctl }
	case *syntax.IfStmt:
		cond, t := c.test(s.Cond), c.block(s.True)
		if len(s.False) == 0 {
			return func(fr *frame) control {
				switch cond(fr) {
				case yes:
					return t(fr)
				case no:
					return ctlNext
				}
				return ctlError
			}
		}
		f := c.block(s.False)
		return func(fr *frame) control {
			switch cond(fr) {
			case yes:
				return t(fr)
			case no:
				return f(fr)
			}
			return ctlError
		}
	case *syntax.AssignStmt:
		if s.Op == syntax.EQ {
			return c.assign(s.LHS, c.expr(s.RHS), at(s.OpPos))
		}
		return c.augmented(s)
	case *syntax.DefStmt:
		return c.assign(s.Name, c.makeFunction(s.Function.(*resolve.Function)), at(s.Def))
	case *syntax.ReturnStmt:
		x := constant(starlark.None)
		if s.Result != nil {
			x = c.expr(s.Result)
		}
		return func(fr *frame) control {
			if fr.result = x(fr); fr.result == nil {
				return ctlError
			}
			return ctlReturn
		}
	case *syntax.ForStmt:
		return c.loop(s.X, s.Vars, at(s.For), c.block(s.Body))
	case *syntax.WhileStmt:
		cond, body, p := c.test(s.Cond), c.block(s.Body), at(s.While)
		return func(fr *frame) control {
			for {
				switch cond(fr) {
				case no:
					return ctlNext
				case failed:
					return ctlError
				}
				switch ctl := body(fr); ctl {
				case ctlBreak:
					return ctlNext
				case ctlReturn, ctlError:
					return ctl
				}
				if !fr.step(p) {
					return ctlError
				}
			}
		}
	case *syntax.LoadStmt:
		return c.load(s)
	}
	panic(fmt.Sprintf("unexpected statement %T", s))
}

// load compiles a load statement.
func (c *compiler) load(s *syntax.LoadStmt) stmt {
	module, p := s.Module.Value.(string), at(s.Load)
	stores := make([]store, len(s.To))
	for i, id := range s.To {
		stores[i] = c.store(id, p)
	}
	return func(fr *frame) control {
		fr.at = p
		thread := fr.th.thread
		if thread.Load == nil {
			fr.fail(p, fmt.Errorf("load not implemented by this application"))
			return ctlError
		}
		dict, err := thread.Load(thread, module)
		if err != nil {
			fr.fail(p, fmt.Errorf("cannot load %s: %w", module, err))
			return ctlError
		}
		for i, from := range s.From {
			v, ok := dict[from.Name]
			if !ok {
				err := fmt.Errorf("load: name %s not found in module %s", from.Name, module)
				if hint := spell.Nearest(from.Name, slices.Values(dict.Keys())); hint != "" {
					err = fmt.Errorf("%s (did you mean %s?)", err, hint)
				}
				fr.fail(p, err)
				return ctlError
			}
			stores[i](fr, v)
		}
		return ctlNext
	}
}

// done is the end of a statement at p.
func (fr *frame) done(p pos) control {
	if fr.th.urgent && !fr.look(p) {
		return ctlError
	}
	return ctlNext
}
