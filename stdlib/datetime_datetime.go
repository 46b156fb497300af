package stdlib

import (
	"fmt"
	"math"
	"math/big"
	"time"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// datetime is datetime.datetime.
type datetime struct {
	date  date
	clock clockTime
}

var (
	_ starlark.HasAttrs   = datetime{}
	_ starlark.HasBinary  = datetime{}
	_ starlark.Comparable = datetime{}
)

// newDatetime is datetime(year, month, day, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0).
func newDatetime(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var y, mo, d, h, m, s, us, fold int
	var zone starlark.Value
	err := bind("datetime", args, kwargs, "year", &y, "month", &mo, "day", &d, "hour?", &h, "minute?", &m, "second?", &s, "microsecond?", &us,
		"tzinfo?", &zone, "*", "fold?", &fold)
	if err != nil {
		return nil, err
	}
	return orError(makeDatetime(y, mo, d, h, m, s, us, zone, fold))
}

func makeDatetime(y, mo, d, h, m, s, us int, zone starlark.Value, fold int) (datetime, error) {
	day, err := makeDate(y, mo, d)
	if err != nil {
		return datetime{}, err
	}
	clock, err := makeClock(h, m, s, us, zone, fold)
	return datetime{day, clock}, err
}

// naive is the time as if it were UTC.
func (x datetime) naive() time.Time {
	return x.date.midnight().Add(time.Duration(x.clock.micros) * time.Microsecond)
}

// moment is the time that x means: one without zone is local.
func (x datetime) moment() time.Time {
	if z := x.clock.zone; z != nil {
		return x.naive().Add(-time.Duration(z.offset) * time.Microsecond)
	}
	y, mo, d := x.date.parts()
	h, m, s, us := x.clock.parts()
	return time.Date(y, time.Month(mo), d, h, m, s, us*1000, time.Local)
}

// datetimeAt is the time that clocks in a zone show at t; without a zone those here.
func datetimeAt(t time.Time, z *timezone) (datetime, error) {
	if z == nil {
		_, offset := t.Local().Zone()
		t = t.UTC().Add(time.Duration(offset) * time.Second)
	} else {
		t = t.UTC().Add(time.Duration(z.offset) * time.Microsecond)
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return datetime{}, wire.Errorf("ValueError", "year %d is out of range", t.Year())
	}
	h, m, s := t.Clock()
	return datetime{date(ordinalOf(t.Year(), int(t.Month()), t.Day())), clockTime{
		micros: int64(h)*3600e6 + int64(m)*60e6 + int64(s)*1e6 + int64(t.Nanosecond()/1000), zone: z}}, nil
}

func (x datetime) Type() string         { return "datetime" }
func (x datetime) Freeze()              {}
func (x datetime) Truth() starlark.Bool { return true }
func (x datetime) Hash() (uint32, error) {
	return starlark.MakeBigInt(x.instant()).Hash()
}

// instant counts microseconds, in UTC if there is a zone.
func (x datetime) instant() *big.Int {
	n := big.NewInt(int64(x.date))
	return n.Add(n.Mul(n, big.NewInt(dayMicros)), big.NewInt(x.clock.utc()))
}

func (x datetime) String() string {
	y, mo, d := x.date.parts()
	h, m, s, us := x.clock.parts()
	return "datetime.datetime(" + clockRepr(fmt.Sprintf("%d, %d, %d, %d, %d", y, mo, d, h, m), s, us, x.clock) + ")"
}

func (x datetime) pyStr() string { return x.date.iso() + " " + x.clock.pyStr() }

// CompareSameType compares moments. One with a zone equals none without.
func (x datetime) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	o, ok := y.(datetime)
	if !ok {
		return otherType(op, x, y)
	}
	if (x.clock.zone == nil) != (o.clock.zone == nil) {
		switch op {
		case syntax.EQL, syntax.NEQ:
			return op == syntax.NEQ, nil
		}
		return false, wire.Errorf("TypeError", "can't compare offset-naive and offset-aware datetimes")
	}
	return holds(op, x.instant().Cmp(o.instant())), nil
}

