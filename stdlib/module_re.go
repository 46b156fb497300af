package stdlib

import (
	"errors"
	"fmt"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib/internal/sre"
	"go.starlark.net/starlark"
)

// reModule makes the members of the module re. https://docs.python.org/3/library/re.html
// Positions are byte offsets, as all of Starlark's; flags are plain integers. Ctrl-C stops a match that takes for ever.
func (l *Lib) reModule() starlark.StringDict {
	l.moduleException("re.PatternError", "Exception").addMethod("__init__", l.reErrorInit)
	members := functions(map[string]goFunc{
		"compile": l.reCompile, "escape": reEscape, "purge": l.rePurge,
		"findall": l.reFunction("findall"), "finditer": l.reFunction("finditer"), "fullmatch": l.reFunction("fullmatch"),
		"match": l.reFunction("match"), "search": l.reFunction("search"),
		"split": l.reFunction("split", "maxsplit?"),
		"sub":   l.reFunction("sub", "count?"), "subn": l.reFunction("subn", "count?"),
	})
	for names, flag := range map[string]sre.Flags{
		"A ASCII": sre.ASCII, "DEBUG": sre.Debug, "I IGNORECASE": sre.IgnoreCase, "L LOCALE": sre.Locale, "M MULTILINE": sre.MultiLine,
		"NOFLAG": 0, "S DOTALL": sre.DotAll, "U UNICODE": sre.Unicode, "X VERBOSE": sre.Verbose,
	} {
		for _, name := range strings.Fields(names) {
			members[name] = starlark.MakeInt(int(flag))
		}
	}
	members["PatternError"] = l.excs["re.PatternError"]
	members["error"] = l.excs["re.PatternError"]
	members["Pattern"] = &nativeType{module: "re", name: "Pattern", methods: patternMethods,
		is: func(v starlark.Value) bool { _, ok := v.(*pattern); return ok }}
	members["Match"] = &nativeType{module: "re", name: "Match", methods: matchMethods,
		is: func(v starlark.Value) bool { _, ok := v.(*match); return ok }}
	return members
}

// reErrorInit is PatternError(msg, pattern=None, pos=None).
func (l *Lib) reErrorInit(_ *starlark.Thread, x *Instance, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var msg, pat, pos starlark.Value = nil, starlark.None, starlark.None
	if err := bind("__init__", args, kwargs, "msg", &msg, "pattern?", &pat, "pos?", &pos); err != nil {
		return nil, err
	}
	text, err := l.str(msg)
	if err != nil {
		return nil, err
	}
	at := -1
	if pat != starlark.None && pos != starlark.None {
		if at, err = toIndex(pos); err != nil {
			return nil, err
		}
	}
	full, attrs := rePlace(text, pat, at)
	x.state().args = starlark.Tuple{starlark.String(full)}
	for i := 0; i < len(attrs); i += 2 {
		x.attrs.set(attrs[i].(string), attrs[i+1].(starlark.Value))
	}
	return starlark.None, nil
}

// reFail is the error for a pattern.
func (l *Lib) reFail(msg string, pat starlark.Value, pos int) error {
	full, attrs := rePlace(msg, pat, pos)
	return l.errorWith("re.PatternError", full, attrs...)
}

// rePlace says where in a pattern something is wrong, as text and as the exception's attributes.
func rePlace(msg string, pat starlark.Value, pos int) (text string, attrs []any) {
	var where, line, column starlark.Value = starlark.None, starlark.None, starlark.None
	text = msg
	if pos >= 0 {
		s, _ := textOf(pat)
		before := s[:min(pos, len(s))]
		n, col := 1+strings.Count(before, "\n"), pos-strings.LastIndexByte(before, '\n')
		where, line, column = starlark.MakeInt(pos), starlark.MakeInt(n), starlark.MakeInt(col)
		text += fmt.Sprintf(" at position %d", pos)
		if strings.Contains(s, "\n") {
			text += fmt.Sprintf(" (line %d, column %d)", n, col)
		}
	}
	return text, []any{"msg", starlark.String(msg), "pattern", pat, "pos", where, "lineno", line, "colno", column}
}

// textOf returns the text of a string or bytes.
func textOf(v starlark.Value) (string, bool) {
	switch v := v.(type) {
	case starlark.String:
		return string(v), true
	case starlark.Bytes:
		return string(v), true
	}
	return "", false
}

