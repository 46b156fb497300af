package stdlib

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// queueModule is the module queue: the exceptions of multiprocessing's queues. https://docs.python.org/3/library/queue.html
func (l *Lib) queueModule() *starlarkstruct.Module {
	return &starlarkstruct.Module{Name: "queue", Members: starlark.StringDict{
		"Empty": l.Exception("queue.Empty"),
		"Full":  l.Exception("queue.Full"),
	}}
}
