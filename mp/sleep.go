package mp

import (
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
	"go.starlark.net/starlark"
)

// Sleep blocks thread for d, without the script lock. An interrupt ends it with KeyboardInterrupt.
func (rt *Runtime) Sleep(thread *starlark.Thread, d time.Duration) error {
	var never atomic.Uint32
	return rt.waitWord(thread, &never, 0, seconds{set: true, d: max(d, 0)})
}

// WaitFor blocks thread, without the script lock, until done is closed or d has passed; a negative d is for ever. An interrupt
// ends it with KeyboardInterrupt. done must be closed some time.
func (rt *Runtime) WaitFor(thread *starlark.Thread, done <-chan struct{}, d time.Duration) error {
	word := new(atomic.Uint32)
	go func() {
		<-done
		word.Store(1)
		futex.Wake(word, 1)
	}()
	return rt.waitWord(thread, word, 0, seconds{set: d >= 0, d: d})
}
