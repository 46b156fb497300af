package stdlib

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// newRecord makes a LogRecord of a call.
func (s *logs) newRecord(thread *starlark.Thread, name string, level int, msg starlark.Value, args starlark.Tuple, exc, extra starlark.Value) (*Instance, error) {
	x := &Instance{cls: s.record}
	now, err := now(s.lib.cfg.Current())
	if err != nil {
		return nil, err
	}
	file, line, fn := "", 0, ""
	if thread != nil {
		fr := s.lib.cfg.Caller(thread)
		file, line, fn = fr.Pos.Filename(), int(fr.Pos.Line), fr.Name
	}
	if fn == "<toplevel>" {
		fn = "<module>"
	}
	process := "MainProcess"
	if s.lib.cfg.ProcessName != nil {
		process = s.lib.cfg.ProcessName()
	}
	base := filepath.Base(file)
	list := starlark.Value(args)
	if len(args) == 1 {
		if m, ok := args[0].(starlark.Mapping); ok && bool(m.Truth()) {
			list = m
		}
	}
	info := starlark.Value(starlark.None)
	if e, ok := exc.(*Instance); ok {
		info = e
	}
	for _, a := range []attr{
		{"name", starlark.String(name)}, {"msg", msg}, {"args", list}, {"levelname", starlark.String(s.levelName(level))}, {"levelno", starlark.MakeInt(level)},
		{"pathname", starlark.String(file)}, {"filename", starlark.String(base)}, {"module", starlark.String(strings.TrimSuffix(base, filepath.Ext(base)))},
		{"exc_info", info}, {"exc_text", starlark.None}, {"stack_info", starlark.None}, {"lineno", starlark.MakeInt(line)}, {"funcName", starlark.String(fn)},
		{"created", starlark.Float(float64(now.UnixNano()) / 1e9)}, {"msecs", starlark.Float(now.Nanosecond() / 1e6)},
		{"relativeCreated", starlark.Float(float64(now.Sub(s.started)) / 1e6)}, {"thread", starlark.MakeInt(1)}, {"threadName", starlark.String("MainThread")},
		{"processName", starlark.String(process)}, {"process", starlark.MakeInt(s.lib.cfg.Getpid())},
	} {
		x.attrs.set(a.name, a.value)
	}
	if m, ok := extra.(starlark.IterableMapping); ok {
		for _, kv := range m.Items() {
			key, _ := starlark.AsString(kv[0])
			if key == "message" || key == "asctime" || x.own(key) != nil {
				return nil, &noKey{starlark.String(fmt.Sprintf("Attempt to overwrite %s in LogRecord", pyQuote(key)))}
			}
			x.attrs.set(key, kv[1])
		}
	}
	return x, nil
}

// message is msg % args.
func (s *logs) message(x *Instance) (string, error) {
	text, err := s.lib.str(orNil(x.own("msg")))
	if err != nil {
		return "", err
	}
	args := orNil(x.own("args"))
	if t, ok := args.(starlark.Tuple); ok && len(t) == 0 || args == starlark.None {
		return text, nil
	}
	return s.lib.percentFormat(text, args)
}

