package stdlib

import (
	"fmt"
	"strings"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

func (s *logs) formatterInit(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var format, datefmt, defaults starlark.Value = starlark.None, starlark.None, starlark.None
	style, validate := "%", true
	if err := bind("Formatter.__init__", args, kwargs, "fmt?", &format, "datefmt?", &datefmt, "style?", &style, "validate?", &validate, "*", "defaults?", &defaults); err != nil {
		return nil, err
	}
	plain, ok := map[string]string{"%": "%(message)s", "{": "{message}", "$": "${message}"}[style]
	if !ok {
		return nil, wire.Errorf("ValueError", "Style must be one of: %%,{,$")
	}
	if format == starlark.None {
		format = starlark.String(plain)
	}
	text, ok := starlark.AsString(format)
	if !ok {
		return nil, wire.Errorf("TypeError", "expected string or bytes-like object, got '%s'", pyType(format))
	}
	if validate && !strings.Contains(text, map[string]string{"%": "%(", "{": "{", "$": "$"}[style]) {
		if style == "%" {
			return nil, wire.Errorf("ValueError", "Invalid format '%s' for '%s' style", text, style)
		}
		return nil, wire.Errorf("ValueError", "invalid format: no fields")
	}
	x.attrs.set("_fmt", format)
	x.attrs.set("datefmt", datefmt)
	x.attrs.set("_style", starlark.String(style))
	x.attrs.set("_defaults", defaults)
	return starlark.None, nil
}

// fill puts a record's attributes into a formatter's format.
func (s *logs) fill(x, r *Instance) (string, error) {
	format, _ := starlark.AsString(orNil(x.own("_fmt")))
	style, _ := starlark.AsString(orNil(x.own("_style")))
	own := r.attrs.dict()
	if r.dict != nil {
		own = r.dict
	}
	values := new(starlark.Dict)
	for _, m := range []starlark.Value{orNil(x.own("_defaults")), own} {
		if m, ok := m.(starlark.IterableMapping); ok {
			for _, kv := range m.Items() {
				if err := values.SetKey(kv[0], kv[1]); err != nil {
					return "", err
				}
			}
		}
	}
	var text string
	var err error
	switch style {
	case "{":
		f := &fields{lib: s.lib, named: func(name string) (starlark.Value, bool, error) { return values.Get(starlark.String(name)) }}
		text, err = f.format(format, 2)
	case "$":
		text, err = s.lib.substitute(format, values)
	default:
		text, err = s.lib.percentFormat(format, values)
	}
	if err != nil {
		if exc, ok := s.lib.catch(err); ok && exc.cls.derives(s.lib.excClass("KeyError")) {
			name, err := s.lib.str(exc)
			if err != nil {
				return "", err
			}
			return "", wire.Errorf("ValueError", "Formatting field not found in record: %s", name)
		}
	}
	return text, err
}

// substitute is string.Template(format).substitute(values): $name and ${name}, and $$ for a dollar.
func (l *Lib) substitute(format string, values *starlark.Dict) (string, error) {
	letter := func(c byte) bool { return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(format, "$")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		if strings.HasPrefix(rest, "$") {
			b.WriteByte('$')
			format = rest[1:]
			continue
		}
		name := strings.TrimPrefix(rest, "{")
		n := 0
		for n < len(name) && (letter(name[n]) || n > 0 && '0' <= name[n] && name[n] <= '9') {
			n++
		}
		braced := len(name) < len(rest)
		format = name[n:]
		if n == 0 || braced && !strings.HasPrefix(format, "}") {
			return "", wire.Errorf("ValueError", "Invalid placeholder in string")
		}
		if braced {
			format = format[1:]
		}
		v, found, err := values.Get(starlark.String(name[:n]))
		if err == nil && !found {
			err = &noKey{starlark.String(name[:n])}
		}
		var text string
		if err == nil {
			text, err = l.str(v)
		}
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
}

// formatTime is formatTime(record, datefmt=None).
func (s *logs) formatTime(_ *starlark.Thread, _ *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var record, datefmt starlark.Value = nil, starlark.None
	if err := bind("formatTime", args, kwargs, "record", &record, "datefmt?", &datefmt); err != nil {
		return nil, err
	}
	r, err := recordArg("formatTime", starlark.Tuple{record})
	if err != nil {
		return nil, err
	}
	created, err := toFloat(orNil(r.own("created")))
	if err != nil {
		return nil, err
	}
	t := time.UnixMicro(int64(created * 1e6)).Local()
	if f, ok := starlark.AsString(datefmt); ok {
		return starlark.String(strftime(f, t)), nil
	}
	return starlark.String(fmt.Sprintf("%s,%03d", t.Format("2006-01-02 15:04:05"), t.Nanosecond()/1e6)), nil
}

// format is Formatter.format(record): what a derived class overrides of formatTime, formatMessage and formatException counts.
func (s *logs) format(thread *starlark.Thread, x *Instance, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	r, err := recordArg("format", args)
	if err != nil {
		return nil, err
	}
	v, err := s.lib.callAttr(thread, r, "getMessage")
	if err != nil {
		return nil, err
	}
	r.attrs.set("message", v)
	if format, _ := starlark.AsString(orNil(x.own("_fmt"))); strings.Contains(format, "asctime") {
		if v, err = s.lib.callAttr(thread, x, "formatTime", r, orNil(x.own("datefmt"))); err != nil {
			return nil, err
		}
		r.attrs.set("asctime", v)
	}
	if v, err = s.lib.callAttr(thread, x, "formatMessage", r); err != nil {
		return nil, err
	}
	text, err := s.lib.str(v)
	if err != nil {
		return nil, err
	}
	if e, ok := r.own("exc_info").(*Instance); ok {
		if v, err = s.lib.callAttr(thread, x, "formatException", e); err != nil {
			return nil, err
		}
		more, err := s.lib.str(v)
		if err != nil {
			return nil, err
		}
		text = strings.TrimSuffix(text, "\n") + "\n" + more
	}
	return starlark.String(text), nil
}