// reCacheSize bounds the compiled patterns that are kept. CPython has as many.
const reCacheSize = 512

type reKey struct {
	text  string
	bytes bool
	flags sre.Flags
}

// compilePattern is compile(pattern, flags).
func (l *Lib) compilePattern(v starlark.Value, flags int) (*pattern, error) {
	if p, ok := v.(*pattern); ok {
		if flags != 0 {
			return nil, wire.Errorf("ValueError", "cannot process flags argument with a compiled pattern")
		}
		return p, nil
	}
	text, ok := textOf(v)
	if !ok {
		return nil, wire.Errorf("TypeError", "first argument must be string or compiled pattern")
	}
	_, isBytes := v.(starlark.Bytes)
	key := reKey{text, isBytes, sre.Flags(flags)}
	if p := l.patterns[key]; p != nil {
		return p, nil
	}
	f := sre.Flags(flags)
	switch {
	case !isBytes && f&sre.Locale != 0:
		return nil, wire.Errorf("ValueError", "cannot use LOCALE flag with a str pattern")
	case isBytes && f&sre.Unicode != 0:
		return nil, wire.Errorf("ValueError", "cannot use UNICODE flag with a bytes pattern")
	case f&sre.ASCII != 0 && f&(sre.Unicode|sre.Locale) != 0:
		other := "UNICODE"
		if f&sre.Locale != 0 {
			other = "LOCALE"
		}
		if other == "LOCALE" {
			return nil, wire.Errorf("ValueError", "ASCII and LOCALE flags are incompatible")
		}
		return nil, wire.Errorf("ValueError", "ASCII and UNICODE flags are incompatible")
	}
	re, err := sre.Compile(text, f, isBytes, pyQuote)
	if err != nil {
		var fault *sre.Error
		if errors.As(err, &fault) {
			return nil, l.reFail(fault.Msg, v, fault.Pos)
		}
		return nil, wire.Errorf("OverflowError", "%w", err)
	}
	p := &pattern{lib: l, re: re, source: v, text: text, isBytes: isBytes}
	if len(l.patterns) >= reCacheSize {
		clear(l.patterns)
	}
	if l.patterns == nil {
		l.patterns = map[reKey]*pattern{}
	}
	l.patterns[key] = p
	return p, nil
}

func (l *Lib) reCompile(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var pat starlark.Value
	flags := 0
	if err := bind("compile", args, kwargs, "pattern", &pat, "flags?", &flags); err != nil {
		return nil, err
	}
	p, err := l.compilePattern(pat, flags)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (l *Lib) rePurge(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	clear(l.patterns)
	return starlark.None, bind("purge", args, kwargs)
}

// reFunction is the module's function for a method of patterns.
func (l *Lib) reFunction(name string, extra ...string) goFunc {
	return func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var pat, repl, subject starlark.Value
		flags, n := 0, 0
		params := []any{"pattern", &pat}
		isSub := len(extra) > 0 && extra[0] == "count?"
		if isSub {
			params = append(params, "repl", &repl)
		}
		params = append(params, "string", &subject)
		for _, e := range extra {
			params = append(params, e, &n)
		}
		if err := bind(name, args, kwargs, append(params, "flags?", &flags)...); err != nil {
			return nil, err
		}
		p, err := l.compilePattern(pat, flags)
		if err != nil {
			return nil, err
		}
		s, err := p.subject(subject)
		if err != nil {
			return nil, err
		}
		switch name {
		case "split":
			return p.split(thread, subject, s, n)
		case "sub", "subn":
			return p.substitute(thread, repl, subject, s, n, name == "subn")
		}
		return p.find(thread, name, subject, s, 0, len(s))
	}
}

// reEscape is escape(pattern).
func reEscape(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var pat starlark.Value
	if err := bind("escape", args, kwargs, "pattern", &pat); err != nil {
		return nil, err
	}
	text, ok := textOf(pat)
	if !ok {
		return nil, wire.Errorf("TypeError", "decoding to str: need a bytes-like object, %s found", pyType(pat))
	}
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(text[i])
	}
	if _, ok := pat.(starlark.Bytes); ok {
		return starlark.Bytes(b.String()), nil
	}
	return starlark.String(b.String()), nil
}
