package mp

import (
	"fmt"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Levels of messages, with Python's numbers.
const (
	logDebug   = 10
	logInfo    = 20
	logWarning = 30
)

var levelNames = map[string]int{
	"NOTSET": 0, "SUBDEBUG": 5, "DEBUG": logDebug, "INFO": logInfo, "SUBWARNING": 25, "WARNING": logWarning, "WARN": logWarning,
	"ERROR": 40, "CRITICAL": 50, "FATAL": 50,
}

func levelName(level int) string {
	for _, name := range []string{"NOTSET", "SUBDEBUG", "DEBUG", "INFO", "SUBWARNING", "WARNING", "ERROR", "CRITICAL"} {
		if levelNames[name] == level {
			return name
		}
	}
	return fmt.Sprintf("Level %d", level)
}

// logSettings say what this process logs; children inherit them. Guarded by Runtime.mu.
type logSettings struct {
	level    int  // 0: not set, which means warnings and worse
	toStderr bool // log_to_stderr was called
}

// least is the lowest level of messages that are to be seen.
func (s logSettings) least() int {
	if s.level == 0 {
		return logWarning
	}
	return s.level
}

// logging is the settings, and this process's name.
func (rt *Runtime) logging() (logSettings, string) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.logs, rt.name
}

// log writes a message to standard error, as [INFO/Process-1] text, if it is to be seen.
func (rt *Runtime) log(level int, format string, args ...any) {
	if s, name := rt.logging(); s.toStderr && level >= s.least() {
		rt.host.Stderr(fmt.Sprintf("[%s/%s] %s\n", levelName(level), name, fmt.Sprintf(format, args...)))
	}
}

// Logger is what get_logger and log_to_stderr return: the part of Python's logging.Logger that programs use of it.
// https://docs.python.org/3.13/library/multiprocessing.html#logging
type Logger struct {
	rt      *Runtime
	methods map[string]*starlark.Builtin
}

var _ starlark.HasAttrs = (*Logger)(nil)

func (l *Logger) Type() string          { return "Logger" }
func (l *Logger) Freeze()               {}
func (l *Logger) Truth() starlark.Bool  { return true }
func (l *Logger) Hash() (uint32, error) { return 1, nil }
func (l *Logger) String() string {
	s, _ := l.rt.logging()
	return "<Logger multiprocessing (" + levelName(s.least()) + ")>"
}

// Attr implements starlark.HasAttrs.
func (l *Logger) Attr(name string) (starlark.Value, error) {
	switch name {
	case "name":
		return starlark.String("multiprocessing"), nil
	case "level":
		s, _ := l.rt.logging()
		return starlark.MakeInt(s.level), nil
	}
	if b := l.methods[name]; b != nil {
		return b, nil
	}
	var f builtinFunc
	switch name {
	case "setLevel":
		f = l.setLevel
	case "getEffectiveLevel":
		f = l.effectiveLevel
	case "isEnabledFor":
		f = l.isEnabledFor
	case "log":
		f = l.logAt
	case "debug", "info", "warning", "error", "critical":
		level := levelNames[strings.ToUpper(name)]
		f = func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.None, l.message(b.Name(), level, args, kwargs)
		}
	default:
		return nil, nil
	}
	if l.methods == nil {
		l.methods = map[string]*starlark.Builtin{}
	}
	l.methods[name] = starlark.NewBuiltin(name, f).BindReceiver(l)
	return l.methods[name], nil
}

// AttrNames implements starlark.HasAttrs.
func (l *Logger) AttrNames() []string {
	return []string{"critical", "debug", "error", "getEffectiveLevel", "info", "isEnabledFor", "level", "log", "name", "setLevel", "warning"}
}

// parseLevel takes a number or a level's name, as logging does.
func parseLevel(v starlark.Value) (int, error) {
	if s, ok := starlark.AsString(v); ok {
		level, known := levelNames[s]
		if !known {
			return 0, wire.Errorf("ValueError", "Unknown level: '%s'", s)
		}
		return level, nil
	}
	level, err := starlark.AsInt32(v)
	if err != nil {
		return 0, wire.Errorf("TypeError", "Level not an integer or a valid string: %s", v)
	}
	return level, nil
}

func (l *Logger) setLevel(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "level", &v); err != nil {
		return nil, err
	}
	level, err := parseLevel(v)
	if err != nil {
		return nil, err
	}
	l.rt.mu.Lock()
	defer l.rt.mu.Unlock()
	l.rt.logs.level = level
	return starlark.None, nil
}

func (l *Logger) effectiveLevel(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s, _ := l.rt.logging()
	return starlark.MakeInt(s.least()), noArgs(b, args, kwargs)
}

func (l *Logger) isEnabledFor(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var level int
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "level", &level); err != nil {
		return nil, err
	}
	s, _ := l.rt.logging()
	return starlark.Bool(level >= s.least()), nil
}

func (l *Logger) logAt(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 {
		return nil, wire.Errorf("TypeError", "log: missing argument for level")
	}
	level, err := parseLevel(args[0])
	if err != nil {
		return nil, err
	}
	return starlark.None, l.message("log", level, args[1:], kwargs)
}

// message logs msg % args. Before log_to_stderr was called warnings and worse are written as they are.
func (l *Logger) message(name string, level int, args starlark.Tuple, kwargs []starlark.Tuple) error {
	if len(kwargs) > 0 || len(args) == 0 {
		return wire.Errorf("TypeError", "%s: want a message and its arguments", name)
	}
	text, ok := starlark.AsString(args[0])
	if !ok {
		text = args[0].String()
	}
	if len(args) > 1 {
		v, err := starlark.Binary(syntax.PERCENT, starlark.String(text), args[1:])
		if err != nil {
			return err
		}
		text = string(v.(starlark.String))
	}
	if s, _ := l.rt.logging(); !s.toStderr && level >= max(s.least(), logWarning) {
		l.rt.host.Stderr(text + "\n")
	}
	l.rt.log(level, "%s", text)
	return nil
}

// Logger returns what get_logger returns.
func (rt *Runtime) Logger() starlark.Value { return rt.logger }

// getLogger is get_logger().
func (rt *Runtime) getLogger(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return rt.logger, noArgs(b, args, kwargs)
}

// logToStderr is log_to_stderr(level=None).
func (rt *Runtime) logToStderr(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v starlark.Value = starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "level?", &v); err != nil {
		return nil, err
	}
	level := 0
	if v != starlark.None {
		var err error
		if level, err = parseLevel(v); err != nil {
			return nil, err
		}
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.logs.toStderr = true
	if level != 0 {
		rt.logs.level = level
	}
	return rt.logger, nil
}
