package stdlib

import (
	"go.starlark.net/starlark"
)

// queueModule makes the members of the module queue: the exceptions of multiprocessing's queues. https://docs.python.org/3/library/queue.html
func (l *Lib) queueModule() starlark.StringDict {
	return starlark.StringDict{
		"Empty": l.Exception("queue.Empty"),
		"Full":  l.Exception("queue.Full"),
	}
}
