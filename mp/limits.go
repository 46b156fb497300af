package mp

import (
	"fmt"
	"time"
)

// Limits are what a process that runs scripts may use. Zero fields do not limit.
type Limits struct {
	Memory    int64         // bytes of the process's own data, what the interpreter needs itself included: at least MinMemory
	CPU       time.Duration // processor time of a task
	Steps     uint64        // steps of the interpreter of a task
	Time      time.Duration // from the beginning of a task to its end
	OpenFiles int           // descriptors, those that the interpreter needs itself included
	Processes int           // below the process, at a time; negative for none
	Output    int64         // bytes that a task may write to standard output and standard error
}

// MinMemory is the least that Limits.Memory may be.
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
)

// LimitError says that a script has used more of something than it may.
type LimitError struct {
	Limit Limit
	Max   string // the limit's value, as text
	Pos   string // where the script was then, as file:line, or near there; empty if that is not known
}

func (e *LimitError) Error() string {
	s := fmt.Sprintf("limit exceeded: %s (%s)", e.Limit, e.Max)
	if e.Pos != "" {
		s += " at " + e.Pos
	}
	return s
}
