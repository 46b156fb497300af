package stdlib

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// loggingModule makes the members of the module logging. https://docs.python.org/3/library/logging.html
// Each process has loggers of its own: handlers and levels do not travel, and a logger that is sent arrives as the receiver's of that name.
// A call with exc_info takes an exception: there is no exception that is being handled.
func (l *Lib) loggingModule() starlark.StringDict {
	s := &logs{lib: l, levels: map[int]string{0: "NOTSET", 10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"},
		loggers: map[string]*logger{}}
	s.root = &logger{logs: s, name: "root", level: 30, propagate: true}
	s.started, _ = now(l.cfg.Current())
	l.logs = s
	l.Module("sys").(*Module).ModuleMembers() // whose streams handlers have, and are sent by name
	s.makeClasses()
	members := functions(map[string]goFunc{
		"getLogger": s.getLogger, "basicConfig": s.basicConfig, "disable": s.disable, "addLevelName": s.addLevelName,
		"getLevelName": s.getLevelName, "getLevelNamesMapping": s.levelNames, "shutdown": s.shutdown,
		"getLoggerClass": func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			return l.Module("logging").(*Module).ModuleMembers()["Logger"], nil
		},
	})
	for _, name := range []string{"debug", "info", "warning", "error", "critical", "exception", "log"} {
		members[name] = starlark.NewBuiltin(name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if len(s.root.handlers) == 0 {
				if _, err := s.basicConfig(thread, b, nil, nil); err != nil {
					return nil, err
				}
			}
			return s.root.call(thread, name, args, kwargs)
		})
	}
	for n, name := range s.levels {
		members[name] = starlark.MakeInt(n)
	}
	members["WARN"], members["FATAL"] = members["WARNING"], members["CRITICAL"]
	members["root"] = s.root
	members["Logger"] = &nativeType{module: "logging", name: "Logger", methods: loggerMethods,
		is: func(v starlark.Value) bool { _, ok := v.(*logger); return ok },
		make: func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var name string
			var level starlark.Value = starlark.MakeInt(0)
			if err := bind("Logger.__init__", args, kwargs, "name", &name, "level?", &level); err != nil {
				return nil, err
			}
			n, err := s.level(level)
			return &logger{logs: s, name: name, level: n, propagate: true}, err
		}}
	for _, c := range []*Class{s.record, s.formatter, s.filterClass, s.handler, s.stream, s.file, s.null} {
		members[c.name] = c
	}
	members["lastResort"] = s.last
	return members
}

// logs is the state of logging in this process.
type logs struct {
	lib      *Lib
	started  time.Time
	levels   map[int]string
	root     *logger
	loggers  map[string]*logger
	disabled int
	last     *Instance // handles what no handler does

	record, formatter, filterClass, handler, stream, file, null *Class
}

// level takes a number or a name.
func (s *logs) level(v starlark.Value) (int, error) {
	if name, ok := starlark.AsString(v); ok {
		switch name {
		case "WARN":
			return 30, nil
		case "FATAL":
			return 50, nil
		}
		for n, known := range s.levels {
			if known == name {
				return n, nil
			}
		}
		return 0, wire.Errorf("ValueError", "Unknown level: %s", pyQuote(name))
	}
	if _, isInt := v.(starlark.Int); !isInt {
		return 0, wire.Errorf("TypeError", "Level not an integer or a valid string: %s", v)
	}
	return toIndex(v)
}

func (s *logs) levelName(n int) string {
	if name, ok := s.levels[n]; ok {
		return name
	}
	return "Level " + strconv.Itoa(n)
}

func (s *logs) getLevelName(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value
	if err := bind("getLevelName", args, kwargs, "level", &v); err != nil {
		return nil, err
	}
	if name, ok := starlark.AsString(v); ok {
		if n, err := s.level(v); err == nil {
			return starlark.MakeInt(n), nil
		}
		return starlark.String("Level " + name), nil
	}
	n, err := toIndex(v)
	return starlark.String(s.levelName(n)), err
}

func (s *logs) levelNames(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d := new(starlark.Dict)
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(s.levels))) {
		_ = d.SetKey(starlark.String(s.levels[n]), starlark.MakeInt(n))
	}
	return d, argCount("getLevelNamesMapping", args, kwargs, 0, 0)
}

