package stdlib

import (
	"math"
	"time"

	"github.com/starmp/starmp/mp/wire"
	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
)

// timeModule makes the members of go.starlark.net's module time with Python's names. https://docs.python.org/3/library/time.html
func (l *Lib) timeModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"asctime":         timeAsctime,
		"ctime":           timeCtime,
		"gmtime":          timeGmtime,
		"localtime":       timeLocaltime,
		"mktime":          timeMktime,
		"monotonic":       clock("monotonic", seconds, monotonicNow),
		"monotonic_ns":    clock("monotonic_ns", nanoseconds, monotonicNow),
		"perf_counter":    clock("perf_counter", seconds, monotonicNow),
		"perf_counter_ns": clock("perf_counter_ns", nanoseconds, monotonicNow),
		"process_time":    clock("process_time", seconds, cpuTime),
		"process_time_ns": clock("process_time_ns", nanoseconds, cpuTime),
		"sleep":           l.timeSleep,
		"strftime":        timeStrftime,
		"time":            timeTime,
		"time_ns":         clock("time_ns", nanoseconds, wallTime),
	})
	for name, v := range startime.Module.Members {
		if _, ok := members[name]; !ok {
			members[name] = v
		}
	}
	return members
}

func seconds(d time.Duration) starlark.Value     { return starlark.Float(d.Seconds()) }
func nanoseconds(d time.Duration) starlark.Value { return starlark.MakeInt64(int64(d)) }

func wallTime() time.Duration { return time.Duration(time.Now().UnixNano()) }

// clock returns a function without parameters that reads a clock.
func clock(name string, unit func(time.Duration) starlark.Value, read func() time.Duration) goFunc {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if len(args)+len(kwargs) > 0 {
			return nil, wire.Errorf("TypeError", "time.%s() takes no arguments (%d given)", name, len(args)+len(kwargs))
		}
		return unit(read()), nil
	}
}

// timeTime is Python's time() without arguments, go.starlark.net's time(year=..., ...) with some. A clock that a Go
// program set for the thread counts.
func timeTime(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args)+len(kwargs) > 0 {
		return startime.Module.Members["time"].(*starlark.Builtin).CallInternal(thread, args, kwargs)
	}
	if now := startime.Now(thread); now != nil {
		t, err := now()
		return starlark.Float(float64(t.UnixNano()) / 1e9), err
	}
	return seconds(wallTime()), nil
}

// timeSleep is sleep(secs). secs may also be one of go.starlark.net's durations.
func (l *Lib) timeSleep(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(kwargs) > 0 || len(args) != 1 {
		return nil, wire.Errorf("TypeError", "time.sleep() takes exactly one argument (%d given)", len(args)+len(kwargs))
	}
	d, err := duration(args[0])
	if err != nil {
		return nil, err
	}
	if d < 0 {
		return nil, wire.Errorf("ValueError", "sleep length must be non-negative")
	}
	return starlark.None, l.cfg.Sleep(thread, d)
}

func duration(v starlark.Value) (time.Duration, error) {
	var secs float64
	switch v := v.(type) {
	case startime.Duration:
		return time.Duration(v), nil
	case starlark.Float:
		secs = float64(v)
	default:
		i, err := toInt(v)
		if err != nil {
			return 0, err
		}
		secs = float64(i.Float())
	}
	switch ns := secs * 1e9; {
	case math.IsNaN(ns):
		return 0, wire.Errorf("ValueError", "Invalid value NaN (not a number)")
	case math.Abs(ns) >= math.MaxInt64:
		return 0, wire.Errorf("OverflowError", "timestamp out of range for platform time_t")
	default:
		return time.Duration(math.Round(ns)), nil
	}
}
