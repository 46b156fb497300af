package stdlib

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// csvReader is what reader returns: an iterator over rows.
type csvReader struct {
	lib   *Lib
	d     *csvDialect
	lines cursor
	n     int // lines read

	state csvState
	field strings.Builder
	bare  bool // the field stood without quotes
	row   []starlark.Value
}

type csvState uint8

const (
	startRecord csvState = iota
	startField
	escaped
	inField
	inQuotes
	escapedInQuotes
	afterQuote
	eatNewline
	afterEscapedNewline
)

var (
	_ starlark.Iterable = (*csvReader)(nil)
	_ starlark.HasAttrs = (*csvReader)(nil)
	_ ownIterator       = (*csvReader)(nil)
)

func (r *csvReader) String() string             { return "<_csv.reader object at " + hexAddress(r) + ">" }
func (r *csvReader) Type() string               { return "reader" }
func (r *csvReader) Truth() starlark.Bool       { return true }
func (r *csvReader) Freeze()                    {}
func (r *csvReader) Hash() (uint32, error)      { return pointerHash(r), nil }
func (r *csvReader) Iterate() starlark.Iterator { return &loop{lib: r.lib, cur: r} }
func (r *csvReader) cursor() cursor             { return r }
func (r *csvReader) close()                     {}

func (l *Lib) newCSVReader(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	file, d, err := l.csvArgs("reader", args, kwargs)
	if err != nil {
		return nil, err
	}
	c, err := l.cursor(thread, file)
	if err != nil {
		return nil, err
	}
	return &csvReader{lib: l, d: d, lines: c}, nil
}

// Attr implements starlark.HasAttrs.
func (r *csvReader) Attr(name string) (starlark.Value, error) {
	switch name {
	case "dialect":
		return r.d, nil
	case "line_num":
		return starlark.MakeInt(r.n), nil
	}
	return iteratorAttr(r.lib, r, name)
}

// AttrNames implements starlark.HasAttrs.
func (r *csvReader) AttrNames() []string {
	return []string{"__iter__", "__next__", "dialect", "line_num"}
}

func csvErrorf(format string, args ...any) error { return wire.Errorf("csv.Error", format, args...) }

// next reads a row, which may take several lines.
func (r *csvReader) next(thread *starlark.Thread) (starlark.Value, bool, error) {
	v, ok, err := r.readRow(thread)
	if err != nil || !ok {
		r.state, r.row = startRecord, nil
		r.field.Reset()
		return nil, false, err
	}
	return v, true, nil
}

func (r *csvReader) readRow(thread *starlark.Thread) (starlark.Value, bool, error) {
	r.state, r.row, r.bare = startRecord, nil, false
	r.field.Reset()
	for {
		v, ok, err := r.lines.next(thread)
		if err != nil {
			return nil, false, err
		}
		if !ok {
			if r.field.Len() == 0 && r.state != inQuotes {
				return nil, false, nil
			}
			if r.d.strict {
				return nil, false, csvErrorf("unexpected end of data")
			}
			if err := r.save(); err != nil {
				return nil, false, err
			}
			break
		}
		line, isString := starlark.AsString(v)
		if !isString {
			return nil, false, csvErrorf("iterator should return strings, not %s (the file should be opened in text mode)", pyType(v))
		}
		r.n++
		for i := 0; i < len(line); {
			c, n := utf8.DecodeRuneInString(line[i:])
			if err := r.char(c, line[i:i+n]); err != nil {
				return nil, false, err
			}
			i += n
		}
		if err := r.char(-1, ""); err != nil {
			return nil, false, err
		}
		if r.state == startRecord {
			break
		}
	}
	return starlark.NewList(r.row), true, nil
}

// save ends a field.
func (r *csvReader) save() error {
	text := r.field.String()
	r.field.Reset()
	var v starlark.Value = starlark.String(text)
	if r.bare {
		r.bare = false
		q := r.d.quoting
		switch {
		case text == "" && (q == quoteNotNull || q == quoteStrings):
			v = starlark.None
		case text != "" && (q == quoteNonNumeric || q == quoteStrings):
			f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				return wire.Errorf("ValueError", "could not convert string to float: %s", pyQuote(text))
			}
			v = starlark.Float(f)
		}
	}
	r.row = append(r.row, v)
	return nil
}

func (r *csvReader) add(text string) error {
	if r.field.Len()+len(text) > r.lib.csvLimit {
		return csvErrorf("field larger than field limit (%d)", r.lib.csvLimit)
	}
	r.field.WriteString(text)
	return nil
}

