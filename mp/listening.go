package mp

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"go.starlark.net/starlark"
)

// listening is a socket that listens. Clients are let in only while somebody wants one (an accept, a wait). Each then shows its key
// at its own pace, beside the others, so that one that sends nothing holds up nobody: after authPatience it is dropped
// without a word. All others, let in or refused, are arrivals, which accept returns one by one.
type listening struct {
	rt   *Runtime
	ln   net.Listener
	key  []byte // nil: everybody is let in
	path string // of a Unix socket that is a file, in the process that made it

	ticket *ticket // nil if this process has sent it to no other; guarded by the script lock

	mu       sync.Mutex
	wanted   int           // how many want an arrival; guarded by mu
	letting  bool          // clients are let in by a goroutine; guarded by mu
	arrivals []arrival     // guarded by mu
	closed   bool          // guarded by mu
	has      atomic.Uint32 // counts changes of arrivals and closed; a futex word
}

// arrival is a client that was let in, or why it was not.
type arrival struct {
	s   *socket
	err error
}

const (
	authPatience = 10 * time.Second
	authMany     = 64 // clients that show their keys at one time
)

// deadliner is a net.Listener whose Accept can be ended.
type deadliner interface{ SetDeadline(time.Time) error }

// want has clients let in until unwant.
func (l *listening) want() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wanted++; l.wanted == 1 {
		l.ln.(deadliner).SetDeadline(time.Time{})
		if !l.letting && !l.closed {
			l.letting = true
			go l.letIn()
		}
	}
}

func (l *listening) unwant() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wanted--; l.wanted == 0 {
		l.ln.(deadliner).SetDeadline(past)
	}
}

// done reports whether nobody wants more clients; then the goroutine that lets them in must end.
func (l *listening) done() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.letting = l.wanted > 0 && !l.closed
	return !l.letting
}

func (l *listening) letIn() {
	room := make(chan struct{}, authMany)
	for !l.done() {
		c, err := l.ln.Accept()
		switch {
		case err == nil && l.key == nil:
			l.arrive(arrival{s: l.rt.newSocket(c)})
		case err == nil:
			room <- struct{}{}
			go func() {
				l.authenticate(l.rt.newSocket(c))
				<-room
			}()
		case isTimeout(err):
			// Nobody wants clients, or somebody does again.
		default:
			l.arrive(arrival{err: err})
			time.Sleep(time.Millisecond) // no descriptors left, say
		}
	}
}

func isTimeout(err error) bool {
	t, ok := err.(net.Error)
	return ok && t.Timeout()
}

func (l *listening) authenticate(s *socket) {
	w := waitFor{deadline: time.Now().Add(authPatience)}
	err := deliverChallenge(s, l.key, w)
	if err == nil {
		err = answerChallenge(s, l.key, w)
	}
	if err == nil {
		l.arrive(arrival{s: s})
		return
	}
	s.close()
	if err != futex.ErrTimeout {
		l.arrive(arrival{err: err})
	}
}

func (l *listening) arrive(a arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		if a.s != nil {
			a.s.close()
		}
		return
	}
	l.arrivals = append(l.arrivals, a)
	l.changed()
}

func (l *listening) changed() {
	l.has.Add(1)
	futex.Wake(&l.has, futex.All)
}

// take takes the oldest arrival. ok is false if there is none; a listener that is closed has errors without end.
func (l *listening) take() (a arrival, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return arrival{err: errListenerClosed}, true
	}
	if len(l.arrivals) == 0 {
		return a, false
	}
	a = l.arrivals[0]
	l.arrivals = append(l.arrivals[:0], l.arrivals[1:]...)
	return a, true
}

// accept waits for an arrival.
func (l *listening) accept(thread *starlark.Thread) (*socket, error) {
	l.want()
	defer l.unwant()
	for {
		if a, ok := l.take(); ok {
			return a.s, socketError(a.err)
		}
		if _, err := l.rt.await(thread, []source{l}, seconds{}); err != nil {
			return nil, err
		}
	}
}

func (l *listening) ready() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.arrivals) > 0 || l.closed
}

func (l *listening) awaited() prim.Awaited { return prim.AwaitWord(&l.has, l.ready) }

func (l *listening) watch() (stop func()) {
	l.want()
	return l.unwant
}

func (l *listening) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// close ends the listening, and the connections that nobody has accepted. Closing twice does nothing.
func (l *listening) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	l.rt.closeShared(l.ticket, l.ln.Close)
	if l.path != "" {
		os.Remove(l.path)
		l.rt.forgetPath(l.path)
	}
	for _, a := range l.arrivals {
		if a.s != nil {
			a.s.close()
		}
	}
	l.arrivals = nil
	l.changed()
}
