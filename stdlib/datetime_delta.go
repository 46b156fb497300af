package stdlib

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// timedelta is datetime.timedelta: days, and seconds and microseconds that are never negative.
type timedelta struct{ days, secs, micros int }

var (
	_ starlark.HasAttrs   = timedelta{}
	_ starlark.HasBinary  = timedelta{}
	_ starlark.HasUnary   = timedelta{}
	_ starlark.Comparable = timedelta{}
)

// total is the number of microseconds, which can be beyond an int64.
func (d timedelta) total() *big.Int {
	n := big.NewInt(int64(d.days)*86400 + int64(d.secs))
	return n.Add(n.Mul(n, big.NewInt(1e6)), big.NewInt(int64(d.micros)))
}

// deltaOf makes a timedelta of microseconds.
func deltaOf(total *big.Int) (timedelta, error) {
	days, rest := new(big.Int).DivMod(total, big.NewInt(dayMicros), new(big.Int))
	if !days.IsInt64() || days.Int64() > maxDeltaDays || days.Int64() < -maxDeltaDays {
		if new(big.Int).Abs(days).BitLen() > 31 {
			return timedelta{}, wire.Errorf("OverflowError", "Python int too large to convert to C int")
		}
		return timedelta{}, wire.Errorf("OverflowError", "days=%s; must have magnitude <= %d", days, maxDeltaDays)
	}
	r := rest.Int64()
	return timedelta{int(days.Int64()), int(r / 1e6), int(r % 1e6)}, nil
}

func micros(n int64) timedelta {
	d, _ := deltaOf(big.NewInt(n)) // an int64 of microseconds is never too large
	return d
}

// newTimedelta is timedelta(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0).
func newTimedelta(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var v [7]starlark.Value
	err := bind("timedelta", args, kwargs, "days?", &v[0], "seconds?", &v[1], "microseconds?", &v[2], "milliseconds?", &v[3],
		"minutes?", &v[4], "hours?", &v[5], "weeks?", &v[6])
	if err != nil {
		return nil, err
	}
	units := [7]int64{dayMicros, 1e6, 1, 1000, 60e6, 3600e6, 7 * dayMicros}
	total, part := new(big.Int), 0.0 // whole microseconds, and what is left of floats
	for i, x := range v {
		switch x := x.(type) {
		case nil:
		case starlark.Int:
			total.Add(total, new(big.Int).Mul(x.BigInt(), big.NewInt(units[i])))
		case starlark.Float:
			whole, frac := math.Modf(float64(x))
			if math.IsNaN(whole) || math.IsInf(whole, 0) {
				_, err := floatInt(float64(x))
				return nil, err
			}
			n, _ := new(big.Float).SetFloat64(whole).Int(nil)
			total.Add(total, n.Mul(n, big.NewInt(units[i])))
			w, f := math.Modf(frac * float64(units[i]))
			total.Add(total, big.NewInt(int64(w)))
			part += f
		default:
			names := [7]string{"days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"}
			return nil, wire.Errorf("TypeError", "unsupported type for timedelta %s component: %s", names[i], pyType(x))
		}
	}
	// Half goes to the even number of all microseconds.
	w, f := math.Modf(part)
	total.Add(total, big.NewInt(int64(w)))
	if f < 0 {
		total.Sub(total, big.NewInt(1))
		f++
	}
	if f > 0.5 || f == 0.5 && total.Bit(0) == 1 {
		total.Add(total, big.NewInt(1))
	}
	return orError(deltaOf(total))
}

// orError is a result that is no Go nil where it is an error.
func orError[T starlark.Value](v T, err error) (starlark.Value, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (d timedelta) Type() string         { return "timedelta" }
func (d timedelta) Freeze()              {}
func (d timedelta) Truth() starlark.Bool { return d != timedelta{} }
func (d timedelta) Hash() (uint32, error) {
	return starlark.Tuple{starlark.MakeInt(d.days), starlark.MakeInt(d.secs), starlark.MakeInt(d.micros)}.Hash()
}

// String is both repr and str, for which Python has "1 day, 2:00:00": Lib.str asks pyStr.
func (d timedelta) String() string {
	var parts []string
	for _, p := range []struct {
		name string
		n    int
	}{{"days", d.days}, {"seconds", d.secs}, {"microseconds", d.micros}} {
		if p.n != 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", p.name, p.n))
		}
	}
	if len(parts) == 0 {
		return "datetime.timedelta(0)"
	}
	return "datetime.timedelta(" + strings.Join(parts, ", ") + ")"
}

