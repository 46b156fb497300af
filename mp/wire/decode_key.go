package wire

import (
	"math"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// maxHash is how many values the decoder hashes in one message because of references in keys. A few bytes can make a tuple of
// tuples that takes for ever to hash: (t, t), where t is such a tuple too.
const maxHash = 1 << 22

// longName is up to which length keys are kept for the next time.
const longName = 24

// key reads a key of a dict or set. It isn't ready to be hashed if it refers to a container that isn't complete, or if
// an entry before it wasn't ready, since entries keep their order.
func (d *Decoder) key(into starlark.Value) (k starlark.Value, ready bool, err error) {
	if b := d.data[d.pos:d.end]; len(b) > 0 && isShort(b[0]) && len(d.late) == 0 {
		d.pos++
		b, err = d.take(int(b[0] & msgpcode.FixedStrMask))
		if err != nil {
			return nil, false, err
		}
		return d.name(b), true, nil
	}
	outer, first, follows := d.lowest, len(d.refs), d.follows
	d.lowest = math.MaxInt
	k, err = d.Value()
	if err != nil {
		return nil, false, err
	}
	if d.follows > follows && !d.weigh(k) {
		return nil, false, d.errorf("a key with too many values")
	}
	ready = d.lowest >= first && (len(d.late) == 0 || !d.waits(into))
	d.lowest = min(d.lowest, outer)
	return k, ready, nil
}

// name is b as a string. Keys come again and again, so it is often there already.
func (d *Decoder) name(b []byte) starlark.Value {
	n := uint(len(b))
	if n == 0 || n > longName {
		return starlark.String(b)
	}
	at := &d.names[(uint(b[0])*7+uint(b[n/2])*3+uint(b[n-1])+n)%uint(len(d.names))]
	if s, ok := (*at).(starlark.String); !ok || string(s) != string(b) {
		*at = starlark.String(b)
	}
	return *at
}

// weigh reports whether the message may hash k too.
func (d *Decoder) weigh(k starlark.Value) bool {
	if d.hashed++; d.hashed > maxHash {
		return false
	}
	switch k := k.(type) {
	case starlark.Tuple:
		for _, x := range k {
			if !d.weigh(x) {
				return false
			}
		}
	case *starlarkstruct.Struct:
		for _, x := range k.Entries() {
			if !d.weigh(x) {
				return false
			}
		}
	}
	return true
}

// waits reports whether into has a late insertion. Those of one container are not always next to each other, but
// messages that have any are rare.
func (d *Decoder) waits(into starlark.Value) bool {
	for i := range d.late {
		if d.late[i].into == into {
			return true
		}
	}
	return false
}