// char takes the next character; -1 is the end of a line.
func (r *csvReader) char(c rune, text string) error {
	d := r.d
	newline := c == '\n' || c == '\r' || c == -1
	switch r.state {
	case startRecord:
		if c == -1 {
			return nil
		}
		if newline {
			r.state = eatNewline
			return nil
		}
		r.state = startField
		return r.char(c, text)
	case startField:
		r.bare = false
		switch {
		case newline:
			r.bare = true
			err := r.save()
			r.endLine(c)
			return err
		case c == d.quote && d.quoting != quoteNone:
			r.state = inQuotes
		case c == d.escape:
			r.state = escaped
		case c == ' ' && d.skipSpace:
		case c == d.delimiter:
			r.bare = true
			return r.save()
		default:
			r.bare = true
			r.state = inField
			return r.add(text)
		}
	case escaped:
		if c == '\n' || c == '\r' {
			r.state = afterEscapedNewline
			return r.add(text)
		}
		r.state = inField
		if c == -1 {
			return r.add("\n")
		}
		return r.add(text)
	case afterEscapedNewline:
		if c == -1 {
			return nil
		}
		r.state = inField
		return r.char(c, text)
	case inField:
		switch {
		case newline:
			err := r.save()
			r.endLine(c)
			return err
		case c == d.escape:
			r.state = escaped
		case c == d.delimiter:
			r.state = startField
			return r.save()
		default:
			return r.add(text)
		}
	case inQuotes:
		switch {
		case c == -1:
		case c == d.escape:
			r.state = escapedInQuotes
		case c == d.quote && d.quoting != quoteNone:
			r.state = inField
			if d.doubleQuote {
				r.state = afterQuote
			}
		default:
			return r.add(text)
		}
	case escapedInQuotes:
		r.state = inQuotes
		if c == -1 {
			return r.add("\n")
		}
		return r.add(text)
	case afterQuote:
		switch {
		case d.quoting != quoteNone && c == d.quote:
			r.state = inQuotes
			return r.add(text)
		case c == d.delimiter:
			r.state = startField
			return r.save()
		case newline:
			err := r.save()
			r.endLine(c)
			return err
		case d.strict:
			return csvErrorf("'%c' expected after '%c'", d.delimiter, d.quote)
		default:
			r.state = inField
			return r.add(text)
		}
	case eatNewline:
		switch {
		case c == '\n' || c == '\r':
		case c == -1:
			r.state = startRecord
		default:
			return csvErrorf("new-line character seen in unquoted field - do you need to open the file with newline=''?")
		}
	}
	return nil
}

func (r *csvReader) endLine(c rune) {
	r.state = eatNewline
	if c == -1 {
		r.state = startRecord
	}
}

// dictReader is csv.DictReader.
type dictReader struct {
	*csvReader
	fields           []starlark.Value // nil: not known yet
	restKey, restVal starlark.Value
}

func (l *Lib) newDictReader(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var file, fields, dialect starlark.Value
	x := &dictReader{restKey: starlark.None, restVal: starlark.None}
	own, params := splitParams(kwargs)
	if err := bind("DictReader", args, own, "f", &file, "fieldnames?", &fields, "restkey?", &x.restKey, "restval?", &x.restVal, "dialect?", &dialect); err != nil {
		return nil, err
	}
	if dialect == nil {
		dialect = starlark.String("excel")
	}
	r, err := l.newCSVReader(thread, b, starlark.Tuple{file, dialect}, params)
	if err != nil {
		return nil, err
	}
	x.csvReader = r.(*csvReader)
	if fields != nil && fields != starlark.None {
		if x.fields, err = l.drain(thread, fields); err != nil {
			return nil, err
		}
		if x.fields == nil {
			x.fields = []starlark.Value{}
		}
	}
	return x, nil
}

// splitParams separates the parameters of a dialect from others.
func splitParams(kwargs []starlark.Tuple) (own, dialect []starlark.Tuple) {
	for _, kv := range kwargs {
		isDialect := false
		for _, f := range dialectFields {
			isDialect = isDialect || kv[0] == starlark.String(f)
		}
		if isDialect {
			dialect = append(dialect, kv)
		} else {
			own = append(own, kv)
		}
	}
	return own, dialect
}

func (x *dictReader) String() string             { return "<csv.DictReader object at " + hexAddress(x) + ">" }
func (x *dictReader) Type() string               { return "DictReader" }
func (x *dictReader) Iterate() starlark.Iterator { return &loop{lib: x.lib, cur: x} }
func (x *dictReader) cursor() cursor             { return x }

// names reads the first row if no names were given.
func (x *dictReader) names(thread *starlark.Thread) error {
	if x.fields != nil {
		return nil
	}
	v, ok, err := x.csvReader.next(thread)
	if err != nil || !ok {
		return err
	}
	x.fields = append([]starlark.Value{}, elements(v.(*starlark.List))...)
	return nil
}