func (d timedelta) pyStr() string {
	s := fmt.Sprintf("%d:%02d:%02d", d.secs/3600, d.secs/60%60, d.secs%60)
	if d.micros != 0 {
		s += fmt.Sprintf(".%06d", d.micros)
	}
	switch {
	case d.days == 1 || d.days == -1:
		return fmt.Sprintf("%d day, %s", d.days, s)
	case d.days != 0:
		return fmt.Sprintf("%d days, %s", d.days, s)
	}
	return s
}

// CompareSameType compares lengths.
func (d timedelta) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	e, ok := y.(timedelta)
	if !ok {
		return otherType(op, d, y)
	}
	return holds(op, d.total().Cmp(e.total())), nil
}

// holds says whether a comparison holds for the sign of a difference.
func holds(op syntax.Token, sign int) bool {
	switch op {
	case syntax.EQL:
		return sign == 0
	case syntax.NEQ:
		return sign != 0
	case syntax.LT:
		return sign < 0
	case syntax.LE:
		return sign <= 0
	case syntax.GT:
		return sign > 0
	}
	return sign >= 0
}

// Unary is -d and +d.
func (d timedelta) Unary(op syntax.Token) (starlark.Value, error) {
	switch op {
	case syntax.PLUS:
		return d, nil
	case syntax.MINUS:
		return orError(deltaOf(new(big.Int).Neg(d.total())))
	}
	return nil, nil
}

// Binary is the arithmetic of timedeltas among themselves and with numbers.
func (d timedelta) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if e, ok := y.(timedelta); ok {
		return d.with(op, e)
	}
	if op == syntax.STAR || side == starlark.Left && (op == syntax.SLASH || op == syntax.SLASHSLASH) {
		switch y := y.(type) {
		case starlark.Int:
			return d.scale(op, new(big.Rat).SetInt(y.BigInt()))
		case starlark.Float:
			if op != syntax.SLASHSLASH && !math.IsNaN(float64(y)) && !math.IsInf(float64(y), 0) {
				return d.scale(op, new(big.Rat).SetFloat64(float64(y)))
			}
		}
	}
	return nil, nil
}

func (d timedelta) with(op syntax.Token, e timedelta) (starlark.Value, error) {
	a, b := d.total(), e.total()
	switch op {
	case syntax.PLUS:
		return orError(deltaOf(a.Add(a, b)))
	case syntax.MINUS:
		return orError(deltaOf(a.Sub(a, b)))
	case syntax.SLASH, syntax.SLASHSLASH, syntax.PERCENT:
		if b.Sign() == 0 {
			what := "integer division or modulo by zero"
			if op == syntax.SLASH {
				what = "division by zero"
			}
			return nil, wire.Errorf("ZeroDivisionError", "%s", what)
		}
	}
	switch op {
	case syntax.SLASH:
		f, _ := new(big.Rat).SetFrac(a, b).Float64()
		return starlark.Float(f), nil
	case syntax.SLASHSLASH:
		q, _ := floorDivide(a, b)
		return starlark.MakeBigInt(q), nil
	case syntax.PERCENT:
		_, r := floorDivide(a, b)
		return orError(deltaOf(r))
	}
	return nil, nil
}

func floorDivide(a, b *big.Int) (q, r *big.Int) {
	q, r = new(big.Int).QuoRem(a, b, new(big.Int))
	if r.Sign() != 0 && r.Sign() != b.Sign() {
		q.Sub(q, big.NewInt(1))
		r.Add(r, b)
	}
	return q, r
}

// scale multiplies or divides, rounding half to even, or down for //.
func (d timedelta) scale(op syntax.Token, f *big.Rat) (starlark.Value, error) {
	x := new(big.Rat).SetInt(d.total())
	if op == syntax.STAR {
		x.Mul(x, f)
	} else {
		if f.Sign() == 0 {
			return nil, wire.Errorf("ZeroDivisionError", "integer division or modulo by zero")
		}
		x.Quo(x, f)
	}
	q, r := floorDivide(x.Num(), x.Denom())
	if op != syntax.SLASHSLASH {
		twice := r.Lsh(r, 1).Cmp(x.Denom())
		if twice > 0 || twice == 0 && q.Bit(0) == 1 {
			q.Add(q, big.NewInt(1))
		}
	}
	return orError(deltaOf(q))
}

func (d timedelta) seconds() float64 {
	f, _ := new(big.Rat).SetFrac(d.total(), big.NewInt(1e6)).Float64()
	return f
}

