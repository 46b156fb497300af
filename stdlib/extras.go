package stdlib

import (
	"encoding/hex"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// extraNames are the methods of Python's built-in types that go.starlark.net's lack. Rewrite sends what has such a name through Lib.extra.
var extraNames = map[string]bool{
	// str and bytes
	"casefold": true, "center": true, "decode": true, "encode": true, "expandtabs": true, "format": true, "format_map": true, "hex": true,
	"isascii": true, "isdecimal": true, "isidentifier": true, "isnumeric": true, "isprintable": true, "ljust": true, "rjust": true,
	"swapcase": true, "zfill": true,
	// list, tuple, dict and set
	"copy": true, "count": true, "difference_update": true, "index": true, "intersection_update": true, "isdisjoint": true,
	"reverse": true, "sort": true, "symmetric_difference_update": true,
	// int and float
	"bit_count": true, "bit_length": true, "is_integer": true, "to_bytes": true,
}

type extraMethod = func(l *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

// extra returns the method with that name, one of extraNames, bound to x; nil if it is not a value of a built-in type that lacks it.
func (l *Lib) extra(x starlark.Value, name string) starlark.Value {
	var f extraMethod
	switch x.(type) {
	case starlark.String:
		f = extraOfString(name)
	case starlark.Bytes:
		f = extraOfBytes(name)
	case *starlark.List:
		f = extraOfList(name)
	case starlark.Tuple:
		f = extraOfTuple(name)
	case *starlark.Dict:
		if name == "copy" {
			f = dictCopy
		}
	case *starlark.Set:
		f = extraOfSet(name)
	case starlark.Int, starlark.Bool:
		f = extraOfInt(name)
	case starlark.Float:
		if name == "is_integer" {
			f = floatIsInteger
		}
	}
	if f == nil {
		return nil
	}
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return f(l, thread, b, args, kwargs)
	}).BindReceiver(x)
}

// https://docs.python.org/3/library/stdtypes.html#string-methods
func extraOfString(name string) extraMethod {
	switch name {
	case "format":
		return (*Lib).stringFormat
	case "format_map":
		return (*Lib).stringFormatMap
	case "ljust", "rjust", "center":
		return stringJust
	case "zfill":
		return stringZfill
	case "encode":
		return stringEncode
	case "expandtabs":
		return stringExpandtabs
	case "casefold":
		return stringMap(func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "ß", "ss")) })
	case "swapcase":
		return stringMap(func(s string) string {
			return strings.Map(func(c rune) rune {
				if unicode.IsUpper(c) {
					return unicode.ToLower(c)
				}
				return unicode.ToUpper(c)
			}, s)
		})
	case "isascii":
		return stringIs(true, func(c rune) bool { return c < utf8.RuneSelf })
	case "isprintable":
		return stringIs(true, func(c rune) bool { return unicode.IsPrint(c) })
	case "isdecimal":
		return stringIs(false, func(c rune) bool { return unicode.Is(unicode.Nd, c) })
	case "isnumeric":
		return stringIs(false, unicode.IsNumber)
	case "isidentifier":
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			s := string(b.Receiver().(starlark.String))
			ok := s != ""
			for i, c := range s {
				ok = ok && (c == '_' || unicode.IsLetter(c) || i > 0 && unicode.IsDigit(c))
			}
			return starlark.Bool(ok), starlark.UnpackArgs(b.Name(), args, kwargs)
		}
	}
	return nil
}

// stringMap is a method without parameters that returns another string.
func stringMap(f func(string) string) extraMethod {
	return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return starlark.String(f(string(b.Receiver().(starlark.String)))), starlark.UnpackArgs(b.Name(), args, kwargs)
	}
}

// stringIs is a method that asks whether all characters are of a kind; empty is its answer for none.
func stringIs(empty bool, is func(rune) bool) extraMethod {
	return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		s := string(b.Receiver().(starlark.String))
		ok := s != "" || empty
		for _, c := range s {
			ok = ok && is(c)
		}
		return starlark.Bool(ok), starlark.UnpackArgs(b.Name(), args, kwargs)
	}
}

