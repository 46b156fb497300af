package wire

import (
	"reflect"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// go.starlark.net doesn't export the types of ranges and of what elems() and its like return. They are recognised by
// their type's name and read through what they show of themselves.

const starlarkPath = "go.starlark.net/starlark"

// rangeOf returns the parameters of a range, which are in its text: range(stop), range(start, stop) or
// range(start, stop, step).
func rangeOf(v starlark.Value) (start, stop, step int64, ok bool) {
	if v.Type() != "range" || reflect.TypeOf(v).PkgPath() != starlarkPath {
		return 0, 0, 0, false
	}
	text := strings.TrimSuffix(strings.TrimPrefix(v.String(), "range("), ")")
	var n [3]int64
	parts := strings.Split(text, ", ")
	for i, p := range parts {
		x, err := strconv.ParseInt(p, 10, 64)
		if err != nil || i == len(n) {
			return 0, 0, 0, false
		}
		n[i] = x
	}
	switch len(parts) {
	case 1:
		return 0, n[0], 1, true
	case 2:
		return n[0], n[1], 1, true
	}
	return n[0], n[1], n[2], true
}

func makeRange(start, stop, step int64) (starlark.Value, error) {
	return starlark.Universe["range"].(*starlark.Builtin).CallInternal(new(starlark.Thread),
		starlark.Tuple{starlark.MakeInt64(start), starlark.MakeInt64(stop), starlark.MakeInt64(step)}, nil)
}

// viewOf returns the string or bytes that v is a view of, and the method that made v.
func viewOf(v starlark.Value) (base starlark.Value, method string, ok bool) {
	kind := v.Type()
	if kind != "string.elems" && kind != "string.codepoints" && kind != "bytes.elems" || reflect.TypeOf(v).PkgPath() != starlarkPath {
		return nil, "", false
	}
	text := v.String()
	method = strings.TrimSuffix(text[strings.LastIndexByte(text, '.')+1:], "()")
	var b strings.Builder
	for x := range starlark.Elements(v.(starlark.Iterable)) {
		switch x := x.(type) {
		case starlark.String:
			b.WriteString(string(x))
		case starlark.Int:
			n, _ := x.Int64()
			if method == "codepoint_ords" {
				b.WriteRune(rune(n))
			} else {
				b.WriteByte(byte(n))
			}
		}
	}
	if kind == "bytes.elems" {
		return starlark.Bytes(b.String()), method, true
	}
	return starlark.String(b.String()), method, true
}

func makeView(base starlark.Value, method string) (starlark.Value, bool) {
	switch method {
	case "elems", "elem_ords", "codepoints", "codepoint_ords":
	default:
		return nil, false
	}
	o, ok := base.(starlark.HasAttrs)
	if !ok {
		return nil, false
	}
	switch base.(type) {
	case starlark.String, starlark.Bytes:
	default:
		return nil, false
	}
	attr, _ := o.Attr(method)
	b, ok := attr.(*starlark.Builtin)
	if !ok {
		return nil, false
	}
	v, err := b.CallInternal(new(starlark.Thread), nil, nil)
	return v, err == nil
}
