package stdlib

import (
	"fmt"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// date is datetime.date: its ordinal.
type date int

var (
	_ starlark.HasAttrs   = date(0)
	_ starlark.HasBinary  = date(0)
	_ starlark.Comparable = date(0)
)

func (d date) midnight() time.Time { return time.Unix(int64(d-719163)*86400, 0).UTC() }

func (d date) parts() (y, m, day int) {
	year, month, day := d.midnight().Date()
	return year, int(month), day
}

func (d date) Type() string          { return "date" }
func (d date) Freeze()               {}
func (d date) Truth() starlark.Bool  { return true }
func (d date) Hash() (uint32, error) { return starlark.MakeInt(int(d)).Hash() }
func (d date) String() string {
	y, m, day := d.parts()
	return fmt.Sprintf("datetime.date(%d, %d, %d)", y, m, day)
}
func (d date) pyStr() string { return d.iso() }
func (d date) iso() string {
	y, m, day := d.parts()
	return fmt.Sprintf("%04d-%02d-%02d", y, m, day)
}

func makeDate(y, m, d int) (date, error) {
	if err := checkDate(y, m, d); err != nil {
		return 0, err
	}
	return date(ordinalOf(y, m, d)), nil
}

func newDate(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var y, m, d int
	if err := bind("date", args, kwargs, "year", &y, "month", &m, "day", &d); err != nil {
		return nil, err
	}
	return orError(makeDate(y, m, d))
}

func inRange(n int) (date, error) {
	if n < 1 || n > maxOrdinal {
		return 0, wire.Errorf("OverflowError", "date value out of range")
	}
	return date(n), nil
}

// CompareSameType compares days.
func (d date) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	e, ok := y.(date)
	if !ok {
		return otherType(op, d, y)
	}
	return holds(op, int(d-e)), nil
}

// Binary is date + timedelta, date - timedelta and date - date.
func (d date) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	switch y := y.(type) {
	case timedelta:
		if op == syntax.PLUS {
			return orError(inRange(int(d) + y.days))
		}
		if op == syntax.MINUS && side == starlark.Left { // the rest of a day doesn't count
			return orError(inRange(int(d) - y.days))
		}
	case date:
		if op == syntax.MINUS {
			return timedelta{days: int(d - y)}, nil
		}
	}
	return nil, nil
}

func dateToday(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("today", args, kwargs, 0, 0); err != nil {
		return nil, err
	}
	t, err := now(thread)
	if err != nil {
		return nil, err
	}
	y, m, d := t.Local().Date()
	return date(ordinalOf(y, int(m), d)), nil
}

func ordinalArg(args starlark.Tuple, kwargs []starlark.Tuple) (date, error) {
	var n int
	if err := bind("fromordinal", args, kwargs, "ordinal", &n); err != nil {
		return 0, err
	}
	if n < 1 {
		return 0, wire.Errorf("ValueError", "ordinal must be >= 1")
	}
	if n > maxOrdinal {
		return 0, wire.Errorf("ValueError", "year %d is out of range", date(n).midnight().Year())
	}
	return date(n), nil
}

func dateFromOrdinal(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return orError(ordinalArg(args, kwargs))
}

func dateFromTimestamp(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	t, err := timestampArg("fromtimestamp", args, kwargs, nil)
	if err != nil {
		return nil, err
	}
	y, m, d := t.Local().Date()
	return orError(makeDate(y, int(m), d))
}

// isoCalendarArg is fromisocalendar(year, week, day).
func isoCalendarArg(args starlark.Tuple, kwargs []starlark.Tuple) (date, error) {
	var y, w, d int
	if err := bind("fromisocalendar", args, kwargs, "year", &y, "week", &w, "day", &d); err != nil {
		return 0, err
	}
	return isoWeekDate(y, w, d)
}