// stringJust is str.ljust, str.rjust and str.center(width, fillchar=" ").
func stringJust(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	width, fill := 0, " "
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &width, &fill); err != nil {
		return nil, err
	}
	c, n := utf8.DecodeRuneInString(fill)
	if n == 0 || n != len(fill) {
		return nil, wire.Errorf("TypeError", "The fill character must be exactly one character long")
	}
	if width > widest {
		return nil, wire.Errorf("OverflowError", "%s: width %d is too large", b.Name(), width)
	}
	s := string(b.Receiver().(starlark.String))
	f := spec{fill: c, width: width, align: map[string]byte{"ljust": '<', "rjust": '>', "center": '^'}[b.Name()]}
	if missing := width - utf8.RuneCountInString(s); b.Name() == "center" && missing > 0 && missing&width&1 == 1 {
		s = fill + s // CPython puts the odd one to the left where the width is odd
	}
	return starlark.String(f.pad("", s, '<')), nil
}

func stringZfill(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	width := 0
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &width); err != nil {
		return nil, err
	}
	if width > widest {
		return nil, wire.Errorf("OverflowError", "zfill: width %d is too large", width)
	}
	s := string(b.Receiver().(starlark.String))
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, s = s[:1], s[1:]
	}
	return starlark.String(spec{fill: '0', align: '=', width: width}.pad(sign, s, '=')), nil
}

// isUTF8 reports whether an encoding's name is one of UTF-8's; ascii whether it is ASCII's.
func encodingName(name string) (isUTF8, ascii bool) {
	switch strings.ReplaceAll(strings.ToLower(name), "_", "-") {
	case "utf-8", "utf8":
		return true, false
	case "ascii", "us-ascii":
		return false, true
	}
	return false, false
}

// stringEncode is str.encode(encoding="utf-8", errors="strict"), for UTF-8 and ASCII.
func stringEncode(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	encoding, errors := "utf-8", "strict"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "encoding?", &encoding, "errors?", &errors); err != nil {
		return nil, err
	}
	s := string(b.Receiver().(starlark.String))
	isUTF8, ascii := encodingName(encoding)
	switch {
	case isUTF8:
		return starlark.Bytes(s), nil
	case !ascii:
		return nil, wire.Errorf("LookupError", "unknown encoding: %s", encoding)
	}
	var out strings.Builder
	for i, c := range s {
		switch {
		case c < utf8.RuneSelf:
			out.WriteRune(c)
		case errors == "replace":
			out.WriteByte('?')
		case errors != "ignore":
			return nil, wire.Errorf("UnicodeEncodeError", "'ascii' codec can't encode character '\\u%04x' in position %d: ordinal not in range(128)", c, i)
		}
	}
	return starlark.Bytes(out.String()), nil
}

func stringExpandtabs(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	size := 8
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "tabsize?", &size); err != nil {
		return nil, err
	}
	if size > 1<<10 {
		return nil, wire.Errorf("OverflowError", "expandtabs: tabsize %d is too large", size)
	}
	var out strings.Builder
	col := 0
	for _, c := range string(b.Receiver().(starlark.String)) {
		switch {
		case c == '\t' && size > 0:
			n := size - col%size
			out.WriteString(strings.Repeat(" ", n))
			col += n
		case c == '\t':
		default:
			out.WriteRune(c)
			if col++; c == '\n' || c == '\r' {
				col = 0
			}
		}
	}
	return starlark.String(out.String()), nil
}

// https://docs.python.org/3/library/stdtypes.html#bytes-and-bytearray-operations
func extraOfBytes(name string) extraMethod {
	switch name {
	case "decode":
		return bytesDecode
	case "hex":
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.String(hex.EncodeToString([]byte(b.Receiver().(starlark.Bytes)))), starlark.UnpackArgs(b.Name(), args, kwargs)
		}
	}
	return nil
}

