package interp

import (
	"context"
	"time"

	"go.starlark.net/starlark"
)

// Clock is the time that scripts see, in place of the system's: what is now in the modules time, datetime, logging and uuid, and how long
// time.sleep takes. Of Python's clocks, monotonic and perf_counter tell the time since 1970 then; process_time stays the system's. Timeouts
// of calls that wait for something, such as Queue.get, and limits are in real time.
//
// Its methods are called from any goroutine that runs a script, several at a time; Now with the script lock held, see [Runtime.Enter],
// so it should return at once.
type Clock interface {
	Now() time.Time
	// Sleep blocks for d, or until ctx ends; it returns an error, which the script gets, only if it cannot do that.
	Sleep(ctx context.Context, d time.Duration) error
}

// setClock makes c the clock of this process's scripts; nil is the setup's, if it has one. No thread exists yet.
func (rt *Runtime) setClock(c Clock, setup Setup) {
	if c == nil && setup.Clock != nil {
		c = setup.Clock()
	}
	rt.clock = c
}

// sleep is time.sleep.
func (rt *Runtime) sleep(thread *starlark.Thread, d time.Duration) error {
	if rt.clock == nil {
		return rt.mp.Sleep(thread, d)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan struct{})
	var failed error
	go func() {
		defer close(done)
		failed = rt.clock.Sleep(ctx, d)
	}()
	if err := rt.mp.WaitFor(thread, done, -1); err != nil {
		return err
	}
	return failed
}
