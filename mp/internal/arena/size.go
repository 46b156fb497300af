package arena

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"strconv"
	"strings"
)

const (
	minSize     = 1 << 20
	defaultSize = 1 << 30 // where the machine's memory is not known

	// sizeEnv overrides the default size: bytes, or a number with K, M, G or T.
	sizeEnv = "STARMP_ARENA"
)

// sizes are the numbers of things in an arena and the places of its regions.
type sizes struct {
	size                 uint64
	slots, cells, chunks uint32
	guessed              bool // nobody asked for this size

	slotOff, cellOff, cellHint, metaOff, warmOff, coldOff, chunkOff uint64
}

// sizes works out the regions of an arena.
func (o Options) sizes() (sizes, error) {
	var z sizes
	switch env := os.Getenv(sizeEnv); {
	case o.Size != 0:
		z.size = uint64(max(o.Size, 0))
	case env != "":
		n, err := parseSize(env)
		if err != nil {
			return z, fmt.Errorf("%s: %w", sizeEnv, err)
		}
		z.size = n
	default:
		z.guessed = true
		z.size = physicalMemory() / 2
		if z.size == 0 {
			z.size = defaultSize
		}
	}
	if limit := uint64(1) << 30; bits.UintSize == 32 && z.size > limit {
		z.size = limit
	}
	z.size &^= ChunkSize - 1
	if z.size < minSize || z.size > 1<<40 {
		return z, fmt.Errorf("arena of %d bytes: size must be from %d (1M) to %d (1T)", z.size, minSize, int64(1)<<40)
	}
	z.slots = clip(uint64(o.Slots), z.size/(64<<10), 16, maxSlots)
	z.cells = clip(uint64(o.Cells), z.size/(16<<10), 64, 1<<20)
	z.place()
	if z.chunkOff+4*ChunkSize > z.size {
		return z, fmt.Errorf("arena of %d bytes has no room for %d processes and %d objects", z.size, z.slots, z.cells)
	}
	return z, nil
}

// clip is n, or fallback where n is 0, within limits.
func clip(n, fallback, least, most uint64) uint32 {
	if n == 0 {
		n = max(fallback, least)
	}
	return uint32(min(n, most))
}

// place lays out the regions for size, slots and cells.
func (z *sizes) place() {
	page := func(n uint64) uint64 { return (n + pageSize - 1) &^ (pageSize - 1) }
	hints := func(n uint64) uint64 { words := (n + 63) / 64; return page(8 * (words + (words+63)/64)) }
	most := z.size / ChunkSize // as if all were chunks: a little room is wasted
	z.slotOff = headerSize
	z.cellOff = page(z.slotOff + uint64(z.slots)*slotSize)
	z.cellHint = page(z.cellOff + uint64(z.cells)*cellSize)
	z.metaOff = z.cellHint + hints(uint64(z.cells))
	z.warmOff = z.metaOff + page(8*most)
	z.coldOff = z.warmOff + hints(most)
	z.chunkOff = (z.coldOff + hints(most) + ChunkSize - 1) &^ (ChunkSize - 1)
	z.chunks = 0
	if z.chunkOff < z.size {
		z.chunks = uint32((z.size - z.chunkOff) / ChunkSize)
	}
}

// parseSize reads a number of bytes such as 500000, 64M or 2G.
func parseSize(s string) (uint64, error) {
	digits, shift := s, 0
	if s != "" {
		if i := strings.IndexByte("KMGT", s[len(s)-1]&^0x20); i >= 0 {
			digits, shift = s[:len(s)-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n > 1<<62>>shift {
		return 0, fmt.Errorf("%q is not a size such as 512M or 4G", s)
	}
	return n << shift, nil
}

// readHeader reads what format wrote, without trusting it.
func readHeader(f *os.File) (sizes, error) {
	var z sizes
	var b [40]byte
	if _, err := f.ReadAt(b[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			return z, fmt.Errorf("%s is not an arena: too short", f.Name())
		}
		return z, err
	}
	word := func(off int) uint32 { return binary.NativeEndian.Uint32(b[off:]) }
	if binary.NativeEndian.Uint64(b[:]) != magic {
		return z, fmt.Errorf("%s is not an arena", f.Name())
	}
	if v := word(8); v != layoutVersion {
		return z, fmt.Errorf("layout version %d, this program has %d", v, layoutVersion)
	}
	z.slots, z.cells, z.size = word(12), word(16), binary.NativeEndian.Uint64(b[24:])
	info, err := f.Stat()
	if err != nil {
		return z, err
	}
	if z.size > 1<<40 || uint64(info.Size()) != z.size {
		return z, fmt.Errorf("%s has %d bytes, its header says %d", f.Name(), info.Size(), z.size)
	}
	if z.slots > maxSlots || z.cells > 1<<20 {
		return z, fmt.Errorf("%s: header says %d processes and %d objects", f.Name(), z.slots, z.cells)
	}
	z.place()
	if z.chunks == 0 || z.chunks != word(20) {
		return z, fmt.Errorf("%s: header says %d chunks, not %d", f.Name(), word(20), z.chunks)
	}
	return z, nil
}
