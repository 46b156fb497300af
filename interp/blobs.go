package interp

import "github.com/starmp/starmp/mp/wire"

// blobs is the family's memory as package ship uses it for the texts of modules.
type blobs struct{ rt *Runtime }

// Put returns a handle for text, or 0 if it is better sent as it is.
func (b blobs) Put(sum [32]byte, text []byte) (wire.Handle, error) { return b.rt.mp.PutText(sum, text) }

// Get returns the text with that handle.
func (b blobs) Get(h wire.Handle) ([]byte, error) { return b.rt.mp.Text(h) }