// plus is x some days and microseconds later, of either sign.
func (x datetime) plus(days int, micros int64) (datetime, error) {
	micros += x.clock.micros
	days += int(micros / dayMicros)
	if micros %= dayMicros; micros < 0 {
		micros += dayMicros
		days--
	}
	day, err := inRange(int(x.date) + days)
	return datetime{day, clockTime{micros: micros, zone: x.clock.zone}}, err
}

// Binary is datetime + timedelta, datetime - timedelta and datetime - datetime.
func (x datetime) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	switch y := y.(type) {
	case timedelta:
		rest := int64(y.secs)*1e6 + int64(y.micros)
		if op == syntax.PLUS {
			return orError(x.plus(y.days, rest))
		}
		if op == syntax.MINUS && side == starlark.Left {
			return orError(x.plus(-y.days, -rest))
		}
	case datetime:
		if op != syntax.MINUS {
			break
		}
		if (x.clock.zone == nil) != (y.clock.zone == nil) {
			return nil, wire.Errorf("TypeError", "can't subtract offset-naive and offset-aware datetimes")
		}
		n := x.instant()
		return orError(deltaOf(n.Sub(n, y.instant())))
	}
	return nil, nil
}

func datetimeNow(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var zone starlark.Value
	if err := bind(b.Name(), args, kwargs, "tz?", &zone); err != nil {
		return nil, err
	}
	z, err := zoneArg(zone)
	if err != nil {
		return nil, err
	}
	t, err := now(thread)
	if err != nil {
		return nil, err
	}
	return orError(datetimeAt(t, z))
}

func datetimeUTCNow(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	t, err := now(thread)
	if err != nil {
		return nil, err
	}
	x, err := datetimeAt(t, utcZone)
	x.clock.zone = nil
	if err == nil {
		err = argCount("utcnow", args, kwargs, 0, 0)
	}
	return orError(x, err)
}

// timestampArg is a number of seconds since the epoch; zone takes a second argument where it isn't nil.
func timestampArg(name string, args starlark.Tuple, kwargs []starlark.Tuple, zone *starlark.Value) (time.Time, error) {
	var v starlark.Value
	params := []any{"timestamp", &v}
	if zone != nil {
		params = append(params, "tz?", zone)
	}
	if err := bind(name, args, kwargs, params...); err != nil {
		return time.Time{}, err
	}
	if f, ok := v.(starlark.Float); ok {
		switch {
		case math.IsNaN(float64(f)):
			return time.Time{}, wire.Errorf("ValueError", "cannot convert float NaN to integer")
		case math.IsInf(float64(f), 0):
			return time.Time{}, wire.Errorf("OverflowError", "cannot convert float infinity to integer")
		}
		whole := math.Floor(float64(f))
		if math.Abs(whole) < 1<<40 {
			return time.Unix(int64(whole), int64(math.RoundToEven((float64(f)-whole)*1e6))*1000), nil
		}
		return time.Time{}, wire.Errorf("OverflowError", "timestamp out of range for platform time_t")
	}
	n, err := toIndex(v)
	if err == nil && (n > 1<<40 || n < -1<<40) {
		err = wire.Errorf("ValueError", "year is out of range")
	}
	return time.Unix(int64(n), 0), err
}

func datetimeFromTimestamp(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var zone starlark.Value
	t, err := timestampArg("fromtimestamp", args, kwargs, &zone)
	if err != nil {
		return nil, err
	}
	z, err := zoneArg(zone)
	if err != nil {
		return nil, err
	}
	return orError(datetimeAt(t, z))
}

func datetimeFromUTCTimestamp(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	t, err := timestampArg("utcfromtimestamp", args, kwargs, nil)
	if err != nil {
		return nil, err
	}
	x, err := datetimeAt(t, utcZone)
	x.clock.zone = nil
	return orError(x, err)
}

func datetimeFromOrdinal(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	d, err := ordinalArg(args, kwargs)
	return orError(datetime{date: d}, err)
}

// datetimeCombine is combine(date, time, tzinfo=time.tzinfo).
func datetimeCombine(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var d, t, zone starlark.Value
	if err := bind("combine", args, kwargs, "date", &d, "time", &t, "tzinfo?", &zone); err != nil {
		return nil, err
	}
	switch d.(type) {
	case date, datetime:
	default:
		return nil, wire.Errorf("TypeError", "combine() argument 1 must be datetime.date, not %s", pyType(d))
	}
	clock, ok := t.(clockTime)
	if !ok {
		return nil, wire.Errorf("TypeError", "combine() argument 2 must be datetime.time, not %s", pyType(t))
	}
	if zone != nil {
		var err error
		if clock.zone, err = zoneArg(zone); err != nil {
			return nil, err
		}
	}
	return datetime{dayOf(d), clock}, nil
}