func isoWeekDate(y, w, d int) (date, error) {
	if y < 1 || y > 9999 {
		return 0, wire.Errorf("ValueError", "Year is out of range: %d", y)
	}
	first := ordinalOf(y, 1, 4) // in week 1
	monday := first - (first+6)%7
	_, last := date(ordinalOf(y, 12, 28)).midnight().ISOWeek()
	if w < 1 || w > last {
		return 0, wire.Errorf("ValueError", "Invalid week: %d", w)
	}
	if d < 1 || d > 7 {
		return 0, wire.Errorf("ValueError", "Invalid day: %d (range is [1, 7])", d)
	}
	return inRange(monday + 7*(w-1) + d - 1)
}

func dateFromISOCalendar(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return orError(isoCalendarArg(args, kwargs))
}

func datetimeFromISOCalendar(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d, err := isoCalendarArg(args, kwargs)
	return orError(datetime{date: d}, err)
}

// Attr implements starlark.HasAttrs.
func (d date) Attr(name string) (starlark.Value, error) {
	y, m, day := d.parts()
	switch name {
	case "year":
		return starlark.MakeInt(y), nil
	case "month":
		return starlark.MakeInt(m), nil
	case "day":
		return starlark.MakeInt(day), nil
	}
	return dateMethods().bound(d, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (d date) AttrNames() []string {
	return append([]string{"day", "month", "year"}, dateMethods().names()...)
}

var dateTable methodTable

func dateMethods() *methodTable { return dateTable.fill(dateFunctions) }

// dayOf is the day of a date or datetime.
func dayOf(v starlark.Value) date {
	if x, ok := v.(datetime); ok {
		return x.date
	}
	return v.(date)
}

// dateFunctions are the methods of date; those about the day alone are datetime's too.
func dateFunctions() map[string]goFunc {
	day := func(name string, f func(d date) starlark.Value) goFunc {
		return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return f(dayOf(b.Receiver())), argCount(name, args, kwargs, 0, 0)
		}
	}
	return map[string]goFunc{
		"toordinal":  day("toordinal", func(d date) starlark.Value { return starlark.MakeInt(int(d)) }),
		"weekday":    day("weekday", func(d date) starlark.Value { return starlark.MakeInt((int(d) + 6) % 7) }),
		"isoweekday": day("isoweekday", func(d date) starlark.Value { return starlark.MakeInt((int(d)+6)%7 + 1) }),
		"isocalendar": day("isocalendar", func(d date) starlark.Value {
			y, w := d.midnight().ISOWeek()
			t := &namedTupleType{name: "datetime.IsoCalendarDate", module: "datetime", fields: []string{"year", "week", "weekday"}}
			return &namedTuple{t, starlark.Tuple{starlark.MakeInt(y), starlark.MakeInt(w), starlark.MakeInt((int(d)+6)%7 + 1)}}
		}),
		"isoformat":  day("isoformat", func(d date) starlark.Value { return starlark.String(d.iso()) }),
		"ctime":      day("ctime", func(d date) starlark.Value { return starlark.String(d.midnight().Format(time.ANSIC)) }),
		"timetuple":  day("timetuple", func(d date) starlark.Value { return structTime{t: d.midnight()} }),
		"strftime":   strftimeMethod(func(v starlark.Value) datetime { return datetime{date: v.(date)} }),
		"__format__": strftimeMethod(func(v starlark.Value) datetime { return datetime{date: v.(date)} }),
		"replace": method(func(d date, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			y, m, day := d.parts()
			if err := bind("replace", args, kwargs, "year?", &y, "month?", &m, "day?", &day); err != nil {
				return nil, err
			}
			return orError(makeDate(y, m, day))
		}),
	}
}

func strftimeMethod(of func(starlark.Value) datetime) goFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var format string
		if err := bind("strftime", args, kwargs, "format", &format); err != nil {
			return nil, err
		}
		return starlark.String(of(b.Receiver()).strftime(format)), nil
	}
}
