package stdlib

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// structTime is time.struct_time: a tuple of nine integers with names.
// https://docs.python.org/3/library/time.html#time.struct_time
type structTime struct {
	t   time.Time
	dst bool // a zone that came from another process doesn't know it
}

var structTimeFields = [...]string{
	"tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst",
}

var (
	_ starlark.Sliceable  = structTime{}
	_ starlark.Sequence   = structTime{}
	_ starlark.HasAttrs   = structTime{}
	_ starlark.Comparable = structTime{}
)

func (s structTime) fields() [9]int {
	t := s.t
	dst := 0
	if s.dst || t.IsDST() {
		dst = 1
	}
	return [9]int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), monday(t), t.YearDay(), dst}
}

// monday is the day of the week with Monday as 0.
func monday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

func (s structTime) tuple() starlark.Tuple {
	t := make(starlark.Tuple, 0, 9)
	for _, n := range s.fields() {
		t = append(t, starlark.MakeInt(n))
	}
	return t
}

func (s structTime) String() string {
	var b strings.Builder
	for i, n := range s.fields() {
		fmt.Fprintf(&b, ", %s=%d", structTimeFields[i], n)
	}
	return "time.struct_time(" + b.String()[2:] + ")"
}
func (s structTime) Type() string               { return "struct_time" }
func (s structTime) Freeze()                    {}
func (s structTime) Truth() starlark.Bool       { return true }
func (s structTime) Hash() (uint32, error)      { return s.tuple().Hash() }
func (s structTime) Len() int                   { return 9 }
func (s structTime) Index(i int) starlark.Value { return s.tuple()[i] }
func (s structTime) Iterate() starlark.Iterator { return s.tuple().Iterate() }
func (s structTime) Slice(start, end, step int) starlark.Value {
	return s.tuple().Slice(start, end, step)
}

// Attr returns a field by name; tm_zone and tm_gmtoff are attributes alone.
func (s structTime) Attr(name string) (starlark.Value, error) {
	zone, offset := s.t.Zone()
	switch name {
	case "tm_zone":
		if s.t.Location() == time.UTC {
			zone = "GMT"
		}
		return starlark.String(zone), nil
	case "tm_gmtoff":
		return starlark.MakeInt(offset), nil
	}
	for i, field := range structTimeFields {
		if field == name {
			return s.Index(i), nil
		}
	}
	return nil, nil
}

// AttrNames lists the fields.
func (s structTime) AttrNames() []string {
	return append([]string{"tm_gmtoff", "tm_zone"}, structTimeFields[:]...)
}

// CompareSameType compares as tuples do.
func (s structTime) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	return starlark.CompareDepth(op, s.tuple(), y.(structTime).tuple(), depth)
}

// moment is the optional argument that counts seconds since the epoch, by default now.
func moment(thread *starlark.Thread, name string, args starlark.Tuple, kwargs []starlark.Tuple) (time.Time, error) {
	if err := argCount(name, args, kwargs, 0, 1); err != nil {
		return time.Time{}, err
	}
	if len(args) == 0 || args[0] == starlark.None {
		return now(thread)
	}
	if f, ok := args[0].(starlark.Float); ok && math.Abs(float64(f)) < 1<<55 {
		whole, frac := math.Modf(float64(f))
		return time.Unix(int64(whole), int64(frac*1e9)), nil
	} else if ok {
		return time.Time{}, wire.Errorf("OverflowError", "timestamp out of range for platform time_t")
	}
	n, err := toIndex(args[0])
	return time.Unix(int64(n), 0), err
}

func timeGmtime(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	t, err := moment(thread, "gmtime", args, kwargs)
	return structTime{t: t.UTC()}, err
}

func timeLocaltime(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	t, err := moment(thread, "localtime", args, kwargs)
	return structTime{t: t.Local()}, err
}

func timeCtime(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	t, err := moment(thread, "ctime", args, kwargs)
	return starlark.String(t.Local().Format(time.ANSIC)), err
}

// calendar is an argument that says a local time: a struct_time or nine integers.
func calendar(v starlark.Value) (time.Time, error) {
	switch v := v.(type) {
	case structTime:
		return v.t, nil
	case starlark.Tuple:
		if len(v) != 9 {
			return time.Time{}, wire.Errorf("TypeError", "time tuple must have exactly 9 elements")
		}
		var n [9]int
		for i := range n {
			var err error
			if n[i], err = toIndex(v[i]); err != nil {
				return time.Time{}, err
			}
		}
		return time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.Local), nil
	}
	return time.Time{}, wire.Errorf("TypeError", "Tuple or struct_time argument required")
}

func timeMktime(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("mktime", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	t, err := calendar(args[0])
	if err != nil {
		return nil, err
	}
	t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.Local)
	return starlark.Float(t.Unix()), nil
}

// localArg is the optional last argument that says a local time, by default now.
func localArg(thread *starlark.Thread, args starlark.Tuple) (time.Time, error) {
	if len(args) == 0 {
		return now(thread)
	}
	return calendar(args[0])
}

func timeAsctime(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("asctime", args, kwargs, 0, 1); err != nil {
		return nil, err
	}
	t, err := localArg(thread, args)
	return starlark.String(t.Format(time.ANSIC)), err
}

func timeStrftime(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("strftime", args, kwargs, 1, 2); err != nil {
		return nil, err
	}
	format, ok := starlark.AsString(args[0])
	if !ok {
		return nil, wire.Errorf("TypeError", "strftime() argument 1 must be str, not %s", pyType(args[0]))
	}
	t, err := localArg(thread, args[1:])
	return starlark.String(strftime(format, t)), err
}

// strftime formats as the C library does in the C locale. A directive that it does not know stays as it is.
func strftime(format string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		b.WriteString(directive(format[i], t))
	}
	return b.String()
}

func directive(c byte, t time.Time) string {
	if layout, ok := map[byte]string{
		'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02",
		'D': "01/02/06", 'e': "_2", 'F': "2006-01-02", 'H': "15", 'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM",
		'R': "15:04", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06", 'Y': "2006", 'z': "-0700",
	}[c]; ok {
		return t.Format(layout)
	}
	isoYear, isoWeek := t.ISOWeek()
	switch c {
	case '%':
		return "%"
	case 'C':
		return fmt.Sprintf("%02d", t.Year()/100)
	case 'G':
		return fmt.Sprint(isoYear)
	case 'n':
		return "\n"
	case 's':
		return fmt.Sprint(t.Unix())
	case 't':
		return "\t"
	case 'u':
		return fmt.Sprint(monday(t) + 1)
	case 'U':
		return fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7)
	case 'V':
		return fmt.Sprintf("%02d", isoWeek)
	case 'w':
		return fmt.Sprint(int(t.Weekday()))
	case 'W':
		return fmt.Sprintf("%02d", (t.YearDay()+6-monday(t))/7)
	case 'Z':
		zone, _ := structTime{t: t}.Attr("tm_zone")
		return string(zone.(starlark.String))
	}
	return "%" + string(c)
}