func (x *dictReader) next(thread *starlark.Thread) (starlark.Value, bool, error) {
	if err := x.names(thread); err != nil {
		return nil, false, err
	}
	for {
		v, ok, err := x.csvReader.next(thread)
		if err != nil || !ok {
			return nil, false, err
		}
		row := v.(*starlark.List)
		if row.Len() == 0 {
			continue
		}
		d := starlark.NewDict(len(x.fields))
		for i, name := range x.fields {
			v := x.restVal
			if i < row.Len() {
				v = row.Index(i)
			}
			if err := d.SetKey(name, v); err != nil {
				return nil, false, err
			}
		}
		if row.Len() > len(x.fields) {
			err = d.SetKey(x.restKey, row.Slice(len(x.fields), row.Len(), 1))
		}
		return d, true, err
	}
}

// Attr implements starlark.HasAttrs.
func (x *dictReader) Attr(name string) (starlark.Value, error) {
	switch name {
	case "fieldnames":
		if err := x.names(x.lib.cfg.Current()); err != nil {
			return nil, err
		}
		if x.fields == nil {
			return starlark.None, nil
		}
		return starlark.NewList(append([]starlark.Value{}, x.fields...)), nil
	case "reader":
		return x.csvReader, nil
	case "restkey":
		return x.restKey, nil
	case "restval":
		return x.restVal, nil
	case "__iter__", "__next__":
		return iteratorAttr(x.lib, x, name)
	}
	return x.csvReader.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (x *dictReader) AttrNames() []string {
	return append(x.csvReader.AttrNames(), "fieldnames", "reader", "restkey", "restval")
}

// dictWriter is csv.DictWriter.
type dictWriter struct {
	*csvWriter
	fields  []starlark.Value
	restVal starlark.Value
	ignore  bool
}

func (l *Lib) newDictWriter(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var file, fields starlark.Value
	var dialect starlark.Value = starlark.String("excel")
	x := &dictWriter{restVal: starlark.String("")}
	extras := "raise"
	own, params := splitParams(kwargs)
	if err := bind("DictWriter", args, own, "f", &file, "fieldnames", &fields, "restval?", &x.restVal, "extrasaction?", &extras, "dialect?", &dialect); err != nil {
		return nil, err
	}
	if extras = strings.ToLower(extras); extras != "raise" && extras != "ignore" {
		return nil, wire.Errorf("ValueError", "extrasaction (%s) must be 'raise' or 'ignore'", extras)
	}
	x.ignore = extras == "ignore"
	w, err := l.newCSVWriter(thread, b, starlark.Tuple{file, dialect}, params)
	if err != nil {
		return nil, err
	}
	x.csvWriter = w.(*csvWriter)
	x.fields, err = l.drain(thread, fields)
	return x, err
}

func (x *dictWriter) String() string { return "<csv.DictWriter object at " + hexAddress(x) + ">" }
func (x *dictWriter) Type() string   { return "DictWriter" }

func (x *dictWriter) writeDict(thread *starlark.Thread, v starlark.Value) (starlark.Value, error) {
	m, ok := v.(starlark.IterableMapping)
	if !ok {
		return nil, wire.Errorf("AttributeError", "'%s' object has no attribute 'keys'", pyType(v))
	}
	known := starlark.NewDict(len(x.fields))
	row := make(starlark.Tuple, len(x.fields))
	for i, name := range x.fields {
		_ = known.SetKey(name, starlark.None)
		row[i] = x.restVal
	}
	var wrong []string
	for _, kv := range m.Items() {
		if _, found, _ := known.Get(kv[0]); !found {
			wrong = append(wrong, quoted(kv[0]))
		}
	}
	if len(wrong) > 0 && !x.ignore {
		return nil, wire.Errorf("ValueError", "dict contains fields not in fieldnames: %s", strings.Join(wrong, ", "))
	}
	for i, name := range x.fields {
		for _, kv := range m.Items() {
			if same, err := starlark.Equal(kv[0], name); err == nil && same {
				row[i] = kv[1]
			}
		}
	}
	return x.row(thread, row)
}

// Attr implements starlark.HasAttrs.
func (x *dictWriter) Attr(name string) (starlark.Value, error) {
	switch name {
	case "fieldnames":
		return starlark.NewList(append([]starlark.Value{}, x.fields...)), nil
	case "writer":
		return x.csvWriter, nil
	case "writeheader", "writerow", "writerows":
		return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			n := 1
			if name == "writeheader" {
				n = 0
			}
			if err := argCount(name, args, kwargs, n, n); err != nil {
				return nil, err
			}
			switch name {
			case "writeheader":
				return x.row(thread, starlark.Tuple(x.fields))
			case "writerow":
				return x.writeDict(thread, args[0])
			}
			return starlark.None, x.lib.forEach(thread, args[0], func(row starlark.Value) error {
				_, err := x.writeDict(thread, row)
				return err
			})
		}).BindReceiver(x), nil
	}
	return x.csvWriter.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (x *dictWriter) AttrNames() []string {
	return append(x.csvWriter.AttrNames(), "fieldnames", "writeheader", "writer")
}
