package stdlib

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// csvModule makes the members of the module csv. https://docs.python.org/3/library/csv.html
func (l *Lib) csvModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"DictReader": l.newDictReader, "DictWriter": l.newDictWriter, "reader": l.newCSVReader, "writer": l.newCSVWriter,
		"field_size_limit": l.csvFieldLimit, "get_dialect": l.csvGetDialect, "list_dialects": l.csvListDialects,
		"register_dialect": l.csvRegisterDialect, "unregister_dialect": l.csvUnregisterDialect,
	})
	members["Error"] = l.moduleException("csv.Error", "Exception")
	for i, name := range []string{"MINIMAL", "ALL", "NONNUMERIC", "NONE", "STRINGS", "NOTNULL"} {
		members["QUOTE_"+name] = starlark.MakeInt(i)
	}
	// Dialects are classes in Python, and scripts derive theirs.
	base, _ := l.NewClass("Dialect", nil, nil) // no bases: can't fail
	members["Dialect"] = base
	for name, class := range map[string]string{"excel": "excel", "excel-tab": "excel_tab", "unix": "unix_dialect"} {
		d := standardDialect(name)
		c, _ := l.NewClass(class, []starlark.Value{base}, starlark.StringDict{
			"delimiter": starlark.String(string(d.delimiter)), "quotechar": starlark.String(`"`), "doublequote": starlark.True,
			"skipinitialspace": starlark.False, "lineterminator": starlark.String(d.terminator), "quoting": starlark.MakeInt(d.quoting)})
		members[class] = c
	}
	l.csvDialects = map[string]*csvDialect{}
	for _, name := range []string{"excel", "excel-tab", "unix"} {
		l.csvDialects[name] = standardDialect(name)
	}
	l.csvLimit = 128 << 10
	return members
}

const (
	quoteMinimal = iota
	quoteAll
	quoteNonNumeric
	quoteNone
	quoteStrings
	quoteNotNull
)

// csvDialect says how a file is written. A rune of -1 is none.
type csvDialect struct {
	delimiter, quote, escape rune
	doubleQuote, skipSpace   bool
	strict                   bool
	terminator               string
	quoting                  int
}

func standardDialect(name string) *csvDialect {
	d := &csvDialect{delimiter: ',', quote: '"', escape: -1, doubleQuote: true, terminator: "\r\n"}
	switch name {
	case "excel-tab":
		d.delimiter = '\t'
	case "unix":
		d.terminator, d.quoting = "\n", quoteAll
	}
	return d
}

func (d *csvDialect) String() string        { return "<_csv.Dialect object>" }
func (d *csvDialect) Type() string          { return "Dialect" }
func (d *csvDialect) Truth() starlark.Bool  { return true }
func (d *csvDialect) Freeze()               {}
func (d *csvDialect) Hash() (uint32, error) { return pointerHash(d), nil }

var dialectFields = []string{"delimiter", "doublequote", "escapechar", "lineterminator", "quotechar", "quoting", "skipinitialspace", "strict"}

