package stdlib

import (
	"slices"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// logger is logging.Logger.
type logger struct {
	logs      *logs
	name      string
	level     int
	handlers  []*Instance
	filters   []starlark.Value
	propagate bool
	disabled  bool
}

var _ starlark.HasSetField = (*logger)(nil)

func (g *logger) Type() string {
	if g == g.logs.root {
		return "RootLogger"
	}
	return "Logger"
}
func (g *logger) String() string {
	return "<" + g.Type() + " " + g.name + " (" + g.logs.levelName(g.effective()) + ")>"
}
func (g *logger) Truth() starlark.Bool  { return true }
func (g *logger) Freeze()               {} // what it logs is no change of a value
func (g *logger) Hash() (uint32, error) { return pointerHash(g), nil }

// parent is the nearest logger above that exists, nil for the root.
func (g *logger) parent() *logger {
	if g == g.logs.root {
		return nil
	}
	for name := g.name; ; {
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			return g.logs.root
		}
		name = name[:i]
		if p := g.logs.loggers[name]; p != nil {
			return p
		}
	}
}

func (g *logger) effective() int {
	for p := g; p != nil; p = p.parent() {
		if p.level != 0 {
			return p.level
		}
	}
	return 0
}

func (g *logger) enabled(level int) bool {
	return !g.disabled && level > g.logs.disabled && level >= g.effective()
}

// call is debug, info and so on, and log(level, msg, ...).
func (g *logger) call(thread *starlark.Thread, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	level := map[string]int{"debug": 10, "info": 20, "warning": 30, "warn": 30, "error": 40, "exception": 40, "critical": 50, "fatal": 50}[name]
	if name == "log" {
		if len(args) == 0 {
			return nil, wire.Errorf("TypeError", "log() missing 2 required positional arguments: 'level' and 'msg'")
		}
		if _, ok := args[0].(starlark.Int); !ok {
			return nil, wire.Errorf("TypeError", "level must be an integer")
		}
		level, _ = starlark.AsInt32(args[0])
		args = args[1:]
	}
	if len(args) == 0 {
		return nil, wire.Errorf("TypeError", "%s() missing 1 required positional argument: 'msg'", name)
	}
	var exc, extra, ignored starlark.Value = starlark.None, starlark.None, nil
	if err := bind(name, nil, kwargs, "*", "exc_info?", &exc, "extra?", &extra, "stack_info?", &ignored, "stacklevel?", &ignored); err != nil {
		return nil, err
	}
	if !g.enabled(level) {
		return starlark.None, nil
	}
	x, err := g.logs.newRecord(thread, g.name, level, args[0], args[1:], exc, extra)
	if err != nil {
		return nil, err
	}
	return starlark.None, g.handle(thread, x)
}

// handle gives a record to the handlers of the logger and of those above it.
func (g *logger) handle(thread *starlark.Thread, x *Instance) error {
	ok, err := g.logs.passes(thread, g.filters, x)
	if !ok || err != nil {
		return err
	}
	level, _ := starlark.AsInt32(orNil(x.own("levelno")))
	found := false
	for p := g; p != nil; p = p.parent() {
		for _, h := range slices.Clone(p.handlers) {
			found = true
			own, _ := starlark.AsInt32(orNil(h.own("level")))
			if level >= own {
				if _, err := g.logs.lib.callAttr(thread, h, "handle", x); err != nil {
					return err
				}
			}
		}
		if !p.propagate {
			break
		}
	}
	if !found && level >= 30 {
		_, err = g.logs.lib.callAttr(thread, g.logs.last, "handle", x)
	}
	return err
}

// passes asks filters, which are functions or have a method filter.
func (s *logs) passes(thread *starlark.Thread, filters []starlark.Value, x *Instance) (bool, error) {
	for _, f := range filters {
		call, found, _, err := s.lib.attribute(f, "filter")
		if err != nil {
			return false, err
		}
		if !found {
			call = f
		}
		v, err := s.lib.callFunction(thread, call, starlark.Tuple{x})
		if err != nil || !bool(v.Truth()) {
			return false, err
		}
	}
	return true, nil
}

