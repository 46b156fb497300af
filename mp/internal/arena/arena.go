package arena

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// ErrFull is returned when the arena has no free cell or chunk left. The error that wraps it says of what.
var ErrFull = errors.New("shared arena is full")

// ErrSlots is returned when the process table is full.
var ErrSlots = errors.New("too many processes")

// ErrBelow is returned when a process has as many below it as it may.
var ErrBelow = errors.New("process limit")

// ErrStale is returned for a handle whose object is gone.
var ErrStale = errors.New("object no longer exists")

// ErrKind is returned for a handle of an object of another kind.
var ErrKind = errors.New("object is of another kind")

// ErrLeft is returned by methods of a Member that has left.
var ErrLeft = errors.New("process is leaving the family")

// Options say how large an arena is. The zero value means the defaults.
type Options struct {
	Size  int64 // bytes in all; 0: STARMP_ARENA, else half of the machine's memory
	Slots int   // processes; 0: as many as fit the size, up to 1024
	Cells int   // objects; 0: one for each 16 KiB, from 64 up to 1,048,576
}

// An Arena is the shared memory of a family, as mapped into this process. Its methods may be called from any goroutine.
type Arena struct {
	mem  []byte
	file *os.File // nil for Go memory

	head   *header
	slots  []Slot
	cells  []Cell
	metas  []atomic.Uint64
	chunks unsafe.Pointer

	dropped runtime.Cleanup // unmaps an arena that nobody can reach

	cellSet, warmSet, coldSet freeSet
}

type mapped struct {
	mem []byte
	f   *os.File
}

// New makes an arena. It does not block. Only memory that is used costs anything, whatever the size. Close gives it back when the
// last process that has it has closed it or ended.
func New(o Options) (*Arena, error) {
	z, err := o.sizes()
	if err != nil {
		return nil, err
	}
	for {
		f, mem, err := create(int64(z.size))
		if err == nil {
			a := &Arena{mem: mem, file: f}
			a.format(z)
			// A program may make many families. Close is for who knows that nothing of this one is used any more.
			a.dropped = runtime.AddCleanup(a, func(m mapped) { errors.Join(unmap(m.mem), m.f.Close()) }, mapped{mem, f})
			return a, nil
		}
		// Half of the memory is a guess. Where a limit on address space stands against it, guess lower.
		if !z.guessed || z.size < 64<<20 || !outOfSpace(err) {
			return nil, fmt.Errorf("arena of %d bytes: %w", z.size, err)
		}
		o.Size = int64(z.size / 2)
		if z, err = o.sizes(); err != nil {
			return nil, err
		}
		z.guessed = true
	}
}

// NewHeap makes an arena of Go memory. Only this process can be in it, playing several members: for tests, and for the race
// detector, which sees nothing of mapped memory.
func NewHeap(o Options) (*Arena, error) {
	if o.Size == 0 {
		o.Size = 8 << 20
	}
	z, err := o.sizes()
	if err != nil {
		return nil, err
	}
	words := make([]uint64, z.size/8+ChunkSize/8)
	mem := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(mem))) % pageSize
	a := &Arena{mem: mem[skip:][:z.size:z.size]}
	a.format(z)
	return a, nil
}

// Attach maps the arena in f, which a parent has passed on. The Arena owns f from then on, unless there is an error: f is not
// an arena, is of another version, or has been cut.
func Attach(f *os.File) (*Arena, error) {
	z, err := readHeader(f)
	if err != nil {
		return nil, fmt.Errorf("attach to arena: %w", err)
	}
	mem, err := mapFile(f, int64(z.size))
	if err != nil {
		return nil, fmt.Errorf("attach to arena of %d bytes: %w", z.size, err)
	}
	a := &Arena{mem: mem, file: f}
	a.regions(z)
	return a, nil
}

// File is the file to pass to a child, which attaches to it; nil for Go memory. The Arena owns it.
func (a *Arena) File() *os.File { return a.file }

// Close unmaps the arena. Nothing of it may be used any more: pointers into it, Members, objects. A second Close does nothing.
func (a *Arena) Close() error {
	mem, f := a.mem, a.file
	a.dropped.Stop()
	*a = Arena{}
	if f == nil {
		return nil
	}
	return errors.Join(unmap(mem), f.Close())
}

// format writes the header of a new arena.
func (a *Arena) format(z sizes) {
	h := (*header)(unsafe.Pointer(unsafe.SliceData(a.mem)))
	h.version = layoutVersion
	h.slots, h.cells, h.chunks, h.size = z.slots, z.cells, z.chunks, z.size
	h.slotOff, h.cellOff, h.cellHint, h.metaOff = z.slotOff, z.cellOff, z.cellHint, z.metaOff
	h.warmOff, h.coldOff, h.chunkOff = z.warmOff, z.coldOff, z.chunkOff
	h.magic.Store(magic)
	a.regions(z)
}

// regions finds the parts of the mapped memory.
func (a *Arena) regions(z sizes) {
	base := unsafe.Pointer(unsafe.SliceData(a.mem))
	a.head = (*header)(base)
	a.slots = unsafe.Slice((*Slot)(unsafe.Add(base, z.slotOff)), z.slots)
	a.cells = unsafe.Slice((*Cell)(unsafe.Add(base, z.cellOff)), z.cells)
	a.metas = unsafe.Slice((*atomic.Uint64)(unsafe.Add(base, z.metaOff)), z.chunks)
	a.chunks = unsafe.Add(base, z.chunkOff)
	set := func(off uint64, n uint32, top *atomic.Uint32) freeSet {
		words := (n + 63) / 64
		tops := (words + 63) / 64
		return freeSet{
			tops:  unsafe.Slice((*atomic.Uint64)(unsafe.Add(base, off)), tops),
			words: unsafe.Slice((*atomic.Uint64)(unsafe.Add(base, off+8*uint64(tops))), words),
			n:     n,
			top:   top,
		}
	}
	a.cellSet = set(z.cellHint, z.cells, &a.head.cellTop)
	a.warmSet = set(z.warmOff, z.chunks, nil)
	a.coldSet = set(z.coldOff, z.chunks, &a.head.chunkTop)
}

// offset is the place of a word of the arena, the same in every process.
func (a *Arena) offset(w *atomic.Uint32) uint64 {
	off := uint64(uintptr(unsafe.Pointer(w)) - uintptr(unsafe.Pointer(unsafe.SliceData(a.mem))))
	if off >= uint64(len(a.mem)) {
		panic("BUG: arena: word is not in the arena")
	}
	return off
}

// word is the inverse of offset.
func (a *Arena) word(off uint64) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&a.mem[off&^3]))
}
