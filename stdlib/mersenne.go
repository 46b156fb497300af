package stdlib

import (
	"crypto/rand"
	"encoding/binary"
	"math/big"
	"math/bits"
)

// mersenne is the generator MT19937 of Matsumoto and Nishimura, seeded and read out as CPython does it: the same seed gives
// the same numbers. The zero value is seeded from the system at its first use, so each process draws its own.
type mersenne struct {
	state [stateLen]uint32
	next  int // of state, stateLen when all are used up
	ready bool
}

const (
	stateLen  = 624
	statePeer = 397
)

// seedWords seeds with a key of any length, which must not be empty.
func (m *mersenne) seedWords(key []uint32) {
	m.state[0] = 19650218
	for i := 1; i < stateLen; i++ {
		prev := m.state[i-1]
		m.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	i, j := 1, 0
	step := func(factor, add uint32, minus bool) {
		prev := m.state[i-1]
		mixed := m.state[i] ^ (prev^prev>>30)*factor
		if minus {
			m.state[i] = mixed - uint32(i)
		} else {
			m.state[i] = mixed + add + uint32(j)
		}
		if i++; i == stateLen {
			m.state[0] = m.state[stateLen-1]
			i = 1
		}
	}
	for range max(stateLen, len(key)) {
		step(1664525, key[j], false)
		if j++; j == len(key) {
			j = 0
		}
	}
	for range stateLen - 1 {
		step(1566083941, 0, true)
	}
	m.state[0] = 1 << 31
	m.next = stateLen
	m.ready = true
}

// seedInt seeds with the absolute value of x.
func (m *mersenne) seedInt(x *big.Int) {
	data := x.Bytes() // big end first
	key := make([]uint32, max(1, (len(data)+3)/4))
	for i, b := range data {
		at := len(data) - 1 - i
		key[at/4] |= uint32(b) << (at % 4 * 8)
	}
	m.seedWords(key)
}

// seedSystem seeds with the system's randomness.
func (m *mersenne) seedSystem() {
	data := make([]byte, 4*stateLen)
	rand.Read(data) // ends the program rather than fail
	key := make([]uint32, stateLen)
	for i := range key {
		key[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	m.seedWords(key)
}

func (m *mersenne) uint32() uint32 {
	if !m.ready {
		m.seedSystem()
	}
	if m.next == stateLen {
		m.refill()
	}
	y := m.state[m.next]
	m.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (m *mersenne) refill() {
	for i := range m.state {
		y := m.state[i]&(1<<31) | m.state[(i+1)%stateLen]&(1<<31-1)
		m.state[i] = m.state[(i+statePeer)%stateLen] ^ y>>1 ^ (y&1)*0x9908b0df
	}
	m.next = 0
}

// float64 is in [0, 1), a multiple of 2**-53.
func (m *mersenne) float64() float64 {
	a, b := m.uint32()>>5, m.uint32()>>6
	return (float64(a)*(1<<26) + float64(b)) / (1 << 53)
}

// bits returns an integer of k random bits, k at least 1.
func (m *mersenne) bits(k int) *big.Int {
	words := (k + 31) / 32
	data := make([]byte, 4*words)
	for i := range words {
		w := m.uint32()
		if left := k - 32*i; left < 32 {
			w >>= 32 - left
		}
		binary.BigEndian.PutUint32(data[4*(words-1-i):], w)
	}
	return new(big.Int).SetBytes(data)
}

// below is a random integer in [0, n).
func (m *mersenne) below(n *big.Int) *big.Int {
	if n.IsInt64() {
		return big.NewInt(m.intBelow(n.Int64()))
	}
	for {
		if r := m.bits(n.BitLen()); r.Cmp(n) < 0 {
			return r
		}
	}
}

// intBelow is a random integer in [0, n).
func (m *mersenne) intBelow(n int64) int64 {
	k := bits.Len64(uint64(n))
	for {
		r := int64(m.uint32())
		if k <= 32 {
			r >>= 32 - k
		} else {
			r |= int64(m.uint32()>>(64-k)) << 32
		}
		if r < n {
			return r
		}
	}
}