func (s *logs) addLevelName(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var n int
	var name string
	if err := bind("addLevelName", args, kwargs, "level", &n, "levelName", &name); err != nil {
		return nil, err
	}
	s.levels[n] = name
	return starlark.None, nil
}

func (s *logs) disable(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value = starlark.MakeInt(50)
	if err := bind("disable", args, kwargs, "level?", &v); err != nil {
		return nil, err
	}
	n, err := s.level(v)
	s.disabled = n
	return starlark.None, err
}

// shutdown closes the files of all handlers.
func (s *logs) shutdown(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	for _, g := range append(slices.Collect(maps.Values(s.loggers)), s.root) {
		for _, h := range g.handlers {
			if _, err := s.lib.callAttr(thread, h, "close"); err != nil {
				return nil, err
			}
		}
	}
	return starlark.None, argCount("shutdown", args, kwargs, 0, 0)
}

// getLogger is getLogger(name=None). The logger "multiprocessing" is multiprocessing.get_logger()'s.
func (s *logs) getLogger(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value = starlark.None
	if err := bind("getLogger", args, kwargs, "name?", &v); err != nil {
		return nil, err
	}
	if v == starlark.None {
		return s.root, nil
	}
	name, ok := starlark.AsString(v)
	if !ok {
		return nil, wire.Errorf("TypeError", "A logger name must be a string")
	}
	if name == "multiprocessing" && s.lib.cfg.Logger != nil {
		return s.lib.cfg.Logger(), nil
	}
	return s.named(name), nil
}

func (s *logs) named(name string) *logger {
	if name == "" || name == "root" {
		return s.root
	}
	g := s.loggers[name]
	if g == nil {
		g = &logger{logs: s, name: name, propagate: true}
		s.loggers[name] = g
	}
	return g
}

// basicConfig is basicConfig(*, filename, filemode, format, datefmt, style, level, stream, handlers, force).
func (s *logs) basicConfig(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var filename, format, datefmt, level, stream, handlers, encoding starlark.Value
	mode, style, force := "a", "%", false
	err := bind("basicConfig", args, kwargs, "*", "filename?", &filename, "filemode?", &mode, "format?", &format, "datefmt?", &datefmt, "style?", &style,
		"level?", &level, "stream?", &stream, "handlers?", &handlers, "force?", &force, "encoding?", &encoding, "errors?", new(starlark.Value))
	if err != nil {
		return nil, err
	}
	if force {
		for _, h := range s.root.handlers {
			if _, err := s.lib.callAttr(thread, h, "close"); err != nil {
				return nil, err
			}
		}
		s.root.handlers = nil
	}
	if len(s.root.handlers) > 0 {
		return starlark.None, nil
	}
	var all []starlark.Value
	switch {
	case handlers != nil && (stream != nil || filename != nil):
		return nil, wire.Errorf("ValueError", "'stream' or 'filename' should not be specified together with 'handlers'")
	case stream != nil && filename != nil:
		return nil, wire.Errorf("ValueError", "'stream' and 'filename' should not be specified together")
	case handlers != nil:
		if all, err = s.lib.drain(thread, handlers); err != nil {
			return nil, err
		}
	case filename != nil:
		h, err := s.lib.cfg.Call(thread, s.file, starlark.Tuple{filename, starlark.String(mode)}, nil)
		if err != nil {
			return nil, err
		}
		all = []starlark.Value{h}
	default:
		h, err := s.lib.cfg.Call(thread, s.stream, starlark.Tuple{orNil(stream)}, nil)
		if err != nil {
			return nil, err
		}
		all = []starlark.Value{h}
	}
	if format == nil {
		format = starlark.String(map[string]string{"%": "%(levelname)s:%(name)s:%(message)s", "{": "{levelname}:{name}:{message}", "$": "${levelname}:${name}:${message}"}[style])
	}
	f, err := s.lib.cfg.Call(thread, s.formatter, starlark.Tuple{format, orNil(datefmt), starlark.String(style)}, nil)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		x, ok := h.(*Instance)
		if !ok {
			return nil, wire.Errorf("TypeError", "a handler is needed, not %s", pyType(h))
		}
		if orNil(x.own("formatter")) == starlark.None {
			x.attrs.set("formatter", f)
		}
		s.root.handlers = append(s.root.handlers, x)
	}
	if level != nil && level != starlark.None {
		if s.root.level, err = s.level(level); err != nil {
			return nil, err
		}
	}
	return starlark.None, nil
}
