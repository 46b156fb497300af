package stdlib

import (
	"slices"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// queueModule makes the members of the module queue: the exceptions of all queues, and queues for the threads of one process. Scripts
// can't derive from them. https://docs.python.org/3.13/library/queue.html
func (l *Lib) queueModule() starlark.StringDict {
	members := starlark.StringDict{
		"Empty":    l.Exception("queue.Empty"),
		"Full":     l.Exception("queue.Full"),
		"ShutDown": l.moduleException("queue.ShutDown", "Exception"),
	}
	for _, name := range []string{"Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"} {
		t := &nativeType{module: "queue", name: name, methods: threadQueueMethods}
		t.is = func(v starlark.Value) bool {
			q, ok := v.(*threadQueue)
			return ok && (q.kind == name || name == "Queue" && q.kind != "SimpleQueue")
		}
		switch name {
		case "SimpleQueue":
			t.methods = simpleQueueMethods
		case "LifoQueue", "PriorityQueue":
			t.bases = []string{"queue.Queue"}
		}
		t.make = func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			q := &threadQueue{lib: l, kind: name, items: new(starlark.List)}
			if name == "SimpleQueue" {
				return q, argCount(name, args, kwargs, 0, 0)
			}
			return q, bind(name+".__init__", args, kwargs, "maxsize?", &q.maxsize)
		}
		members[name] = t
	}
	return members
}

// threadQueue is a queue for the threads of one process, which is not sent to others. All of it is guarded by the script lock.
type threadQueue struct {
	lib        *Lib
	kind       string
	maxsize    int
	items      *starlark.List // the first one out: of a Queue at head, of a LifoQueue the last, of a PriorityQueue as in heapq
	head       int            // items before it are gone
	unfinished int            // put, and not yet told to be done
	down       bool           // by shutdown
	busy       bool           // a PriorityQueue compares items, and a script's __lt__ may let other threads run

	getters, putters, joiners, sorters waiting
}

// waiting are the threads that wait for the same, the longest first: channels that are closed to wake them.
type waiting []chan struct{}

func (w *waiting) wake(n int) {
	for ; n > 0 && len(*w) > 0; n-- {
		close((*w)[0])
		*w = (*w)[1:]
	}
}

var _ starlark.HasAttrs = (*threadQueue)(nil)

func (q *threadQueue) String() string {
	return "<queue." + q.kind + " object at " + hexAddress(q) + ">"
}
func (q *threadQueue) Type() string          { return q.kind }
func (q *threadQueue) Truth() starlark.Bool  { return true }
func (q *threadQueue) Freeze()               {} // what threads share stays usable
func (q *threadQueue) Hash() (uint32, error) { return pointerHash(q), nil }