// bytesDecode is bytes.decode(encoding="utf-8", errors="strict"), for UTF-8 and ASCII.
func bytesDecode(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	encoding, errors := "utf-8", "strict"
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "encoding?", &encoding, "errors?", &errors); err != nil {
		return nil, err
	}
	data := string(b.Receiver().(starlark.Bytes))
	isUTF8, isASCII := encodingName(encoding)
	if !isUTF8 && !isASCII {
		return nil, wire.Errorf("LookupError", "unknown encoding: %s", encoding)
	}
	var out strings.Builder
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRuneInString(data[i:])
		if c == utf8.RuneError && n == 1 || isASCII && c >= utf8.RuneSelf {
			switch errors {
			case "ignore":
			case "replace":
				out.WriteRune(utf8.RuneError)
			default:
				if isASCII {
					return nil, wire.Errorf("UnicodeDecodeError", "'ascii' codec can't decode byte 0x%02x in position %d: ordinal not in range(128)", data[i], i)
				}
				return nil, wire.Errorf("UnicodeDecodeError", "'utf-8' codec can't decode byte 0x%02x in position %d: invalid start byte", data[i], i)
			}
			i++
			continue
		}
		out.WriteString(data[i : i+n])
		i += n
	}
	return starlark.String(out.String()), nil
}

// https://docs.python.org/3/library/stdtypes.html#mutable-sequence-types
func extraOfList(name string) extraMethod {
	switch name {
	case "copy":
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return starlark.NewList(listItems(b.Receiver().(*starlark.List))), starlark.UnpackArgs(b.Name(), args, kwargs)
		}
	case "count":
		return sequenceCount
	case "reverse":
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
				return nil, err
			}
			items := listItems(b.Receiver().(*starlark.List))
			slices.Reverse(items)
			return starlark.None, setItems(b.Receiver().(*starlark.List), items)
		}
	case "sort":
		return listSort
	}
	return nil
}

func listItems(l *starlark.List) []starlark.Value {
	items := make([]starlark.Value, l.Len())
	for i := range items {
		items[i] = l.Index(i)
	}
	return items
}

// setItems gives a list other elements, as many as it has.
func setItems(l *starlark.List, items []starlark.Value) error {
	for i, x := range items {
		if err := l.SetIndex(i, x); err != nil {
			return err
		}
	}
	return nil
}

// listSort is list.sort(*, key=None, reverse=False). The list changes only when all comparisons went well.
func listSort(l *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		return nil, wire.Errorf("TypeError", "sort() takes no positional arguments")
	}
	list := b.Receiver().(*starlark.List)
	n := list.Len()
	sorted, err := l.Call(thread, starlark.Universe["sorted"], starlark.Tuple{list}, kwargs)
	if err != nil {
		return nil, err
	}
	if list.Len() != n {
		return nil, wire.Errorf("ValueError", "list modified during sort")
	}
	return starlark.None, setItems(list, listItems(sorted.(*starlark.List)))
}

// sequenceCount is list.count(x) and tuple.count(x).
func sequenceCount(l *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x starlark.Value
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &x); err != nil {
		return nil, err
	}
	n := 0
	err := l.findIn(b.Receiver().(starlark.Indexable), x, func(int) bool { n++; return true })
	return starlark.MakeInt(n), err
}

// findIn calls found with the index of each element that equals x, until it returns false.
func (l *Lib) findIn(seq starlark.Indexable, x starlark.Value, found func(i int) bool) error {
	for i := range seq.Len() {
		eq, err := starlark.Equal(seq.Index(i), x)
		if err = l.Pending(err); err != nil {
			return err
		}
		if eq && !found(i) {
			break
		}
	}
	return nil
}

func extraOfTuple(name string) extraMethod {
	switch name {
	case "count":
		return sequenceCount
	case "index":
		return func(l *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var x starlark.Value
			if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &x); err != nil {
				return nil, err
			}
			at := -1
			err := l.findIn(b.Receiver().(starlark.Tuple), x, func(i int) bool { at = i; return false })
			if err == nil && at < 0 {
				err = wire.Errorf("ValueError", "tuple.index(x): x not in tuple")
			}
			return starlark.MakeInt(at), err
		}
	}
	return nil
}

func dictCopy(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d := b.Receiver().(*starlark.Dict)
	c := starlark.NewDict(d.Len())
	for _, kv := range d.Items() {
		if err := c.SetKey(kv[0], kv[1]); err != nil {
			return nil, err
		}
	}
	return c, starlark.UnpackArgs(b.Name(), args, kwargs)
}

