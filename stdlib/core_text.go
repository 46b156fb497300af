package stdlib

import (
	"io"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// builtinStr is https://docs.python.org/3/library/stdtypes.html#str. Bytes are decoded, as Starlark does it.
func (l *Lib) builtinStr(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	switch {
	case len(args) == 0 && len(kwargs) == 0:
		return starlark.String(""), nil
	case len(args) > 1 || len(kwargs) > 0:
		return decodedStr(args, kwargs)
	}
	if err := exactly("str", 1, args, kwargs); err != nil {
		return nil, err
	}
	x := args[0]
	if _, ok := x.(starlark.String); ok {
		return x, nil
	}
	if b, ok := x.(starlark.Bytes); ok {
		return starlark.String([]rune(string(b))), nil // U+FFFD for each byte that is no part of UTF-8
	}
	s, err := l.str(x)
	return starlark.String(s), err
}

// decodedStr is str(object, encoding="utf-8", errors="strict").
func decodedStr(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x, encoding, onError starlark.Value
	if err := bind("str", args, kwargs, "object", &x, "encoding?", &encoding, "errors?", &onError); err != nil {
		return nil, err
	}
	form, err := newTextForm("str()", encoding, onError)
	if err != nil {
		return nil, err
	}
	switch x := x.(type) {
	case starlark.Bytes:
		text, err := form.decoded(string(x))
		return starlark.String(text), err
	case starlark.String:
		return nil, wire.Errorf("TypeError", "decoding str is not supported")
	}
	return nil, wire.Errorf("TypeError", "decoding to str: need a bytes-like object, %s found", pyType(x))
}

// builtinBytes is Starlark's bytes, and bytes(string, encoding, errors="strict").
func builtinBytes(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 1 && len(kwargs) == 0 {
		return starlark.Universe["bytes"].(*starlark.Builtin).CallInternal(thread, args, kwargs)
	}
	var x, encoding, onError starlark.Value
	if err := bind("bytes", args, kwargs, "source", &x, "encoding?", &encoding, "errors?", &onError); err != nil {
		return nil, err
	}
	form, err := newTextForm("bytes()", encoding, onError)
	if err != nil {
		return nil, err
	}
	s, ok := x.(starlark.String)
	if !ok {
		return nil, wire.Errorf("TypeError", "encoding without a string argument")
	}
	text, err := form.encoded(string(s))
	return starlark.Bytes(text), err
}

// builtinRepr is https://docs.python.org/3/library/functions.html#repr. Strings are in double quotes, as in all of Starlark.
func (l *Lib) builtinRepr(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := exactly("repr", 1, args, kwargs); err != nil {
		return nil, err
	}
	s, err := l.repr(args[0])
	return starlark.String(s), err
}

// join is the text that print and fail make of their arguments.
func (l *Lib) join(args starlark.Tuple, sep string) (string, error) {
	var b strings.Builder
	for i, v := range args {
		if i > 0 {
			b.WriteString(sep)
		}
		if x, ok := v.(starlark.Bytes); ok {
			b.WriteString(string(x))
			continue
		}
		s, err := l.str(v)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// builtinPrint is https://docs.python.org/3/library/functions.html#print. The line goes out with one write. A host that
// has set thread.Print gets it there, unless end or file is given.
func (l *Lib) builtinPrint(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	sep, end := starlark.Value(starlark.None), starlark.Value(starlark.None)
	var file starlark.Value = starlark.None
	var flush starlark.Value
	if err := starlark.UnpackArgs("print", nil, kwargs, "sep?", &sep, "end?", &end, "file?", &file, "flush?", &flush); err != nil {
		return nil, err
	}
	sepText, err := textOr("sep", sep, " ")
	if err != nil {
		return nil, err
	}
	endText, err := textOr("end", end, "\n")
	if err != nil {
		return nil, err
	}
	text, err := l.join(args, sepText)
	if err != nil {
		return nil, err
	}
	if file != starlark.None {
		write, found, missing, err := l.attribute(file, "write")
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, missing
		}
		_, err = l.call(thread, write, starlark.String(text+endText))
		return starlark.None, err
	}
	if thread.Print != nil && end == starlark.None {
		thread.Print(thread, text)
		return starlark.None, nil
	}
	_, err = io.WriteString(l.cfg.Stdout, text+endText)
	return starlark.None, err
}

func textOr(name string, v starlark.Value, otherwise string) (string, error) {
	if v == starlark.None {
		return otherwise, nil
	}
	s, ok := starlark.AsString(v)
	if !ok {
		return "", wire.Errorf("TypeError", "%s must be None or a string, not %s", name, pyType(v))
	}
	return s, nil
}