// Attr implements starlark.HasAttrs.
func (d *csvDialect) Attr(name string) (starlark.Value, error) {
	char := func(r rune) starlark.Value {
		if r < 0 {
			return starlark.None
		}
		return starlark.String(string(r))
	}
	switch name {
	case "delimiter":
		return char(d.delimiter), nil
	case "quotechar":
		return char(d.quote), nil
	case "escapechar":
		return char(d.escape), nil
	case "doublequote":
		return starlark.Bool(d.doubleQuote), nil
	case "skipinitialspace":
		return starlark.Bool(d.skipSpace), nil
	case "strict":
		return starlark.Bool(d.strict), nil
	case "lineterminator":
		return starlark.String(d.terminator), nil
	case "quoting":
		return starlark.MakeInt(d.quoting), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (d *csvDialect) AttrNames() []string { return dialectFields }

// dialect makes a dialect of a name, a class or another one, and the parameters that change it.
func (l *Lib) dialect(fn string, from starlark.Value, kwargs []starlark.Tuple) (*csvDialect, error) {
	l.Module("csv").(*Module).ModuleMembers() // makes the dialects
	d := *standardDialect("excel")
	switch from := from.(type) {
	case nil, starlark.NoneType:
	case *csvDialect:
		d = *from
	case starlark.String:
		known := l.csvDialects[string(from)]
		if known == nil {
			return nil, wire.Errorf("csv.Error", "unknown dialect")
		}
		d = *known
	default:
		for _, name := range dialectFields {
			v, found, _, err := l.attribute(from, name)
			if err != nil {
				return nil, err
			}
			if found {
				if err := d.set(name, v); err != nil {
					return nil, err
				}
			}
		}
	}
	quoting := from != nil && from != starlark.None
	for _, kv := range kwargs {
		name := string(kv[0].(starlark.String))
		if !slices.Contains(dialectFields, name) {
			return nil, wire.Errorf("TypeError", "this function got an unexpected keyword argument '%s'", name)
		}
		quoting = quoting || name == "quoting"
		if err := d.set(name, kv[1]); err != nil {
			return nil, err
		}
	}
	if d.quote < 0 && !quoting {
		d.quoting = quoteNone
	}
	if d.quote < 0 && d.quoting != quoteNone {
		return nil, wire.Errorf("TypeError", "quotechar must be set if quoting enabled")
	}
	return &d, d.check()
}

// check finds characters that mean two things.
func (d *csvDialect) check() error {
	chars := []struct {
		name string
		c    rune
	}{{"delimiter", d.delimiter}, {"escapechar", d.escape}, {"quotechar", d.quote}}
	for i, x := range chars {
		switch {
		case x.c == '\r' || x.c == '\n' || x.c == ' ' && d.skipSpace && i > 0:
			return wire.Errorf("ValueError", "bad %s value", x.name)
		case x.c >= 0 && strings.ContainsRune(d.terminator, x.c):
			return wire.Errorf("ValueError", "bad %s or lineterminator value", x.name)
		}
	}
	for i, x := range chars {
		for _, y := range chars[i+1:] {
			if x.c == y.c && x.c >= 0 {
				return wire.Errorf("ValueError", "bad %s or %s value", x.name, y.name)
			}
		}
	}
	return nil
}

func (d *csvDialect) set(name string, v starlark.Value) error {
	char := func(to *rune, orNone bool) error {
		if v == starlark.None && orNone {
			*to = -1
			return nil
		}
		s, ok := starlark.AsString(v)
		rs := []rune(s)
		what, ok1 := "string", "1-character string"
		if orNone {
			what, ok1 = "string or None", "1-character string or None"
		}
		if !ok {
			return wire.Errorf("TypeError", `"%s" must be %s, not %s`, name, what, pyType(v))
		}
		if len(rs) != 1 {
			return wire.Errorf("TypeError", `"%s" must be a %s`, name, ok1)
		}
		*to = rs[0]
		return nil
	}
	switch name {
	case "delimiter":
		return char(&d.delimiter, false)
	case "quotechar":
		return char(&d.quote, true)
	case "escapechar":
		return char(&d.escape, true)
	case "doublequote":
		d.doubleQuote = bool(v.Truth())
	case "skipinitialspace":
		d.skipSpace = bool(v.Truth())
	case "strict":
		d.strict = bool(v.Truth())
	case "lineterminator":
		s, ok := starlark.AsString(v)
		if !ok {
			return wire.Errorf("TypeError", `"lineterminator" must be a string, not %s`, pyType(v))
		}
		d.terminator = s
	case "quoting":
		n, err := starlark.AsInt32(v)
		if err != nil {
			return wire.Errorf("TypeError", `"quoting" must be an integer, not %s`, pyType(v))
		}
		if n < quoteMinimal || n > quoteNotNull {
			return wire.Errorf("TypeError", `bad "quoting" value`)
		}
		d.quoting = n
	}
	return nil
}

// csvArgs takes the first argument, and the dialect from the second or from keywords.
func (l *Lib) csvArgs(fn string, args starlark.Tuple, kwargs []starlark.Tuple) (first starlark.Value, d *csvDialect, err error) {
	if len(args) == 0 || len(args) > 2 {
		return nil, nil, wire.Errorf("TypeError", "%s expected at least 1 argument, got %d", fn, len(args))
	}
	var from starlark.Value
	if len(args) == 2 {
		from = args[1]
	}
	var params []starlark.Tuple
	for _, kv := range kwargs {
		if kv[0] == starlark.String("dialect") {
			from = kv[1]
		} else {
			params = append(params, kv)
		}
	}
	d, err = l.dialect(fn, from, params)
	return args[0], d, err
}

func (l *Lib) csvRegisterDialect(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 || len(args) > 2 {
		return nil, wire.Errorf("TypeError", "register_dialect expected at least 1 argument, got %d", len(args))
	}
	name, ok := starlark.AsString(args[0])
	if !ok {
		return nil, wire.Errorf("TypeError", "dialect name must be a string")
	}
	var from starlark.Value
	if len(args) == 2 {
		from = args[1]
	}
	d, err := l.dialect("register_dialect", from, kwargs)
	if err != nil {
		return nil, err
	}
	l.csvDialects[name] = d
	return starlark.None, nil
}

func (l *Lib) knownDialect(fn string, args starlark.Tuple, kwargs []starlark.Tuple) (string, error) {
	var name starlark.Value
	if err := bind(fn, args, kwargs, "name", &name); err != nil {
		return "", err
	}
	s, _ := starlark.AsString(name)
	if l.csvDialects[s] == nil {
		return "", wire.Errorf("csv.Error", "unknown dialect")
	}
	return s, nil
}

func (l *Lib) csvUnregisterDialect(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	name, err := l.knownDialect("unregister_dialect", args, kwargs)
	delete(l.csvDialects, name)
	return starlark.None, err
}

func (l *Lib) csvGetDialect(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	name, err := l.knownDialect("get_dialect", args, kwargs)
	if err != nil {
		return nil, err
	}
	return l.csvDialects[name], nil
}

func (l *Lib) csvListDialects(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var names []string
	for name := range l.csvDialects {
		names = append(names, name)
	}
	slices.Sort(names)
	return stringList(names), argCount("list_dialects", args, kwargs, 0, 0)
}

// csvFieldLimit is field_size_limit([new_limit]).
func (l *Lib) csvFieldLimit(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	old := l.csvLimit
	if len(args) == 1 {
		n, err := starlark.AsInt32(args[0])
		if err != nil {
			return nil, wire.Errorf("TypeError", "limit must be an integer")
		}
		l.csvLimit = n
	}
	return starlark.MakeInt(old), argCount("field_size_limit", args, kwargs, 0, 1)
}

// csvWriter is what writer returns.
type csvWriter struct {
	lib   *Lib
	d     *csvDialect
	write starlark.Value
}

var _ starlark.HasAttrs = (*csvWriter)(nil)

func (w *csvWriter) String() string        { return "<_csv.writer object at " + hexAddress(w) + ">" }
func (w *csvWriter) Type() string          { return "writer" }
func (w *csvWriter) Truth() starlark.Bool  { return true }
func (w *csvWriter) Freeze()               {}
func (w *csvWriter) Hash() (uint32, error) { return pointerHash(w), nil }

func (l *Lib) newCSVWriter(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	file, d, err := l.csvArgs("writer", args, kwargs)
	if err != nil {
		return nil, err
	}
	write, found, _, err := l.attribute(file, "write")
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, wire.Errorf("TypeError", `argument 1 must have a "write" method`)
	}
	return &csvWriter{l, d, write}, nil
}

// Attr implements starlark.HasAttrs.
func (w *csvWriter) Attr(name string) (starlark.Value, error) {
	switch name {
	case "dialect":
		return w.d, nil
	case "writerow":
		return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			return w.row(thread, args[0])
		}).BindReceiver(w), nil
	case "writerows":
		return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, 1, 1); err != nil {
				return nil, err
			}
			return starlark.None, w.lib.forEach(thread, args[0], func(row starlark.Value) error {
				_, err := w.row(thread, row)
				return err
			})
		}).BindReceiver(w), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (w *csvWriter) AttrNames() []string { return []string{"dialect", "writerow", "writerows"} }