// https://docs.python.org/3/library/stdtypes.html#set-types-set-frozenset
func extraOfSet(name string) extraMethod {
	switch name {
	case "copy":
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := starlark.UnpackArgs(b.Name(), args, kwargs); err != nil {
				return nil, err
			}
			return b.Receiver().(*starlark.Set).Union(starlark.Tuple(nil).Iterate())
		}
	case "isdisjoint":
		return func(l *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var other starlark.Iterable
			if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &other); err != nil {
				return nil, err
			}
			for x := range starlark.Elements(other) {
				has, err := b.Receiver().(*starlark.Set).Has(x)
				if err = l.Pending(err); err != nil || has {
					return starlark.False, err
				}
			}
			return starlark.True, l.check()
		}
	case "difference_update":
		return setUpdate("difference")
	case "intersection_update":
		return setUpdate("intersection")
	case "symmetric_difference_update":
		return setUpdate("symmetric_difference")
	}
	return nil
}

// setUpdate is the method that has the set become what its method makes.
func setUpdate(method string) extraMethod {
	return func(l *Lib, thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		s := b.Receiver().(*starlark.Set)
		if len(kwargs) > 0 {
			return nil, wire.Errorf("TypeError", "%s() takes no keyword arguments", b.Name())
		}
		become := s
		for _, other := range args {
			f, err := become.Attr(method)
			if err != nil {
				return nil, err
			}
			v, err := l.Call(thread, f, starlark.Tuple{other}, nil)
			if err != nil {
				return nil, err
			}
			become = v.(*starlark.Set)
		}
		items := slices.Collect(starlark.Elements(become))
		if err := s.Clear(); err != nil {
			return nil, err
		}
		for _, x := range items {
			if err := s.Insert(x); err != nil {
				return nil, err
			}
		}
		return starlark.None, nil
	}
}

// https://docs.python.org/3/library/stdtypes.html#additional-methods-on-integer-types
func extraOfInt(name string) extraMethod {
	of := func(f func(x *big.Int) starlark.Value) extraMethod {
		return func(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			x, _ := number(b.Receiver())
			return f(x.(starlark.Int).BigInt()), starlark.UnpackArgs(b.Name(), args, kwargs)
		}
	}
	switch name {
	case "bit_length":
		return of(func(x *big.Int) starlark.Value { return starlark.MakeInt(x.BitLen()) })
	case "bit_count":
		return of(func(x *big.Int) starlark.Value {
			n := 0
			for _, b := range x.Bytes() {
				for ; b != 0; b &= b - 1 {
					n++
				}
			}
			return starlark.MakeInt(n)
		})
	case "is_integer":
		return of(func(*big.Int) starlark.Value { return starlark.True })
	case "to_bytes":
		return intToBytes
	}
	return nil
}

// intToBytes is int.to_bytes(length=1, byteorder="big", *, signed=False).
func intToBytes(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	length, order, signed := 1, "big", false
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "length?", &length, "byteorder?", &order, "signed?", &signed); err != nil {
		return nil, err
	}
	if order != "big" && order != "little" {
		return nil, wire.Errorf("ValueError", "byteorder must be either 'little' or 'big'")
	}
	if length < 0 || length > widest {
		return nil, wire.Errorf("ValueError", "length argument must be non-negative")
	}
	v, _ := number(b.Receiver())
	x := v.(starlark.Int).BigInt()
	bits := 8 * length
	switch {
	case x.Sign() < 0 && !signed:
		return nil, wire.Errorf("OverflowError", "can't convert negative int to unsigned")
	case x.Sign() < 0:
		if new(big.Int).Not(x).BitLen() > bits-1 {
			return nil, wire.Errorf("OverflowError", "int too big to convert")
		}
		x = new(big.Int).Add(x, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	case signed && x.BitLen() > bits-1 && x.Sign() != 0, x.BitLen() > bits:
		return nil, wire.Errorf("OverflowError", "int too big to convert")
	}
	data := x.FillBytes(make([]byte, length))
	if order == "little" {
		slices.Reverse(data)
	}
	return starlark.Bytes(data), nil
}

func floatIsInteger(_ *Lib, _ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	x := float64(b.Receiver().(starlark.Float))
	return starlark.Bool(x == math.Trunc(x) && !math.IsInf(x, 0)), starlark.UnpackArgs(b.Name(), args, kwargs)
}
