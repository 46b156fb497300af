package arena

import (
	"sync/atomic"
	"unsafe"
)

// The arena is one piece of memory:
//
//	header | process slots | cells | cell hints | chunk metas | chunk hints (warm, cold) | chunks
//
// Each region starts on a page, chunks on a multiple of 64 KiB; the header says where. Words are in the machine's byte
// order. All words start as zero, and zero is a legal state of each.
const (
	magic         = 0x6172_706d_7261_7473 // "starmpra"
	layoutVersion = 4

	headerSize = 4096
	slotSize   = 448
	cellSize   = 256
	pageSize   = 4096

	// ChunkSize is the size of a chunk in bytes.
	ChunkSize = 64 << 10

	maxSlots = 1024
)

// header is the first page. What New writes never changes; the other words have a cache line each.
type header struct {
	magic    atomic.Uint64 // stored last by New: an arena without it is not finished
	version  uint32        // layoutVersion; processes of one family must agree
	slots    uint32        // number of process slots
	cells    uint32        // number of cells
	chunks   uint32        // number of chunks
	size     uint64        // bytes of the whole arena
	slotOff  uint64        // where the regions start, in bytes from the header
	cellOff  uint64
	cellHint uint64
	metaOff  uint64
	warmOff  uint64
	coldOff  uint64
	chunkOff uint64
	_        [40]byte

	// cellTop is the high-water mark: cells from here on were never used. Raised by whoever needs more, never lowered.
	// A death after raising it leaves free cells without a hint, which the reaper restores.
	cellTop atomic.Uint32
	_       [60]byte
	// chunkTop is the same for chunks.
	chunkTop atomic.Uint32
	_        [60]byte
	// warm is about the number of free chunks that keep their pages: a death may leave it one too high, which the
	// reaper corrects.
	warm atomic.Uint32
	_    [60]byte
	// slotTop is the high-water mark of slots. Raised by TakeSlot.
	slotTop atomic.Uint32
	_       [60]byte
	// runTop is the high-water mark of runs, which come from the end of the chunks: so many chunks there were ever in one.
	// Raised by TakeRun before it takes them.
	runTop atomic.Uint32
	_      [60]byte
	// names is a lock word (see Lock) for who looks for objects by name and makes them. Steps under it are whole by
	// themselves, so a death leaves nothing but the lock, which the reaper gives back.
	names atomic.Uint32
}

// Slot states. Legal steps: Free → taken → Starting → Running → Exited → Reaping → Dead → Free, where Starting, Running
// and Exited may be skipped. taken names who is taking it: slotTaken | (parent+1)<<8.
const (
	SlotFree     = 0 // nobody's
	SlotStarting = 1 // taken by its parent, for a process that is not there yet
	SlotRunning  = 2 // its process has begun; stored by that process or its parent
	SlotExited   = 3 // its process has said that it is leaving; optional
	SlotReaping  = 4 // the process is gone and Reaper recovers what it left
	SlotDead     = 5 // recovered; kept until FreeSlot for those who ask for the exit code
	slotTaken    = 0x80
)

// A Slot is a member process's place in the process table: 448 bytes. All words are read by anybody at any time. Who
// writes is said with each; after the process's death its reaper may write all of them. Words keep their values in state
// Dead, and TakeSlot clears them.
type Slot struct {
	// State is one of the Slot constants, a futex word: every change is followed by a wake of all.
	State atomic.Uint32
	// Pid is the process's id, 0 before it is known. Written by the parent or by the process.
	Pid atomic.Uint32
	// Gen counts the uses of this slot. Written by TakeSlot.
	Gen atomic.Uint32
	// parent is the parent's slot + 1, 0 for the root. Written by TakeSlot.
	parent atomic.Uint32
	// ExitCode is valid in state Dead: the status, -N for signal N. Written by Reap.
	ExitCode atomic.Int32
	// Clean is 1 when the process has left in good order and has nothing in hand. Written by Leave.
	Clean atomic.Uint32
	// reaper is the slot + 1 of who recovers or has recovered this slot; a reaper's own reaper finishes its work.
	reaper atomic.Uint32
	// parentGen is the parent's Gen, since the parent's slot may get a new user first. Written by TakeSlot.
	parentGen atomic.Uint32
	// Inbox is a handle for mp's use. Written by the parent before the start, then by the process.
	Inbox atomic.Uint64
	// Interrupts counts the interrupts (SIGINT) that members of the family have asked for, raised before the signal is sent. The process
	// compares it with what it has seen, and so tells them from the terminal's Ctrl-C. Written by anybody.
	Interrupts atomic.Uint32
	// Below is how many processes may exist below this one at a time, plus 1; 0 for no limit. Written by the parent, by the root for itself.
	Below atomic.Uint32
	// Refused counts the processes that Below has refused. Written by anybody.
	Refused atomic.Uint32
	_       [12]byte

	// Task are words for mp's use, the pool's note of the task at hand. Written by the process.
	Task [4]atomic.Uint64
	_    [32]byte

	// pend are the places (offset in the arena) of lock words that threads of this process wait for (pend[:waitPends])
	// or are about to wake waiters of. A death leaves wakes undone or received and unused: the reaper wakes all there.
	pend [8]atomic.Uint64

	wait waitRecord // written by the process
	name text       // written by TakeSlot, SetName
	_    [24]byte
}

// waitRecord says what a process waits for. seq is odd while it is being written; a death then leaves it unreadable, and
// readers take that as "no record".
type waitRecord struct {
	seq   atomic.Uint32
	op    atomic.Uint32
	obj   atomic.Uint64     // handle; 0 and op 0: not waiting
	since atomic.Int64      // Unix nanoseconds
	until atomic.Int64      // Unix nanoseconds, 0 = no timeout
	size  atomic.Uint32     // bytes of pos
	_     uint32            //
	pos   [15]atomic.Uint64 // file:line
}

