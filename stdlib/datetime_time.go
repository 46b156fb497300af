package stdlib

import (
	"fmt"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// clockTime is datetime.time, the time of a day.
type clockTime struct {
	micros int64 // since midnight
	zone   *timezone
	fold   int
}

var (
	_ starlark.HasAttrs   = clockTime{}
	_ starlark.Comparable = clockTime{}
)

func (c clockTime) parts() (h, m, s, us int) {
	return int(c.micros / 3600e6), int(c.micros / 60e6 % 60), int(c.micros / 1e6 % 60), int(c.micros % 1e6)
}

func makeClock(h, m, s, us int, zone starlark.Value, fold int) (clockTime, error) {
	z, err := zoneArg(zone)
	if err == nil {
		err = checkClock(h, m, s, us)
	}
	if err == nil && fold != 0 && fold != 1 {
		err = wire.Errorf("ValueError", "fold must be either 0 or 1")
	}
	return clockTime{int64(h)*3600e6 + int64(m)*60e6 + int64(s)*1e6 + int64(us), z, fold}, err
}

// newTime is time(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, *, fold=0).
func newTime(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return clockTime{}.replace("time", args, kwargs)
}

func (c clockTime) replace(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	h, m, s, us := c.parts()
	zone, fold := zoneValue(c.zone), c.fold
	if err := bind(name, args, kwargs, "hour?", &h, "minute?", &m, "second?", &s, "microsecond?", &us, "tzinfo?", &zone, "*", "fold?", &fold); err != nil {
		return nil, err
	}
	return orError(makeClock(h, m, s, us, zone, fold))
}

func (c clockTime) Type() string          { return "time" }
func (c clockTime) Freeze()               {}
func (c clockTime) Truth() starlark.Bool  { return true }
func (c clockTime) Hash() (uint32, error) { return starlark.MakeInt64(c.utc()).Hash() }
func (c clockTime) utc() int64 {
	if c.zone == nil {
		return c.micros
	}
	return c.micros - c.zone.offset
}

func (c clockTime) String() string {
	h, m, s, us := c.parts()
	return "datetime.time(" + clockRepr(fmt.Sprintf("%d, %d", h, m), s, us, c) + ")"
}

// clockRepr adds what is not zero.
func clockRepr(text string, s, us int, c clockTime) string {
	if s != 0 || us != 0 {
		text += fmt.Sprintf(", %d", s)
	}
	if us != 0 {
		text += fmt.Sprintf(", %d", us)
	}
	if c.fold != 0 {
		text += ", fold=1"
	}
	if c.zone != nil {
		text += ", tzinfo=" + c.zone.String()
	}
	return text
}

func (c clockTime) pyStr() string {
	s, _ := c.iso("auto")
	return s
}

// iso is the time of day with its offset.
func (c clockTime) iso(spec string) (string, error) {
	h, m, s, us := c.parts()
	if spec == "auto" {
		spec = "seconds"
		if us != 0 {
			spec = "microseconds"
		}
	}
	var text string
	switch spec {
	case "hours":
		text = fmt.Sprintf("%02d", h)
	case "minutes":
		text = fmt.Sprintf("%02d:%02d", h, m)
	case "seconds":
		text = fmt.Sprintf("%02d:%02d:%02d", h, m, s)
	case "milliseconds":
		text = fmt.Sprintf("%02d:%02d:%02d.%03d", h, m, s, us/1000)
	case "microseconds":
		text = fmt.Sprintf("%02d:%02d:%02d.%06d", h, m, s, us)
	default:
		return "", wire.Errorf("ValueError", "Unknown timespec value")
	}
	if c.zone != nil {
		text += offsetText(c.zone.offset, ":")
	}
	return text, nil
}

// CompareSameType compares times of day, in UTC if both have a zone.
func (c clockTime) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	o, ok := y.(clockTime)
	if !ok {
		return otherType(op, c, y)
	}
	if (c.zone == nil) != (o.zone == nil) {
		switch op {
		case syntax.EQL, syntax.NEQ:
			return op == syntax.NEQ, nil
		}
		return false, wire.Errorf("TypeError", "can't compare offset-naive and offset-aware times")
	}
	return holds(op, sign(c.utc()-o.utc())), nil
}