// Attr implements starlark.HasAttrs.
func (x datetime) Attr(name string) (starlark.Value, error) {
	switch name {
	case "year", "month", "day":
		return x.date.Attr(name)
	}
	if v := x.clock.field(name); v != nil {
		return v, nil
	}
	return datetimeMethods().bound(x, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (x datetime) AttrNames() []string {
	return append(append([]string{"day", "month", "year"}, clockFields...), datetimeMethods().names()...)
}

var datetimeTable methodTable

func datetimeMethods() *methodTable { return datetimeTable.fill(datetimeFunctions) }

func datetimeFunctions() map[string]goFunc {
	m := zoneMethods(func(v starlark.Value) *timezone { return v.(datetime).clock.zone })
	days := dateFunctions()
	for _, name := range []string{"toordinal", "weekday", "isoweekday", "isocalendar"} {
		m[name] = days[name]
	}
	plain := func(name string, f func(x datetime) starlark.Value) {
		m[name] = method(func(x datetime, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return f(x), argCount(name, args, kwargs, 0, 0)
		})
	}
	plain("date", func(x datetime) starlark.Value { return x.date })
	plain("time", func(x datetime) starlark.Value { return clockTime{micros: x.clock.micros, fold: x.clock.fold} })
	plain("timetz", func(x datetime) starlark.Value { return x.clock })
	plain("ctime", func(x datetime) starlark.Value { return starlark.String(x.naive().Format(time.ANSIC)) })
	plain("timetuple", func(x datetime) starlark.Value { return structTime{t: x.naive()} })
	plain("utctimetuple", func(x datetime) starlark.Value {
		return structTime{t: x.date.midnight().Add(time.Duration(x.clock.utc()) * time.Microsecond)}
	})
	plain("timestamp", func(x datetime) starlark.Value {
		t := x.moment()
		f, _ := new(big.Rat).SetFrac(new(big.Int).Add(new(big.Int).Mul(big.NewInt(t.Unix()), big.NewInt(1e6)), big.NewInt(int64(t.Nanosecond()/1000))), big.NewInt(1e6)).Float64()
		return starlark.Float(f)
	})
	m["strftime"] = strftimeMethod(func(v starlark.Value) datetime { return v.(datetime) })
	m["__format__"] = m["strftime"]
	m["isoformat"] = method(func(x datetime, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		sep, spec := "T", "auto"
		if err := bind("isoformat", args, kwargs, "sep?", &sep, "timespec?", &spec); err != nil {
			return nil, err
		}
		if utf8.RuneCountInString(sep) != 1 {
			return nil, wire.Errorf("TypeError", "isoformat() argument 1 must be a unicode character, not str")
		}
		s, err := x.clock.iso(spec)
		return orError(starlark.String(x.date.iso()+sep+s), err)
	})
	m["replace"] = method(func(x datetime, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		y, mo, d := x.date.parts()
		h, mi, s, us := x.clock.parts()
		zone, fold := zoneValue(x.clock.zone), x.clock.fold
		err := bind("replace", args, kwargs, "year?", &y, "month?", &mo, "day?", &d, "hour?", &h, "minute?", &mi, "second?", &s, "microsecond?", &us,
			"tzinfo?", &zone, "*", "fold?", &fold)
		if err != nil {
			return nil, err
		}
		return orError(makeDatetime(y, mo, d, h, mi, s, us, zone, fold))
	})
	m["astimezone"] = method(func(x datetime, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var zone starlark.Value
		if err := bind("astimezone", args, kwargs, "tz?", &zone); err != nil {
			return nil, err
		}
		z, err := zoneArg(zone)
		if err != nil {
			return nil, err
		}
		if from := x.clock.zone; from != nil && z != nil {
			there, err := x.plus(0, z.offset-from.offset)
			there.clock.zone = z
			return orError(there, err)
		}
		t := x.moment()
		if z == nil {
			z = localZone(t)
		}
		return orError(datetimeAt(t, z))
	})
	return m
}