// text is up to 64 bytes that are replaced as a whole; seq as in waitRecord.
type text struct {
	seq   atomic.Uint32
	size  atomic.Uint32
	words [8]atomic.Uint64
}

// Cell states, in the low byte of Cell.state. A cell is born Free → InHand → Live and dies Live → Freeing → Free.
const (
	cellFree    = 0 // nobody's
	cellInHand  = 1 // being made by the slot in the word; a death leaves a cell to be freed at once
	cellLive    = 2 // an object: at least one holder or flight, or its life lock held by who is about to free it
	cellFreeing = 3 // being taken apart by the slot in the word; a death leaves that to the reaper
)

// A Cell is the fixed part of a shared object: 256 bytes. The first line and the holders belong to this package; W and F
// belong to the object's kind. They are zero in a new cell, and Recover, Free and Check must take that for a legal
// state: a death may come before the kind wrote anything.
type Cell struct {
	// state is state | kind<<8 | (slot+1)<<16 | generation<<32: slot in states InHand and Freeing, else 0.
	// The generation rises when the cell is taken. One word, so that a handle is checked by one load.
	state atomic.Uint64
	// life is a lock word (see Lock) that guards everything below up to W and the holders.
	life atomic.Uint32
	// undo is 1 while a step of the flight count and its caller's progress word is half done: what the two were before
	// is in the following words. Stored last when the step begins, first when it ends. A death leaves it 1 with life
	// held, and the reaper puts both words back.
	undo       atomic.Uint32
	undoOff    atomic.Uint64 // place of the progress word, 0 = none
	undoOld    atomic.Uint32 // what it was
	undoFlight atomic.Uint32 // what flight was
	// flight counts the messages on their way that carry this object's handle.
	flight atomic.Uint32
	_      [28]byte

	// W are the kind's own words.
	W [6]atomic.Uint64
	// F are the kind's own words for futexes and for Lock. After an unclean death the reaper wakes all waiters of the F
	// words of each object that the dead process had, since it may have died between a change and its wake.
	F [4]atomic.Uint32

	// holders has a bit for each slot: the process has the object. Setting and clearing a bit again does no harm, so
	// these need no undo. A death leaves the bit for the reaper to clear.
	holders [maxSlots / 64]atomic.Uint64
}

func packState(state uint64, k Kind, slot uint64, gen uint32) uint64 {
	return state | uint64(k)<<8 | slot<<16 | uint64(gen)<<32
}

func stateOf(s uint64) uint64 { return s & 0xff }
func kindOf(s uint64) Kind    { return Kind(s >> 8) }
func slotOf(s uint64) uint64  { return s >> 16 & 0xffff } // slot + 1
func genOf(s uint64) uint32   { return uint32(s >> 32) }

// A Handle names an object in the arena: generation<<32 | cell. It means the same in every member. A handle whose object
// is gone is an error (ErrStale), never another object. 0 is no object.
type Handle uint64

func makeHandle(cell, gen uint32) Handle { return Handle(gen)<<32 | Handle(cell) }
func (h Handle) cell() uint32            { return uint32(h) }
func (h Handle) gen() uint32             { return uint32(h >> 32) }

// A SlotID is an index into the process table.
type SlotID uint32

// NoSlot is the parent of the root.
const NoSlot SlotID = 1<<32 - 1

// A Chunk is the number of a chunk, from 1 on; 0 is none.
type Chunk uint32

// Chunk states, in the low 4 bits of a chunk's meta word:
//
//	state | (slot+1)<<4 | (cell+1)<<20 | (low 20 bits of the cell's generation)<<44
//
// Who may change it: anybody Cold and Warm, by CAS; the slot InHand; who has the kind's lock Placed.
const (
	chunkCold   = 0 // free, its pages given back or never touched: it reads as zero
	chunkWarm   = 1 // free, its pages kept
	chunkInHand = 2 // the slot's alone, meant for the cell; a death leaves it to be freed, see Ops.Orphan
	chunkPlaced = 3 // part of the cell's structure; a death leaves it there
	chunkState  = 0xf
)

func packMeta(state uint64, slot uint64, h Handle) uint64 {
	if h == 0 {
		return state | slot<<4
	}
	return state | slot<<4 | uint64(h.cell()+1)<<20 | uint64(h.gen())<<44
}

func metaSlot(m uint64) uint64 { return m >> 4 & 0xffff }     // slot + 1
func metaCell(m uint64) uint64 { return m >> 20 & 0xff_ffff } // cell + 1
func metaGen(m uint64) uint32  { return uint32(m >> 44) }

// waiting is set in a lock word that others sleep on; the rest is the holder's slot + 1.
const waiting = 1 << 31

// The layout is a format: a size that is not as documented does not compile.
var (
	_ [unsafe.Sizeof(Slot{}) - slotSize]byte
	_ [slotSize - unsafe.Sizeof(Slot{})]byte
	_ [unsafe.Sizeof(Cell{}) - cellSize]byte
	_ [cellSize - unsafe.Sizeof(Cell{})]byte
	_ [unsafe.Offsetof(Cell{}.W) - 64]byte
	_ [128 - unsafe.Offsetof(Cell{}.holders)]byte
	_ [headerSize - unsafe.Sizeof(header{})]byte
	_ [unsafe.Offsetof(header{}.cellTop) - 128]byte
	_ [128 - unsafe.Offsetof(header{}.cellTop)]byte
)
