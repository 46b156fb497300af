package stdlib

import (
	"math"
	"reflect"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// jsonWriter writes one value as json.dumps does.
type jsonWriter struct {
	lib       *Lib
	thread    *starlark.Thread
	out       []byte
	indent    string // one level
	newlines  bool
	level     int
	itemSep   string
	keySep    string
	sortKeys  bool
	skipKeys  bool
	ascii     bool
	allowNaN  bool
	defaultFn starlark.Value          // nil without
	open      map[starlark.Value]bool // the containers around the current value
}

// jsonDepth bounds nesting: beyond, CPython raises RecursionError too.
const jsonDepth = 20_000

// jsonDumps is dumps(obj, *, skipkeys, ensure_ascii, check_circular, allow_nan, indent, separators, default, sort_keys).
func (l *Lib) jsonDumps(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	w := &jsonWriter{lib: l, thread: thread, ascii: true, allowNaN: true, itemSep: ", ", keySep: ": ", open: map[starlark.Value]bool{}}
	if len(args) > 1 {
		return nil, wire.Errorf("TypeError", "dumps() takes 1 positional argument but %d were given", len(args))
	}
	var obj, indent, separators starlark.Value
	circular := true
	err := starlark.UnpackArgs("dumps", args, kwargs, "obj", &obj, "skipkeys?", &w.skipKeys, "ensure_ascii?", &w.ascii,
		"check_circular?", &circular, "allow_nan?", &w.allowNaN, "indent??", &indent, "separators??", &separators,
		"default??", &w.defaultFn, "sort_keys?", &w.sortKeys)
	if err != nil {
		return nil, err
	}
	if err := w.setIndent(indent); err != nil {
		return nil, err
	}
	if err := w.setSeparators(thread, separators); err != nil {
		return nil, err
	}
	if err := w.value(obj); err != nil {
		return nil, err
	}
	return starlark.String(w.out), nil
}

func (w *jsonWriter) setIndent(indent starlark.Value) error {
	if indent == nil {
		return nil
	}
	w.newlines, w.itemSep = true, ","
	if s, ok := starlark.AsString(indent); ok {
		w.indent = s
		return nil
	}
	n, err := toIndex(indent)
	if err != nil {
		return err
	}
	w.indent = strings.Repeat(" ", max(0, min(n, 1000)))
	return nil
}

func (w *jsonWriter) setSeparators(thread *starlark.Thread, v starlark.Value) error {
	if v == nil {
		return nil
	}
	seps, err := w.lib.drain(thread, v)
	if err != nil {
		return err
	}
	if len(seps) != 2 {
		return wire.Errorf("ValueError", "separators must be a tuple (item_separator, key_separator)")
	}
	var ok1, ok2 bool
	w.itemSep, ok1 = starlark.AsString(seps[0])
	w.keySep, ok2 = starlark.AsString(seps[1])
	if !ok1 || !ok2 {
		return wire.Errorf("TypeError", "separators must be strings")
	}
	return nil
}

func (w *jsonWriter) value(v starlark.Value) error {
	switch v := v.(type) {
	case starlark.NoneType:
		w.out = append(w.out, "null"...)
	case starlark.Bool:
		w.out = append(w.out, strings.ToLower(v.String())...)
	case starlark.Int:
		w.out = append(w.out, v.String()...)
	case starlark.Float:
		return w.float(float64(v))
	case starlark.String:
		w.quote(string(v))
	case *starlark.List:
		return w.inside(v, func() error { return w.array(v) })
	case starlark.Tuple:
		return w.array(v)
	case *namedTuple:
		return w.array(v.Tuple)
	case *starlark.Dict:
		return w.inside(v, func() error { return w.object(v) })
	case *pyDict:
		return w.inside(v, func() error { return w.object(v.Dict) })
	default:
		if w.defaultFn == nil {
			return wire.Errorf("TypeError", "Object of type %s is not JSON serializable", pyType(v))
		}
		return w.inside(v, func() error {
			sub, err := w.lib.call(w.thread, w.defaultFn, v)
			if err != nil {
				return err
			}
			return w.value(sub)
		})
	}
	return nil
}

// inside refuses a container that contains itself.
func (w *jsonWriter) inside(v starlark.Value, write func() error) error {
	if !reflect.TypeOf(v).Comparable() { // such a value can't contain itself
		return write()
	}
	if w.open[v] {
		return wire.Errorf("ValueError", "Circular reference detected")
	}
	if len(w.open) >= jsonDepth {
		return wire.Errorf("RecursionError", "maximum recursion depth exceeded while encoding a JSON object")
	}
	w.open[v] = true
	defer delete(w.open, v)
	return write()
}

func (w *jsonWriter) float(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		text := string(appendFloat(nil, f))
		if !w.allowNaN {
			return wire.Errorf("ValueError", "Out of range float values are not JSON compliant: %s", text)
		}
		w.out = append(w.out, strings.NewReplacer("nan", "NaN", "inf", "Infinity").Replace(text)...)
		return nil
	}
	w.out = appendFloat(w.out, f)
	return nil
}

