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
		"monotonic":       clock("monotonic", seconds, monotonic),
		"monotonic_ns":    clock("monotonic_ns", nanoseconds, monotonic),
		"perf_counter":    clock("perf_counter", seconds, monotonic),
		"perf_counter_ns": clock("perf_counter_ns", nanoseconds, monotonic),
		"process_time":    clock("process_time", seconds, processTime),
		"process_time_ns": clock("process_time_ns", nanoseconds, processTime),
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

// now is what time it is for a script: by the clock that a Go program has set for the thread, if it has, else by the system's.
func now(thread *starlark.Thread) (time.Time, error) {
	if thread != nil {
		if now := startime.Now(thread); now != nil {
			return now()
		}
	}
	return time.Now(), nil
}

func wallTime(thread *starlark.Thread) (time.Duration, error) {
	t, err := now(thread)
	return time.Duration(t.UnixNano()), err
}

// monotonic is the system's monotonic clock, or the program's for the thread.
func monotonic(thread *starlark.Thread) (time.Duration, error) {
	if startime.Now(thread) != nil {
		return wallTime(thread)
	}
	return monotonicNow(), nil
}

func processTime(*starlark.Thread) (time.Duration, error) { return cpuTime(), nil }

// clock returns a function without parameters that reads a clock.
func clock(name string, unit func(time.Duration) starlark.Value, read func(*starlark.Thread) (time.Duration, error)) goFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if len(args)+len(kwargs) > 0 {
			return nil, wire.Errorf("TypeError", "time.%s() takes no arguments (%d given)", name, len(args)+len(kwargs))
		}
		d, err := read(thread)
		return unit(d), err
	}
}

// timeTime is Python's time() without arguments, go.starlark.net's time(year=..., ...) with some.
func timeTime(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args)+len(kwargs) > 0 {
		return startime.Module.Members["time"].(*starlark.Builtin).CallInternal(thread, args, kwargs)
	}
	d, err := wallTime(thread)
	return seconds(d), err
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