func sign(n int64) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// Attr implements starlark.HasAttrs.
func (c clockTime) Attr(name string) (starlark.Value, error) {
	if v := c.field(name); v != nil {
		return v, nil
	}
	return clockMethods().bound(c, name), nil
}

func (c clockTime) field(name string) starlark.Value {
	h, m, s, us := c.parts()
	switch name {
	case "hour":
		return starlark.MakeInt(h)
	case "minute":
		return starlark.MakeInt(m)
	case "second":
		return starlark.MakeInt(s)
	case "microsecond":
		return starlark.MakeInt(us)
	case "tzinfo":
		return zoneValue(c.zone)
	case "fold":
		return starlark.MakeInt(c.fold)
	}
	return nil
}

var clockFields = []string{"fold", "hour", "microsecond", "minute", "second", "tzinfo"}

// AttrNames implements starlark.HasAttrs.
func (c clockTime) AttrNames() []string { return append(clockMethods().names(), clockFields...) }

var clockTable methodTable

func clockMethods() *methodTable { return clockTable.fill(clockFunctions) }

// zoneMethods are utcoffset, dst and tzname of what has a zone.
func zoneMethods(of func(starlark.Value) *timezone) map[string]goFunc {
	zone := func(name string, f func(z *timezone) starlark.Value) goFunc {
		return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, 0, 0); err != nil {
				return nil, err
			}
			if z := of(b.Receiver()); z != nil {
				return f(z), nil
			}
			return starlark.None, nil
		}
	}
	return map[string]goFunc{
		"utcoffset": zone("utcoffset", func(z *timezone) starlark.Value { return micros(z.offset) }),
		"dst":       zone("dst", func(*timezone) starlark.Value { return starlark.None }),
		"tzname":    zone("tzname", func(z *timezone) starlark.Value { return starlark.String(z.pyStr()) }),
	}
}

func clockFunctions() map[string]goFunc {
	m := zoneMethods(func(v starlark.Value) *timezone { return v.(clockTime).zone })
	m["isoformat"] = method(func(c clockTime, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		spec := "auto"
		if err := bind("isoformat", args, kwargs, "timespec?", &spec); err != nil {
			return nil, err
		}
		s, err := c.iso(spec)
		return orError(starlark.String(s), err)
	})
	m["replace"] = method(func(c clockTime, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return c.replace("replace", args, kwargs)
	})
	m["strftime"] = strftimeMethod(func(v starlark.Value) datetime { return v.(clockTime).in1900() })
	m["__format__"] = m["strftime"]
	return m
}

// in1900 is the day that strftime takes for times of day.
func (c clockTime) in1900() datetime { return datetime{date: date(ordinalOf(1900, 1, 1)), clock: c} }

// strftime formats as the C library does, with Python's %f, %z, %:z and %Z.
func (x datetime) strftime(format string) string {
	var b strings.Builder
	t := x.naive()
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		z := x.clock.zone
		switch c := format[i]; {
		case c == 'f':
			fmt.Fprintf(&b, "%06d", x.clock.micros%1e6)
		case c == 'z' && z != nil:
			b.WriteString(offsetText(z.offset, ""))
		case c == ':' && strings.HasPrefix(format[i:], ":z"):
			i++
			if z != nil {
				b.WriteString(offsetText(z.offset, ":"))
			}
		case c == 'Z' && z != nil:
			b.WriteString(z.pyStr())
		case c == 'z' || c == 'Z':
		default:
			b.WriteString(directive(c, t))
		}
	}
	return b.String()
}