func (w *jsonWriter) array(x starlark.Indexable) error {
	if x.Len() == 0 {
		w.out = append(w.out, "[]"...)
		return nil
	}
	w.out = append(w.out, '[')
	for i := 0; i < x.Len(); i++ {
		w.next(i)
		if err := w.value(x.Index(i)); err != nil {
			return err
		}
	}
	w.last(']')
	return nil
}

func (w *jsonWriter) object(d *starlark.Dict) error {
	items := d.Items()
	if w.sortKeys {
		var err error
		sort.SliceStable(items, func(i, j int) bool {
			less, e := starlark.Compare(syntax.LT, items[i][0], items[j][0])
			if e != nil && err == nil {
				err = wire.Errorf("TypeError", "'<' not supported between instances of '%s' and '%s'",
					pyType(items[i][0]), pyType(items[j][0]))
			}
			return less
		})
		if err != nil {
			return err
		}
	}
	n := 0
	for _, kv := range items {
		key, ok, err := w.key(kv[0])
		if err != nil {
			return err
		}
		if !ok {
			if w.skipKeys {
				continue
			}
			return wire.Errorf("TypeError", "keys must be str, int, float, bool or None, not %s", pyType(kv[0]))
		}
		if n == 0 {
			w.out = append(w.out, '{')
		}
		w.next(n)
		n++
		w.quote(key)
		w.out = append(w.out, w.keySep...)
		if err := w.value(kv[1]); err != nil {
			return err
		}
	}
	if n == 0 {
		w.out = append(w.out, "{}"...)
		return nil
	}
	w.last('}')
	return nil
}

// key is the text of a dict's key, if it may be one.
func (w *jsonWriter) key(v starlark.Value) (text string, ok bool, err error) {
	switch v := v.(type) {
	case starlark.String:
		return string(v), true, nil
	case starlark.NoneType:
		return "null", true, nil
	case starlark.Bool:
		return strings.ToLower(v.String()), true, nil
	case starlark.Int:
		return v.String(), true, nil
	case starlark.Float:
		sub := jsonWriter{allowNaN: w.allowNaN}
		err := sub.float(float64(v))
		return string(sub.out), true, err
	}
	return "", false, nil
}

// next begins the i'th item of the innermost container.
func (w *jsonWriter) next(i int) {
	if i > 0 {
		w.out = append(w.out, w.itemSep...)
	}
	if i == 0 {
		w.level++
	}
	w.newline()
}

// last ends the innermost container.
func (w *jsonWriter) last(bracket byte) {
	w.level--
	w.newline()
	w.out = append(w.out, bracket)
}

func (w *jsonWriter) newline() {
	if w.newlines {
		w.out = append(w.out, '\n')
		for range w.level {
			w.out = append(w.out, w.indent...)
		}
	}
}

// quote writes a string. Bytes that are no UTF-8 become U+FFFD: JSON text is Unicode.
func (w *jsonWriter) quote(s string) {
	const hex = "0123456789abcdef"
	unit := func(u rune) {
		w.out = append(w.out, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	w.out = append(w.out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.out = append(w.out, '\\', byte(r))
		case r == '\n':
			w.out = append(w.out, `\n`...)
		case r == '\r':
			w.out = append(w.out, `\r`...)
		case r == '\t':
			w.out = append(w.out, `\t`...)
		case r == '\b':
			w.out = append(w.out, `\b`...)
		case r == '\f':
			w.out = append(w.out, `\f`...)
		case r < ' ', w.ascii && r >= 0x7f && r < 0x10000:
			unit(r)
		case w.ascii && r >= 0x10000:
			unit(0xd800 + (r-0x10000)>>10)
			unit(0xdc00 + (r-0x10000)&0x3ff)
		default:
			w.out = utf8.AppendRune(w.out, r)
		}
	}
	w.out = append(w.out, '"')
}