// Attr implements starlark.HasAttrs.
func (g *logger) Attr(name string) (starlark.Value, error) {
	switch name {
	case "name":
		return starlark.String(g.name), nil
	case "level":
		return starlark.MakeInt(g.level), nil
	case "propagate":
		return starlark.Bool(g.propagate), nil
	case "disabled":
		return starlark.Bool(g.disabled), nil
	case "parent":
		if p := g.parent(); p != nil {
			return p, nil
		}
		return starlark.None, nil
	case "handlers":
		list := make([]starlark.Value, len(g.handlers))
		for i, h := range g.handlers {
			list[i] = h
		}
		return starlark.NewList(list), nil
	case "filters":
		return starlark.NewList(slices.Clone(g.filters)), nil
	}
	return loggerMethods().bound(g, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (g *logger) AttrNames() []string {
	return append([]string{"disabled", "filters", "handlers", "level", "name", "parent", "propagate"}, loggerMethods().names()...)
}

// SetField sets propagate, disabled or level.
func (g *logger) SetField(name string, v starlark.Value) (err error) {
	switch name {
	case "propagate":
		g.propagate = bool(v.Truth())
	case "disabled":
		g.disabled = bool(v.Truth())
	case "level":
		g.level, err = g.logs.level(v)
	case "handlers":
		all, err := g.logs.lib.drain(g.logs.lib.cfg.Current(), v)
		if err != nil {
			return err
		}
		g.handlers = nil
		for _, h := range all {
			if x, ok := h.(*Instance); ok {
				g.handlers = append(g.handlers, x)
			}
		}
	default:
		return noAttr(g, name)
	}
	return err
}

var loggerTable methodTable

func loggerMethods() *methodTable { return loggerTable.fill(loggerFunctions) }

func loggerFunctions() map[string]goFunc {
	m := map[string]goFunc{}
	for _, name := range []string{"debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"} {
		m[name] = method(func(g *logger, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return g.call(thread, name, args, kwargs)
		})
	}
	one := func(name string, f func(g *logger, thread *starlark.Thread, v starlark.Value) (starlark.Value, error)) {
		m[name] = method(func(g *logger, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			return f(g, thread, args[0])
		})
	}
	one("setLevel", func(g *logger, _ *starlark.Thread, v starlark.Value) (_ starlark.Value, err error) {
		g.level, err = g.logs.level(v)
		return starlark.None, err
	})
	one("isEnabledFor", func(g *logger, _ *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		n, err := g.logs.level(v)
		return starlark.Bool(g.enabled(n)), err
	})
	one("getChild", func(g *logger, _ *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		name, ok := starlark.AsString(v)
		if !ok {
			return nil, wire.Errorf("TypeError", "A logger name must be a string")
		}
		if g != g.logs.root {
			name = g.name + "." + name
		}
		return g.logs.named(name), nil
	})
	one("addHandler", func(g *logger, _ *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		h, ok := v.(*Instance)
		if !ok {
			return nil, wire.Errorf("TypeError", "a handler is needed, not %s", pyType(v))
		}
		if !slices.Contains(g.handlers, h) {
			g.handlers = append(g.handlers, h)
		}
		return starlark.None, nil
	})
	one("removeHandler", func(g *logger, _ *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		g.handlers = slices.DeleteFunc(slices.Clone(g.handlers), func(h *Instance) bool { return h == v })
		return starlark.None, nil
	})
	one("addFilter", func(g *logger, _ *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		g.filters = append(g.filters, v)
		return starlark.None, nil
	})
	one("removeFilter", func(g *logger, _ *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		g.filters = slices.DeleteFunc(slices.Clone(g.filters), func(f starlark.Value) bool { return f == v })
		return starlark.None, nil
	})
	one("handle", func(g *logger, thread *starlark.Thread, v starlark.Value) (starlark.Value, error) {
		x, ok := v.(*Instance)
		if !ok {
			return nil, wire.Errorf("TypeError", "a LogRecord is needed, not %s", pyType(v))
		}
		return starlark.None, g.handle(thread, x)
	})
	m["getEffectiveLevel"] = method(func(g *logger, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.MakeInt(g.effective()), argCount("getEffectiveLevel", args, kwargs, 0, 0)
	})
	m["hasHandlers"] = method(func(g *logger, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		for p := g; p != nil; p = p.parent() {
			if len(p.handlers) > 0 {
				return starlark.True, nil
			}
			if !p.propagate {
				break
			}
		}
		return starlark.False, argCount("hasHandlers", args, kwargs, 0, 0)
	})
	return m
}
