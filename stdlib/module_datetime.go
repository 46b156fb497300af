package stdlib

import (
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// datetimeModule makes the members of the module datetime. https://docs.python.org/3/library/datetime.html
// A tzinfo is a timezone, with a fixed offset; there are no others, and no time zone database but the local zone.
func (l *Lib) datetimeModule() starlark.StringDict {
	member := func(name string, f goFunc, is func(starlark.Value) bool, methods func() *methodTable, attrs starlark.StringDict, bases ...string) *nativeType {
		return &nativeType{module: "datetime", name: name, make: f, is: is, methods: methods, attrs: attrs, bases: bases}
	}
	static := func(name string, f goFunc) starlark.Value { return starlark.NewBuiltin(name, f) }
	utc := starlark.Value(utcZone)
	micro := timedelta{micros: 1}
	return starlark.StringDict{
		"MINYEAR": starlark.MakeInt(1), "MAXYEAR": starlark.MakeInt(9999), "UTC": utc,
		"timedelta": member("timedelta", newTimedelta, func(v starlark.Value) bool { _, ok := v.(timedelta); return ok }, timedeltaMethods, starlark.StringDict{
			"min": timedelta{days: -maxDeltaDays}, "max": timedelta{maxDeltaDays, 86399, 999999}, "resolution": micro}),
		"timezone": member("timezone", newTimezone, isZone, timezoneMethods, starlark.StringDict{
			"utc": utc, "min": &timezone{offset: -(24*60 - 1) * 60e6}, "max": &timezone{offset: (24*60 - 1) * 60e6}}, "datetime.tzinfo"),
		"tzinfo": member("tzinfo", nil, isZone, nil, nil),
		"time": member("time", newTime, func(v starlark.Value) bool { _, ok := v.(clockTime); return ok }, clockMethods, starlark.StringDict{
			"min": clockTime{}, "max": clockTime{micros: dayMicros - 1}, "resolution": micro, "fromisoformat": static("fromisoformat", timeFromISO)}),
		"date": member("date", newDate, func(v starlark.Value) bool {
			switch v.(type) {
			case date, datetime:
				return true
			}
			return false
		}, dateMethods, starlark.StringDict{
			"min": date(1), "max": date(maxOrdinal), "resolution": timedelta{days: 1}, "today": static("today", dateToday),
			"fromordinal": static("fromordinal", dateFromOrdinal), "fromtimestamp": static("fromtimestamp", dateFromTimestamp),
			"fromisoformat": static("fromisoformat", dateFromISO), "fromisocalendar": static("fromisocalendar", dateFromISOCalendar)}),
		"datetime": member("datetime", newDatetime, func(v starlark.Value) bool { _, ok := v.(datetime); return ok }, datetimeMethods, starlark.StringDict{
			"min": datetime{date: 1}, "max": datetime{date: maxOrdinal, clock: clockTime{micros: dayMicros - 1}}, "resolution": micro,
			"now": static("now", datetimeNow), "today": static("today", datetimeNow), "utcnow": static("utcnow", datetimeUTCNow),
			"fromtimestamp": static("fromtimestamp", datetimeFromTimestamp), "utcfromtimestamp": static("utcfromtimestamp", datetimeFromUTCTimestamp),
			"fromordinal": static("fromordinal", datetimeFromOrdinal), "combine": static("combine", datetimeCombine),
			"strptime": static("strptime", datetimeStrptime), "fromisoformat": static("fromisoformat", datetimeFromISO),
			"fromisocalendar": static("fromisocalendar", datetimeFromISOCalendar)}, "datetime.date"),
	}
}

func isZone(v starlark.Value) bool { _, ok := v.(*timezone); return ok }

const (
	dayMicros    = 86400e6
	maxOrdinal   = 3652059 // 9999-12-31
	maxDeltaDays = 999999999
)

// ordinalOf counts days from 0001-01-01, which is 1.
func ordinalOf(y, m, d int) int {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return int(t.Unix()/86400) + 719163
}

func daysIn(y, m int) int {
	switch m {
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// checkDate is the error of a date that there isn't.
func checkDate(y, m, d int) error {
	switch {
	case y < 1 || y > 9999:
		return wire.Errorf("ValueError", "year %d is out of range", y)
	case m < 1 || m > 12:
		return wire.Errorf("ValueError", "month must be in 1..12")
	case d < 1 || d > daysIn(y, m):
		return wire.Errorf("ValueError", "day is out of range for month")
	}
	return nil
}

func checkClock(h, m, s, us int) error {
	switch {
	case h < 0 || h > 23:
		return wire.Errorf("ValueError", "hour must be in 0..23")
	case m < 0 || m > 59:
		return wire.Errorf("ValueError", "minute must be in 0..59")
	case s < 0 || s > 59:
		return wire.Errorf("ValueError", "second must be in 0..59")
	case us < 0 || us > 999999:
		return wire.Errorf("ValueError", "microsecond must be in 0..999999")
	}
	return nil
}

// zoneArg is a tzinfo argument: a timezone or None, which is nil.
func zoneArg(v starlark.Value) (*timezone, error) {
	switch v := v.(type) {
	case nil, starlark.NoneType:
		return nil, nil
	case *timezone:
		return v, nil
	}
	return nil, wire.Errorf("TypeError", "tzinfo argument must be None or of a tzinfo subclass, not type '%s'", pyType(v))
}

func zoneValue(z *timezone) starlark.Value {
	if z == nil {
		return starlark.None
	}
	return z
}

// localZone is the system's offset at a moment.
func localZone(t time.Time) *timezone {
	name, offset := t.Local().Zone()
	return &timezone{offset: int64(offset) * 1e6, name: name}
}