func (w *csvWriter) row(thread *starlark.Thread, row starlark.Value) (starlark.Value, error) {
	if _, err := w.lib.cursor(thread, row); err != nil {
		return nil, wire.Errorf("csv.Error", "iterable expected, not %s", pyType(row))
	}
	fields, err := w.lib.drain(thread, row)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for i, v := range fields {
		if i > 0 {
			b.WriteRune(w.d.delimiter)
		}
		if err := w.field(&b, v, len(fields) == 1); err != nil {
			return nil, err
		}
	}
	b.WriteString(w.d.terminator)
	return w.lib.call(thread, w.write, starlark.String(b.String()))
}

func (w *csvWriter) field(b *strings.Builder, v starlark.Value, alone bool) error {
	d := w.d
	_, isString := v.(starlark.String)
	_, isNumber := number(v)
	text := ""
	if f, ok := v.(starlark.Float); ok {
		text = string(appendFloat(nil, float64(f)))
	} else if v != starlark.None {
		var err error
		if text, err = w.lib.str(v); err != nil {
			return err
		}
	}
	quoted := false
	switch d.quoting {
	case quoteAll:
		quoted = true
	case quoteNonNumeric:
		quoted = !isNumber
	case quoteStrings:
		quoted = isString
	case quoteNotNull:
		quoted = v != starlark.None
	}
	if text == "" && alone {
		if d.quoting == quoteNone || v == starlark.None && (d.quoting == quoteStrings || d.quoting == quoteNotNull) {
			return wire.Errorf("csv.Error", "single empty field record must be quoted")
		}
		quoted = true
	}
	if text == "" && d.delimiter == ' ' && d.skipSpace {
		if d.quoting == quoteNone || v == starlark.None && (d.quoting == quoteStrings || d.quoting == quoteNotNull) {
			return wire.Errorf("csv.Error", "empty field must be quoted if delimiter is a space and skipinitialspace is true")
		}
		quoted = true
	}
	var out strings.Builder
	for i, n := 0, 0; i < len(text); i += n {
		var r rune
		r, n = utf8.DecodeRuneInString(text[i:]) // the bytes stay as they are, UTF-8 or not
		if r == d.delimiter || r == d.quote || r == d.escape || r == '\n' || r == '\r' || strings.ContainsRune(d.terminator, r) {
			escape := false
			switch {
			case d.quoting == quoteNone, r == d.escape, r == d.quote && !d.doubleQuote:
				escape = true
			case r == d.quote:
				out.WriteRune(d.quote)
				quoted = true
			default:
				quoted = true
			}
			if escape {
				if d.escape < 0 {
					return wire.Errorf("csv.Error", "need to escape, but no escapechar set")
				}
				out.WriteRune(d.escape)
			}
		}
		out.WriteString(text[i : i+n])
	}
	if quoted {
		b.WriteRune(d.quote)
	}
	b.WriteString(out.String())
	if quoted {
		b.WriteRune(d.quote)
	}
	return nil
}
