package mp

import (
	"encoding/binary"
	"fmt"
	"time"
)

// A task begins with 16 bytes that its worker has in its slot's task words from the instant the message leaves the
// queue until the result is in the other one, so that the death of a worker costs exactly the task it names.
// All numbers are little-endian.
//
//	 0 uint64 job, 0 for "stop", or for "look whether you are to leave" where the chunk is chunkLook
//	 8 uint32 number of the chunk within the job
//	12 uint32 taskKind
//	16 int64  nanoseconds that each call of the function may take, 0 for no limit
//	24 uint32 length of the encoded function
//	28 function, then arguments: a list of items, or for taskApply a tuple (args, kwargs)
//
// A result is the job, the chunk, a resultKind, 3 bytes of nothing, and an encoded value.
//
// Another task word, wordStage, says how far the worker has come: stageInit while it runs the initializer, stageReady then.
type task struct {
	job   uint64
	chunk uint32
	kind  uint32
	limit time.Duration
	fn    []byte
	args  []byte
}

const (
	chunkLook = 1
	wordStage = 3
)

const (
	stageStart uint64 = iota
	stageInit
	stageReady
)

const (
	taskApply   uint32 = iota // f(*args, **kwargs)
	taskMap                   // [f(x) for x in items]
	taskStarmap               // [f(*x) for x in items]
)

const (
	taskHead   = 28
	resultHead = 16
)

const (
	resultValue   byte = iota
	resultError        // the exception
	resultUnfit        // the initializer's exception: this worker, and so the pool, cannot work
	resultOverdue      // the limit, as in a task: the task has not ended in time, and cannot be stopped but by the worker's end
	resultLimit        // a LimitError: the task has exceeded a limit of its process
	resultOrphans      // sent by the pool to itself: the worker in the slot named by chunk has died, see Pool.buried
)

func (t *task) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, t.job)
	dst = binary.LittleEndian.AppendUint32(dst, t.chunk)
	dst = binary.LittleEndian.AppendUint32(dst, t.kind)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(t.limit))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(t.fn)))
	return append(dst, t.fn...)
}

func parseTask(b []byte) (task, error) {
	if len(b) < taskHead {
		return task{}, fmt.Errorf("BUG: pool task of %d bytes", len(b))
	}
	n := binary.LittleEndian.Uint32(b[24:])
	if uint64(len(b)) < taskHead+uint64(n) {
		return task{}, fmt.Errorf("BUG: pool task of %d bytes with a function of %d", len(b), n)
	}
	return task{
		job:   binary.LittleEndian.Uint64(b),
		chunk: binary.LittleEndian.Uint32(b[8:]),
		kind:  binary.LittleEndian.Uint32(b[12:]),
		limit: time.Duration(binary.LittleEndian.Uint64(b[16:])),
		fn:    b[taskHead : taskHead+n],
		args:  b[taskHead+n:],
	}, nil
}

func appendResult(dst []byte, job uint64, chunk uint32, kind byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, job)
	dst = binary.LittleEndian.AppendUint32(dst, chunk)
	return append(dst, kind, 0, 0, 0)
}

func parseResult(b []byte) (job uint64, chunk uint32, kind byte) {
	return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:]), b[12]
}

func appendOverdue(dst []byte, t *task) []byte {
	return binary.LittleEndian.AppendUint64(appendResult(dst, t.job, t.chunk, resultOverdue), uint64(t.limit))
}

// parseOverdue is the error that the body of a resultOverdue stands for.
func parseOverdue(b []byte) error {
	return overdue(time.Duration(binary.LittleEndian.Uint64(b)), nil)
}
