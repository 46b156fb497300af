package interp

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.starlark.net/starlark"
)

// testClock moves only when somebody sleeps.
type testClock struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

func newTestClock() Clock { return &testClock{now: time.Unix(1_000_000_000, 0)} }

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) Sleep(ctx context.Context, d time.Duration) error {
	if d == time.Hour {
		<-ctx.Done()
		return ctx.Err()
	}
	if d == time.Minute {
		return errors.New("no minutes")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return nil
}

func TestClock(t *testing.T) {
	const script = `
def clocks():
    time.sleep(1.5)
    return [time.time(), time.time_ns(), time.monotonic(), time.perf_counter_ns(), time.now().unix, time.gmtime()[:6], time.mktime(time.localtime()),
            time.strftime("%Y", time.gmtime()), datetime.datetime.now(datetime.timezone.utc).isoformat(), datetime.date.today().year,
            logging.LogRecord("n", 10, "p", 1, "m", (), None).created]
def sleeps(n): time.sleep(n)
def here_and_there(): return [str(clocks()), str(multiprocessing.Pool(1).apply(clocks))]
`
	const want = `[1.0000000015e+09, 1000000001500000000, 1.0000000015e+09, 1000000001500000000, 1000000001, (2001, 9, 9, 1, 46, 41), 1.000000001e+09, "2001", "2001-09-09T01:46:41.500000+00:00", 2001, 1.0000000015e+09]`
	rt := newRuntime(t, Options{Setup: "clock"})
	p, fn := newPool(t, rt, PoolOptions{Workers: 1, Limits: Limits{Time: time.Minute}}, script)
	v, err := rt.Call(deadline(t), fn["here_and_there"], nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, where := range []string{"here", "there"} {
		if got := string(v.(*starlark.List).Index(i).(starlark.String)); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", where, got, want)
		}
	}
	if v, err := p.Call(deadline(t), fn["clocks"]); err != nil || v.String() != want {
		t.Errorf("in the pool: %v, %v", v, err)
	}
	// Options.Clock is for this process.
	own := newRuntime(t, Options{Clock: newTestClock()})
	if v, err := own.Eval(deadline(t), "[time.time(), multiprocessing.Pool(1).apply(time.time) > 1.5e9]"); err != nil || v.String() != "[1e+09, True]" {
		t.Error(v, err)
	}
	// A sleep ends with its context, and may fail.
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := rt.Call(ctx, fn["sleeps"], starlark.Tuple{starlark.MakeInt(3600)}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := rt.Call(deadline(t), fn["sleeps"], starlark.Tuple{starlark.MakeInt(60)}, nil); err == nil || err.Error() != "pool.star:7: ValueError: no minutes" {
		t.Error(err)
	}
}
