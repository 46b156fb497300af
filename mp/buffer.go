package mp

import (
	"sync"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
)

// buffers holds buffers for messages on their way in and out.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// largestPooled is the size past which a buffer is left to the collector.
const largestPooled = 8 << 20

func takeBuffer() *[]byte { return buffers.Get().(*[]byte) }

// giveBuffer returns a buffer, which may have grown since it was taken.
func giveBuffer(buf *[]byte) {
	if cap(*buf) <= largestPooled {
		buffers.Put(buf)
	}
}

// arenaHandles converts what the codec collected.
func arenaHandles(handles []wire.Handle) []arena.Handle {
	if len(handles) == 0 {
		return nil
	}
	hs := make([]arena.Handle, len(handles))
	for i, h := range handles {
		hs[i] = arena.Handle(h)
	}
	return hs
}
