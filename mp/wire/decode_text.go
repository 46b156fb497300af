package wire

import "github.com/vmihailenco/msgpack/v5/msgpcode"

// longText is the size of strings that are worth keeping a message for.
const longText = 32 << 10

// keep is b, which has just been read, as a string.
func (d *Decoder) keep(b []byte) string {
	if len(b) >= longText && len(b) >= len(d.text)/2 && d.text != "" {
		d.kept = true
		return d.text[d.pos-len(b) : d.pos]
	}
	return string(b)
}

// blockSize is how much memory one short string can keep from being collected.
const blockSize = 1 << 10

// short is b, which has just been read, as a string. Where another one follows they become parts of a copy of what is to come: one
// piece of memory for many.
func (d *Decoder) short(b []byte) string {
	from := d.pos - len(b)
	if i := from - d.blockAt; i+len(b) <= len(d.block) {
		return d.block[i : i+len(b)]
	}
	if d.pos == d.end || !isShort(d.data[d.pos]) {
		return string(b)
	}
	d.block, d.blockAt = string(d.data[from:min(from+blockSize, d.end)]), from
	return d.block[:len(b)]
}

// isShort reports whether c is the code of a short string.
func isShort(c byte) bool { return c >= msgpcode.FixedStrLow && c <= msgpcode.FixedStrHigh }
