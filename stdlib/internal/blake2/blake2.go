// Package blake2 has the hash functions BLAKE2b and BLAKE2s of RFC 7693, with keys and digests of any length. golang.org/x/crypto has them
// in assembly, and with that a look at the processor's features, which costs each process 5,000 bytes and 0.06 ms at its start (GODEBUG=inittrace=1).
package blake2

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

var sigma = [10][16]uint8{
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
}

var iv = [8]uint64{
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
}

// digest is either function: words are 64 bits of BLAKE2b, or the low 32 of BLAKE2s.
type digest struct {
	small bool // BLAKE2s
	size  int
	key   []byte
	h     [8]uint64
	block [128]byte
	n     int    // bytes in block, which is worked on when more come
	total uint64 // bytes worked on
}

// NewB returns BLAKE2b with a digest of 1 to 64 bytes and a key of at most 64.
func NewB(size int, key []byte) hash.Hash { return start(false, size, key) }

// NewS returns BLAKE2s with a digest of 1 to 32 bytes and a key of at most 32.
func NewS(size int, key []byte) hash.Hash { return start(true, size, key) }

func start(small bool, size int, key []byte) hash.Hash {
	d := &digest{small: small, size: size, key: key}
	d.Reset()
	return d
}

// Clone returns a copy of a hash of this package in its present state.
func Clone(h hash.Hash) hash.Hash {
	d := *h.(*digest)
	return &d
}

func (d *digest) Size() int { return d.size }
func (d *digest) BlockSize() int {
	if d.small {
		return 64
	}
	return 128
}

func (d *digest) Reset() {
	d.h = iv
	if d.small {
		for i := range d.h {
			d.h[i] >>= 32
		}
	}
	d.h[0] ^= 0x01010000 ^ uint64(len(d.key))<<8 ^ uint64(d.size)
	d.n, d.total, d.block = 0, 0, [128]byte{}
	if len(d.key) > 0 {
		copy(d.block[:], d.key)
		d.n = d.BlockSize()
	}
}

func (d *digest) Write(p []byte) (int, error) {
	size := d.BlockSize()
	n := len(p)
	for len(p) > 0 {
		if d.n == size {
			d.total += uint64(size)
			d.compress(false)
			d.n = 0
		}
		k := copy(d.block[d.n:size], p)
		d.n += k
		p = p[k:]
	}
	return n, nil
}

func (d *digest) Sum(b []byte) []byte {
	e := *d
	clear(e.block[e.n:])
	e.total += uint64(e.n)
	e.compress(true)
	var out [64]byte
	for i, w := range e.h {
		if e.small {
			binary.LittleEndian.PutUint32(out[4*i:], uint32(w))
		} else {
			binary.LittleEndian.PutUint64(out[8*i:], w)
		}
	}
	return append(b, out[:e.size]...)
}

func (d *digest) compress(last bool) {
	if d.small {
		d.compressS(last)
		return
	}
	var m, v [16]uint64
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(d.block[8*i:])
	}
	copy(v[:], d.h[:])
	copy(v[8:], iv[:])
	v[12] ^= d.total
	if last {
		v[14] = ^v[14]
	}
	mix := func(a, b, c, e int, x, y uint64) {
		v[a] += v[b] + x
		v[e] = bits.RotateLeft64(v[e]^v[a], -32)
		v[c] += v[e]
		v[b] = bits.RotateLeft64(v[b]^v[c], -24)
		v[a] += v[b] + y
		v[e] = bits.RotateLeft64(v[e]^v[a], -16)
		v[c] += v[e]
		v[b] = bits.RotateLeft64(v[b]^v[c], -63)
	}
	for r := range 12 {
		s := &sigma[r%10]
		for i := range 4 {
			mix(i, 4+i, 8+i, 12+i, m[s[2*i]], m[s[2*i+1]])
		}
		for i := range 4 {
			mix(i, 4+(i+1)%4, 8+(i+2)%4, 12+(i+3)%4, m[s[8+2*i]], m[s[9+2*i]])
		}
	}
	for i := range d.h {
		d.h[i] ^= v[i] ^ v[i+8]
	}
}

func (d *digest) compressS(last bool) {
	var m, v [16]uint32
	for i := range m {
		m[i] = binary.LittleEndian.Uint32(d.block[4*i:])
	}
	for i := range 8 {
		v[i], v[i+8] = uint32(d.h[i]), uint32(iv[i]>>32)
	}
	v[12] ^= uint32(d.total)
	v[13] ^= uint32(d.total >> 32)
	if last {
		v[14] = ^v[14]
	}
	mix := func(a, b, c, e int, x, y uint32) {
		v[a] += v[b] + x
		v[e] = bits.RotateLeft32(v[e]^v[a], -16)
		v[c] += v[e]
		v[b] = bits.RotateLeft32(v[b]^v[c], -12)
		v[a] += v[b] + y
		v[e] = bits.RotateLeft32(v[e]^v[a], -8)
		v[c] += v[e]
		v[b] = bits.RotateLeft32(v[b]^v[c], -7)
	}
	for r := range 10 {
		s := &sigma[r]
		for i := range 4 {
			mix(i, 4+i, 8+i, 12+i, m[s[2*i]], m[s[2*i+1]])
		}
		for i := range 4 {
			mix(i, 4+(i+1)%4, 8+(i+2)%4, 12+(i+3)%4, m[s[8+2*i]], m[s[9+2*i]])
		}
	}
	for i := range d.h {
		d.h[i] ^= uint64(v[i] ^ v[i+8])
	}
}