type loggingMethod = func(thread *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

// makeClasses makes the classes that scripts may derive from.
func (s *logs) makeClasses() {
	l := s.lib
	class := func(name string, base *Class, methods map[string]loggingMethod) *Class {
		var bases []*Class
		if base != nil {
			bases = []*Class{base}
		}
		c, _ := l.newClass(name, "logging", bases) // one base: can't fail
		c.native = true
		for name, f := range methods {
			c.addMethod(name, f)
		}
		return c
	}
	none := func(*starlark.Thread, *Instance, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
		return starlark.None, nil
	}
	s.record = class("LogRecord", nil, map[string]loggingMethod{
		"__init__": s.recordInit,
		"getMessage": func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			text, err := s.message(x)
			return starlark.String(text), err
		},
		"__repr__": func(_ *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			part := func(name string) string { t, _ := l.str(orNil(x.own(name))); return t }
			return starlark.String(fmt.Sprintf(`<LogRecord: %s, %s, %s, %s, "%s">`, part("name"), part("levelno"), part("pathname"), part("lineno"), part("msg"))), nil
		},
	})
	s.formatter = class("Formatter", nil, map[string]loggingMethod{
		"__init__": s.formatterInit, "format": s.format, "formatTime": s.formatTime,
		"formatMessage": func(_ *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			r, err := recordArg("formatMessage", args)
			if err != nil {
				return nil, err
			}
			text, err := s.fill(x, r)
			return starlark.String(text), err
		},
		"formatException": func(_ *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			if len(args) == 1 {
				if e, ok := args[0].(*Instance); ok && e.exc != nil {
					return starlark.String(strings.TrimSuffix(l.full(e), "\n")), nil
				}
			}
			return nil, wire.Errorf("TypeError", "formatException() needs an exception")
		},
	})
	s.filterClass = class("Filter", nil, map[string]loggingMethod{
		"__init__": func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			name := ""
			err := bind("Filter.__init__", args, kwargs, "name?", &name)
			x.attrs.set("name", starlark.String(name))
			return starlark.None, err
		},
		"filter": func(_ *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			r, err := recordArg("filter", args)
			if err != nil {
				return nil, err
			}
			own, _ := starlark.AsString(orNil(x.own("name")))
			name, _ := starlark.AsString(orNil(r.own("name")))
			return starlark.Bool(own == "" || name == own || strings.HasPrefix(name, own+".")), nil
		},
	})
	s.handler = class("Handler", nil, s.handlerMethods(none))
	s.stream = class("StreamHandler", s.handler, map[string]loggingMethod{
		"__init__": s.streamInit, "emit": s.emit, "flush": s.flush,
		"setStream": func(_ *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			if len(args) != 1 {
				return nil, wire.Errorf("TypeError", "setStream() takes 2 positional arguments but %d were given", len(args)+1)
			}
			old := orNil(x.own("stream"))
			x.attrs.set("stream", args[0])
			return old, nil
		},
	})
	s.file = class("FileHandler", s.stream, map[string]loggingMethod{"__init__": s.fileInit,
		"close": func(thread *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			if f, ok := x.own("stream").(*File); ok {
				return starlark.None, f.close()
			}
			return starlark.None, nil
		}})
	s.null = class("NullHandler", s.handler, map[string]loggingMethod{"emit": none, "handle": none})
	s.last = &Instance{cls: s.stream}
	s.initHandler(s.last, 30)
	s.last.attrs.set("stream", l.std().err)
}

func recordArg(name string, args starlark.Tuple) (*Instance, error) {
	if len(args) >= 1 {
		if r, ok := args[0].(*Instance); ok {
			return r, nil
		}
	}
	return nil, wire.Errorf("TypeError", "%s() needs a LogRecord", name)
}

func (s *logs) recordInit(thread *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name, path string
	var level, line int
	var msg, list, exc, ignored starlark.Value = nil, starlark.Tuple{}, starlark.None, nil
	if err := bind("LogRecord.__init__", args, kwargs, "name", &name, "level", &level, "pathname", &path, "lineno", &line, "msg", &msg, "args", &list,
		"exc_info", &exc, "func?", &ignored, "sinfo?", &ignored); err != nil {
		return nil, err
	}
	t, _ := list.(starlark.Tuple)
	r, err := s.newRecord(nil, name, level, msg, t, exc, starlark.None)
	if err != nil {
		return nil, err
	}
	x.attrs = r.attrs
	base := filepath.Base(path)
	x.attrs.set("pathname", starlark.String(path))
	x.attrs.set("filename", starlark.String(base))
	x.attrs.set("module", starlark.String(strings.TrimSuffix(base, filepath.Ext(base))))
	x.attrs.set("lineno", starlark.MakeInt(line))
	return starlark.None, nil
}

func (s *logs) initHandler(x *Instance, level int) {
	x.attrs.set("level", starlark.MakeInt(level))
	x.attrs.set("formatter", starlark.None)
	x.attrs.set("filters", starlark.NewList(nil))
	x.attrs.set("name", starlark.None)
}