// Attr implements starlark.HasAttrs.
func (d timedelta) Attr(name string) (starlark.Value, error) {
	switch name {
	case "days":
		return starlark.MakeInt(d.days), nil
	case "seconds":
		return starlark.MakeInt(d.secs), nil
	case "microseconds":
		return starlark.MakeInt(d.micros), nil
	}
	return timedeltaMethods().bound(d, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (d timedelta) AttrNames() []string {
	return append([]string{"days", "microseconds", "seconds"}, timedeltaMethods().names()...)
}

var timedeltaTable methodTable

func timedeltaMethods() *methodTable {
	return timedeltaTable.fill(func() map[string]goFunc {
		return map[string]goFunc{
			"total_seconds": method(func(d timedelta, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				return starlark.Float(d.seconds()), argCount("total_seconds", args, kwargs, 0, 0)
			}),
			"__abs__": method(func(d timedelta, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				return orError(deltaOf(new(big.Int).Abs(d.total())))
			}),
		}
	})
}

// timezone is datetime.timezone, a fixed offset.
type timezone struct {
	offset int64 // in microseconds
	name   string
}

var utcZone = &timezone{}

var (
	_ starlark.HasAttrs   = (*timezone)(nil)
	_ starlark.Comparable = (*timezone)(nil)
)

func newTimezone(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var offset starlark.Value
	name := ""
	if err := bind("timezone", args, kwargs, "offset", &offset, "name?", &name); err != nil {
		return nil, err
	}
	d, ok := offset.(timedelta)
	if !ok {
		return nil, wire.Errorf("TypeError", "timezone() argument 1 must be datetime.timedelta, not %s", pyType(offset))
	}
	n := d.total()
	if new(big.Int).Abs(n).Cmp(big.NewInt(dayMicros)) >= 0 {
		return nil, wire.Errorf("ValueError", "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not %s.", d)
	}
	if n.Sign() == 0 && len(args)+len(kwargs) == 1 {
		return utcZone, nil
	}
	return &timezone{n.Int64(), name}, nil
}

func (z *timezone) Type() string          { return "timezone" }
func (z *timezone) Freeze()               {}
func (z *timezone) Truth() starlark.Bool  { return true }
func (z *timezone) Hash() (uint32, error) { return starlark.MakeInt64(z.offset).Hash() }
func (z *timezone) String() string {
	switch {
	case z == utcZone:
		return "datetime.timezone.utc"
	case z.name != "":
		return fmt.Sprintf("datetime.timezone(%s, %s)", micros(z.offset), pyQuote(z.name))
	}
	return fmt.Sprintf("datetime.timezone(%s)", micros(z.offset))
}

func (z *timezone) pyStr() string {
	switch {
	case z.name != "":
		return z.name
	case z.offset == 0:
		return "UTC"
	}
	return "UTC" + offsetText(z.offset, ":")
}

// offsetText is +01:00, with seconds and microseconds where there are some.
func offsetText(n int64, colon string) string {
	sign := "+"
	if n < 0 {
		sign, n = "-", -n
	}
	s := fmt.Sprintf("%s%02d%s%02d", sign, n/3600e6, colon, n/60e6%60)
	if n%60e6 != 0 {
		s += fmt.Sprintf("%s%02d", colon, n/1e6%60)
		if n%1e6 != 0 {
			s += fmt.Sprintf(".%06d", n%1e6)
		}
	}
	return s
}

// CompareSameType makes time zones of an offset equal.
func (z *timezone) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	o, ok := y.(*timezone)
	if !ok || op != syntax.EQL && op != syntax.NEQ {
		return otherType(op, z, y)
	}
	return (z.offset == o.offset) == (op == syntax.EQL), nil
}

// Attr implements starlark.HasAttrs.
func (z *timezone) Attr(name string) (starlark.Value, error) {
	return timezoneMethods().bound(z, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (z *timezone) AttrNames() []string { return timezoneMethods().names() }

var timezoneTable methodTable

func timezoneMethods() *methodTable {
	return timezoneTable.fill(func() map[string]goFunc {
		of := func(name string, f func(z *timezone) starlark.Value) goFunc {
			return method(func(z *timezone, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				return f(z), argCount(name, args, kwargs, 1, 1)
			})
		}
		return map[string]goFunc{
			"dst":       of("dst", func(*timezone) starlark.Value { return starlark.None }),
			"tzname":    of("tzname", func(z *timezone) starlark.Value { return starlark.String(z.pyStr()) }),
			"utcoffset": of("utcoffset", func(z *timezone) starlark.Value { return micros(z.offset) }),
		}
	})
}
