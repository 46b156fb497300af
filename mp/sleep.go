package mp

import (
	"sync/atomic"
	"time"

	"go.starlark.net/starlark"
)

// Sleep blocks thread for d, without the script lock. An interrupt ends it with KeyboardInterrupt.
func (rt *Runtime) Sleep(thread *starlark.Thread, d time.Duration) error {
	var never atomic.Uint32
	return rt.waitWord(thread, &never, 0, seconds{set: true, d: max(d, 0)})
}