func (s *logs) handlerMethods(none loggingMethod) map[string]loggingMethod {
	l := s.lib
	return map[string]loggingMethod{
		"__init__": func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var level starlark.Value = starlark.MakeInt(0)
			if err := bind("Handler.__init__", args, kwargs, "level?", &level); err != nil {
				return nil, err
			}
			n, err := s.level(level)
			s.initHandler(x, n)
			return starlark.None, err
		},
		"setLevel": func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var level starlark.Value
			if err := bind("setLevel", args, kwargs, "level", &level); err != nil {
				return nil, err
			}
			n, err := s.level(level)
			x.attrs.set("level", starlark.MakeInt(n))
			return starlark.None, err
		},
		"setFormatter": func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var f starlark.Value
			err := bind("setFormatter", args, kwargs, "fmt", &f)
			x.attrs.set("formatter", orNil(f))
			return starlark.None, err
		},
		"addFilter": func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount("addFilter", args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			return starlark.None, x.own("filters").(*starlark.List).Append(args[0])
		},
		"removeFilter": func(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount("removeFilter", args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			rest := slices.DeleteFunc(elements(x.own("filters").(*starlark.List)), func(v starlark.Value) bool { return v == args[0] })
			x.attrs.set("filters", starlark.NewList(rest))
			return starlark.None, nil
		},
		"format": func(thread *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			if f := orNil(x.own("formatter")); f != starlark.None {
				return l.callAttr(thread, f, "format", args...)
			}
			plain := &Instance{cls: s.formatter}
			if _, err := s.formatterInit(thread, plain, nil, nil); err != nil {
				return nil, err
			}
			return s.format(thread, plain, args, nil)
		},
		"handle": func(thread *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			r, err := recordArg("handle", args)
			if err != nil {
				return nil, err
			}
			var filters []starlark.Value
			if list, ok := x.own("filters").(*starlark.List); ok {
				filters = elements(list)
			}
			ok, err := s.passes(thread, filters, r)
			if err != nil || !ok {
				return starlark.Bool(ok), err
			}
			_, err = l.callAttr(thread, x, "emit", r)
			return r, err
		},
		"emit": func(*starlark.Thread, *Instance, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			return nil, wire.Errorf("NotImplementedError", "emit must be implemented by Handler subclasses")
		},
		"flush": none, "close": none, "acquire": none, "release": none,
	}
}

func (s *logs) streamInit(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var stream starlark.Value = starlark.None
	if err := bind("StreamHandler.__init__", args, kwargs, "stream?", &stream); err != nil {
		return nil, err
	}
	s.initHandler(x, 0)
	if stream == starlark.None {
		stream = s.lib.std().err
	}
	x.attrs.set("stream", stream)
	return starlark.None, nil
}

// fileInit is FileHandler(filename, mode="a", encoding=None, delay=False). The file is opened at once.
func (s *logs) fileInit(thread *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name, ignored starlark.Value
	var encoding, errors starlark.Value = starlark.None, starlark.None
	mode := "a"
	if err := bind("FileHandler.__init__", args, kwargs, "filename", &name, "mode?", &mode, "encoding?", &encoding, "delay?", &ignored, "errors?", &errors); err != nil {
		return nil, err
	}
	f, err := s.lib.builtinOpen(thread, nil, starlark.Tuple{name, starlark.String(mode)},
		[]starlark.Tuple{{starlark.String("encoding"), encoding}, {starlark.String("errors"), errors}})
	if err != nil {
		return nil, err
	}
	s.initHandler(x, 0)
	path, _ := pathArg(name)
	abs, _ := filepath.Abs(path)
	x.attrs.set("baseFilename", starlark.String(abs))
	x.attrs.set("stream", f)
	return starlark.None, nil
}

// emit writes a record with one write, so that lines of several processes don't mix. An error goes to standard error, as in
// Python: logging is no reason for a program to fail.
func (s *logs) emit(thread *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	v, err := s.lib.callAttr(thread, x, "format", args...)
	var text string
	if err == nil {
		text, err = s.lib.str(v)
	}
	if err == nil {
		_, err = s.lib.callAttr(thread, orNil(x.own("stream")), "write", starlark.String(text+"\n"))
	}
	if err != nil {
		if exc, caught := s.lib.catch(err); caught {
			return starlark.None, s.lib.std().err.writeString(thread, "--- Logging error ---\n"+s.lib.full(exc))
		}
	}
	return starlark.None, err
}

func (s *logs) flush(thread *starlark.Thread, x *Instance, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	stream := orNil(x.own("stream"))
	if _, found, _, err := s.lib.attribute(stream, "flush"); err != nil || !found {
		return starlark.None, err
	}
	_, err := s.lib.callAttr(thread, stream, "flush")
	return starlark.None, err
}