// Attr implements starlark.HasAttrs.
func (q *threadQueue) Attr(name string) (starlark.Value, error) {
	if q.kind == "SimpleQueue" {
		return simpleQueueMethods().bound(q, name), nil
	}
	switch name {
	case "maxsize":
		return starlark.MakeInt(q.maxsize), nil
	case "unfinished_tasks":
		return starlark.MakeInt(q.unfinished), nil
	case "is_shutdown":
		return starlark.Bool(q.down), nil
	}
	return threadQueueMethods().bound(q, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (q *threadQueue) AttrNames() []string {
	if q.kind == "SimpleQueue" {
		return simpleQueueMethods().names()
	}
	return append([]string{"is_shutdown", "maxsize", "unfinished_tasks"}, threadQueueMethods().names()...)
}

var threadQueueTable, simpleQueueTable methodTable

func threadQueueMethods() *methodTable { return threadQueueTable.fill(threadQueueFunctions) }

func simpleQueueMethods() *methodTable {
	return simpleQueueTable.fill(func() map[string]goFunc {
		all := threadQueueFunctions()
		for _, name := range []string{"full", "join", "shutdown", "task_done"} {
			delete(all, name)
		}
		return all
	})
}

func threadQueueFunctions() map[string]goFunc {
	about := func(name string, f func(q *threadQueue) (starlark.Value, error)) goFunc {
		return method(func(q *threadQueue, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount(name, args, kwargs, 0, 0); err != nil {
				return nil, err
			}
			return f(q)
		})
	}
	return map[string]goFunc{
		"empty": about("empty", func(q *threadQueue) (starlark.Value, error) { return starlark.Bool(q.len() == 0), nil }),
		"full":  about("full", func(q *threadQueue) (starlark.Value, error) { return starlark.Bool(q.isFull()), nil }),
		"qsize": about("qsize", func(q *threadQueue) (starlark.Value, error) { return starlark.MakeInt(q.len()), nil }),
		"get": method(func(q *threadQueue, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var block, timeout starlark.Value = starlark.True, starlark.None
			if err := bind("get", args, kwargs, "block?", &block, "timeout?", &timeout); err != nil {
				return nil, err
			}
			return q.get(thread, bool(block.Truth()), timeout)
		}),
		"get_nowait": method(func(q *threadQueue, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount("get_nowait", args, kwargs, 0, 0); err != nil {
				return nil, err
			}
			return q.get(thread, false, starlark.None)
		}),
		"put": method(func(q *threadQueue, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var item starlark.Value
			var block, timeout starlark.Value = starlark.True, starlark.None
			if err := bind("put", args, kwargs, "item", &item, "block?", &block, "timeout?", &timeout); err != nil {
				return nil, err
			}
			return starlark.None, q.put(thread, item, bool(block.Truth()), timeout)
		}),
		"put_nowait": method(func(q *threadQueue, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var item starlark.Value
			if err := bind("put_nowait", args, kwargs, "item", &item); err != nil {
				return nil, err
			}
			return starlark.None, q.put(thread, item, false, starlark.None)
		}),
		"join": method(func(q *threadQueue, thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount("join", args, kwargs, 0, 0); err != nil {
				return nil, err
			}
			_, err := q.await(thread, &q.joiners, true, starlark.None, func() bool { return q.unfinished == 0 })
			return starlark.None, err
		}),
		"task_done": about("task_done", func(q *threadQueue) (starlark.Value, error) {
			if q.unfinished == 0 {
				return nil, wire.Errorf("ValueError", "task_done() called too many times")
			}
			if q.unfinished--; q.unfinished == 0 {
				q.joiners.wake(len(q.joiners))
			}
			return starlark.None, nil
		}),
		"shutdown": method((*threadQueue).shutdown),
	}
}

func (q *threadQueue) len() int     { return q.items.Len() - q.head }
func (q *threadQueue) isFull() bool { return q.maxsize > 0 && q.len() >= q.maxsize }

// await blocks until ready, for as long as block and timeout say. It reports whether it is ready.
func (q *threadQueue) await(thread *starlark.Thread, w *waiting, block bool, timeout starlark.Value, ready func() bool) (bool, error) {
	left, deadline := time.Duration(-1), time.Time{}
	if block && timeout != starlark.None {
		d, err := duration(timeout)
		if err != nil {
			return false, err
		}
		if d < 0 {
			return false, wire.Errorf("ValueError", "'timeout' must be a non-negative number")
		}
		deadline = time.Now().Add(d)
	}
	for !ready() {
		if !block {
			return false, nil
		}
		if !deadline.IsZero() {
			if left = time.Until(deadline); left <= 0 {
				return false, nil
			}
		}
		if err := q.wait(thread, w, left); err != nil {
			return false, err
		}
	}
	return true, nil
}

// wait blocks until woken, or until d has passed unless it is negative.
func (q *threadQueue) wait(thread *starlark.Thread, w *waiting, d time.Duration) error {
	woken := make(chan struct{})
	*w = append(*w, woken)
	err := q.lib.cfg.Wait(thread, woken, d)
	if i := slices.Index(*w, woken); i >= 0 {
		*w = slices.Delete(*w, i, i+1)
		close(woken) // nobody waits for it any more
	} else if err != nil {
		w.wake(1) // what this one was woken for is another's
	}
	return err
}

// idle waits until no thread compares items of a PriorityQueue.
func (q *threadQueue) idle(thread *starlark.Thread) error {
	_, err := q.await(thread, &q.sorters, true, starlark.None, func() bool { return !q.busy })
	return err
}

func (q *threadQueue) get(thread *starlark.Thread, block bool, timeout starlark.Value) (starlark.Value, error) {
	if err := q.idle(thread); err != nil {
		return nil, err
	}
	ok, err := q.await(thread, &q.getters, block, timeout, func() bool { return !q.busy && (q.len() > 0 || q.down) })
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, wire.Errorf("queue.Empty", "")
	case q.len() == 0:
		return nil, wire.Errorf("queue.ShutDown", "")
	}
	var v starlark.Value
	switch q.kind {
	case "PriorityQueue":
		if err = q.sort(func(h *listHeap) {
			if v, h.err = h.popLast(); h.err == nil && h.list.Len() > 0 {
				v, h.err = h.replace(v)
			}
		}); err != nil {
			return nil, err
		}
	case "LifoQueue":
		if v, err = (&listHeap{lib: q.lib, list: q.items}).popLast(); err != nil {
			return nil, err
		}
	default:
		v = q.takeFirst()
	}
	q.putters.wake(1)
	return v, nil
}

// takeFirst takes the first item. The list is made anew when half of it is gone.
func (q *threadQueue) takeFirst() starlark.Value {
	v := q.items.Index(q.head)
	_ = q.items.SetIndex(q.head, starlark.None) // nobody else has the list: can't fail
	if q.head++; q.head > 32 && q.head > q.items.Len()/2 || q.head == q.items.Len() {
		q.items, q.head = q.items.Slice(q.head, q.items.Len(), 1).(*starlark.List), 0
	}
	return v
}

func (q *threadQueue) put(thread *starlark.Thread, item starlark.Value, block bool, timeout starlark.Value) error {
	if q.down {
		return wire.Errorf("queue.ShutDown", "")
	}
	if q.maxsize <= 0 {
		block, timeout = true, starlark.None // it has room
	}
	if err := q.idle(thread); err != nil {
		return err
	}
	ok, err := q.await(thread, &q.putters, block, timeout, func() bool { return !q.busy && (!q.isFull() || q.down) })
	switch {
	case err != nil:
		return err
	case !ok:
		return wire.Errorf("queue.Full", "")
	case q.down:
		return wire.Errorf("queue.ShutDown", "")
	}
	if q.kind == "PriorityQueue" {
		err = q.sort(func(h *listHeap) {
			if h.err = h.list.Append(item); h.err == nil {
				h.down(0, h.list.Len()-1)
			}
		})
	} else {
		err = q.items.Append(item)
	}
	if err == nil {
		q.unfinished++
		q.getters.wake(1)
	}
	return err
}

// sort runs f on the heap of a PriorityQueue, which must be idle.
func (q *threadQueue) sort(f func(h *listHeap)) error {
	q.busy = true
	h := &listHeap{lib: q.lib, list: q.items}
	f(h)
	q.busy = false
	q.sorters.wake(len(q.sorters))
	q.getters.wake(1)
	q.putters.wake(1)
	return h.err
}

// shutdown is shutdown(immediate=False): put raises ShutDown from now on, and get where nothing is left.
func (q *threadQueue) shutdown(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var immediate starlark.Value = starlark.False
	if err := bind("shutdown", args, kwargs, "immediate?", &immediate); err != nil {
		return nil, err
	}
	q.down = true
	if bool(immediate.Truth()) {
		q.unfinished = max(0, q.unfinished-q.len())
		q.items, q.head = new(starlark.List), 0
		q.joiners.wake(len(q.joiners))
	}
	q.getters.wake(len(q.getters))
	q.putters.wake(len(q.putters))
	return starlark.None, nil
}
