package mp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Limits are what the scripts in a worker process may use. Zero fields do not limit. Those of a task hold for each task anew; a process that
// a task starts has the same limits for its whole life. Where there is any limit, os.kill reaches the process itself and those below it only.
type Limits struct {
	// Memory is how many bytes of private memory the process may have, with what the interpreter needs itself, about 10 MiB, at least MinMemory:
	// the system refuses more (RLIMIT_DATA), and before it comes to that the collector works harder. What a program has only reserved when it
	// starts is not counted. Shared memory is limited for the whole family.
	// A program linked with cgo needs a larger one: there each thread's stack counts 8 MiB.
	Memory    int64
	CPU       time.Duration // processor time of a task
	Steps     uint64        // steps of the interpreter that a task may take
	Time      time.Duration // from the beginning of a task to its end
	OpenFiles int           // descriptors of the process, with about 10 that the interpreter needs itself (RLIMIT_NOFILE)
	Processes int           // that may exist below the process at a time, negative for none; other programs may not be started then
	Output    int64         // bytes that a task may write to standard output and standard error
}

// MinMemory is the least that Limits.Memory can be.
const MinMemory = 64 << 20

// Limit names one of the Limits.
type Limit string

// The limits.
const (
	LimitMemory    Limit = "memory"
	LimitCPU       Limit = "CPU time"
	LimitSteps     Limit = "steps"
	LimitTime      Limit = "time"
	LimitOpenFiles Limit = "open files"
	LimitProcesses Limit = "processes"
	LimitOutput    Limit = "output"
	LimitShared    Limit = "shared memory" // the family's, see Options.SharedMemory
)

// limitEnd is the end of a task that its caller wants no more. It is no limit that anybody sees.
const limitEnd Limit = "end"

// LimitError says that a script has used more of something than it may.
type LimitError struct {
	Limit Limit
	Max   string // the limit's value, as text
	Pos   string // where the script was, as file:line, empty if that is not known; of a process that has died of memory, where it was shortly before

	stack starlark.CallStack
}

func (e *LimitError) Error() string {
	s := fmt.Sprintf("limit exceeded: %s (%s)", e.Limit, e.Max)
	if e.Pos != "" {
		s += " at " + e.Pos
	}
	return s
}

// ExceptionClass returns the name of the exception class that scripts see.
func (e *LimitError) ExceptionClass() string { return "multiprocessing.ProcessError" }

// Unwrap returns the script's call stack, as a *starlark.EvalError, where it is known.
func (e *LimitError) Unwrap() error {
	if len(e.stack) == 0 {
		return nil
	}
	return &starlark.EvalError{Msg: e.Error(), CallStack: e.stack}
}

// NewLimitError makes the error of a script that err ended, which says where that was.
func NewLimitError(limit Limit, most string, err error) *LimitError {
	e := &LimitError{Limit: limit, Max: most}
	var eval *starlark.EvalError
	if errors.As(err, &eval) {
		e.stack = eval.CallStack
		for _, fr := range eval.CallStack {
			if fr.Pos.Line > 0 {
				e.Pos = fmt.Sprintf("%s:%d", fr.Pos.Filename(), fr.Pos.Line)
			}
		}
	}
	return e
}

// max is the value of a limit as text.
func (l *Limits) max(limit Limit) string {
	switch limit {
	case LimitMemory:
		return bytesText(l.Memory)
	case LimitCPU:
		return l.CPU.String()
	case LimitSteps:
		return strconv.FormatUint(l.Steps, 10)
	case LimitTime:
		return l.Time.String()
	case LimitOpenFiles:
		return strconv.Itoa(l.OpenFiles)
	case LimitProcesses:
		return strconv.Itoa(max(l.Processes, 0))
	case LimitOutput:
		return bytesText(l.Output)
	}
	return ""
}

// bytesText is n bytes in the largest unit that gives a whole number.
func bytesText(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB"}
	i := 0
	for ; i < len(units)-1 && n >= 1024 && n%1024 == 0; i++ {
		n /= 1024
	}
	return fmt.Sprintf("%d %s", n, units[i])
}

// check finds what cannot be.
func (l *Limits) check() error {
	switch {
	case l.Memory != 0 && l.Memory < MinMemory:
		return wire.Errorf("ValueError", "Limits.Memory is %s, must be at least %s", bytesText(l.Memory), bytesText(MinMemory))
	case l.CPU < 0 || l.Time < 0 || l.OpenFiles < 0 || l.Output < 0:
		return wire.Errorf("ValueError", "Limits: a negative limit: %+v", *l)
	case l.OpenFiles != 0 && l.OpenFiles < 16:
		return wire.Errorf("ValueError", "Limits.OpenFiles is %d, must be at least 16", l.OpenFiles)
	}
	return nil
}

// numbers are the limits for a bundle.
func (l *Limits) numbers() [7]int64 {
	return [7]int64{l.Memory, int64(l.CPU), int64(l.Steps), int64(l.Time), int64(l.OpenFiles), int64(l.Processes), l.Output}
}

// encodeLimits writes l, which may be nil.
func encodeLimits(e *wire.Encoder, l *Limits) {
	e.Bool(l != nil)
	if l != nil {
		for _, n := range l.numbers() {
			e.Int(n)
		}
	}
}

func decodeLimits(d *wire.Decoder) (*Limits, error) {
	there, err := d.Bool()
	if err != nil || !there {
		return nil, err
	}
	var n [7]int64
	for i := range n {
		if n[i], err = d.Int(); err != nil {
			return nil, err
		}
	}
	return &Limits{Memory: n[0], CPU: time.Duration(n[1]), Steps: uint64(n[2]), Time: time.Duration(n[3]), OpenFiles: int(n[4]), Processes: int(n[5]), Output: n[6]}, nil
}

// A LimitError travels as the texts that make it up, each after its length; it must not need the script lock. So does no exception.

func (e *LimitError) append(dst []byte) []byte {
	text := func(s string) {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
		dst = append(dst, s...)
	}
	text(string(e.Limit))
	text(e.Max)
	text(e.Pos)
	stack := e.stack
	const most = 200 // frames at either end
	if len(stack) > 2*most {
		stack = append(stack[:most:most], stack[len(stack)-most:]...)
	}
	for _, fr := range stack {
		if fr.Pos.Line > 0 {
			text(fr.Name)
			text(fr.Pos.Filename())
			text(fmt.Sprintf("%d:%d", fr.Pos.Line, fr.Pos.Col))
		}
	}
	return dst
}

func parseLimitError(b []byte) *LimitError {
	var texts []string
	for len(b) >= 4 {
		n := binary.LittleEndian.Uint32(b)
		b = b[4:]
		if uint64(n) > uint64(len(b)) {
			break
		}
		texts = append(texts, string(b[:n]))
		b = b[n:]
	}
	if len(texts) < 3 {
		return &LimitError{}
	}
	e := &LimitError{Limit: Limit(texts[0]), Max: texts[1], Pos: texts[2]}
	for t := texts[3:]; len(t) >= 3; t = t[3:] {
		line, col, _ := strings.Cut(t[2], ":")
		l, _ := strconv.ParseInt(line, 10, 32)
		c, _ := strconv.ParseInt(col, 10, 32)
		e.stack = append(e.stack, starlark.CallFrame{Name: t[0], Pos: syntax.MakePosition(&t[1], int32(l), int32(c))})
	}
	return e
}
