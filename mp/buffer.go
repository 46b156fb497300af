package mp

import (
	"sync"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/wire"
)

// buffers holds encoding buffers; one that grew past largestPooled is left to the collector.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

const largestPooled = 1 << 20

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
