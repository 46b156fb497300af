package mp

import (
	"sync"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
)

// texts keeps what package ship wants each receiver to get once: the source texts of modules, as blobs in the arena.
type texts struct {
	mu   sync.Mutex
	sent map[[32]byte]*prim.Blob // guarded by mu; by digest. They stay until the process ends: modules are few
}

// smallText is the length up to which a text travels in the message itself: copying it costs less than counting a
// reference to a blob.
const smallText = 4 << 10

// PutText returns the handle of a blob with the text whose digest is sum, or 0 if the text is better sent as it is.
func (rt *Runtime) PutText(sum [32]byte, text []byte) (wire.Handle, error) {
	if len(text) <= smallText {
		return 0, nil
	}
	m, err := rt.mem()
	if err != nil {
		return 0, err
	}
	t := &rt.texts
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.sent[sum]
	if b == nil {
		if b, err = prim.NewBlob(m, text); err != nil {
			return 0, scriptError(err)
		}
		if t.sent == nil {
			t.sent = map[[32]byte]*prim.Blob{}
		}
		t.sent[sum] = b
	}
	return wire.Handle(b.Handle()), nil
}

// Text returns the text in the blob h.
func (rt *Runtime) Text(h wire.Handle) ([]byte, error) {
	m, err := rt.mem()
	if err != nil {
		return nil, err
	}
	b, err := prim.OpenBlob(m, arena.Handle(h))
	if err != nil {
		return nil, scriptError(err)
	}
	defer b.Close()
	return b.Data(), nil
}
