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

// listening is a socket that listens. No more clients are let in than somebody wants (an accept, a wait), since other processes
// may accept from the same socket. Each then shows its key at its own pace: one that is slow does not count any more, so
// that one that sends nothing holds up nobody, and after authPatience it is dropped without a word. All others, let
// in or refused, are arrivals, which accept returns one by one.
type listening struct {
	rt   *Runtime
	ln   net.Listener
	key  []byte // nil: everybody is let in
	path string // of a Unix socket that is a file, in the process that made it

	ticket *ticket     // nil if this process has sent it to no other; guarded by the script lock
	shared atomic.Bool // other processes have the socket

	mu       sync.Mutex
	wanted   int           // how many want an arrival; guarded by mu
	letting  bool          // clients are let in by a goroutine; guarded by mu
	fresh    int           // clients that show their keys and are not slow; guarded by mu
	room     sync.Cond     // of mu: there may be room for one more, or the goroutine must end
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
	authSlow     = 50 * time.Millisecond
	sharedSlow   = 2 * time.Second // authSlow where others have the socket: what is let in in vain is lost to them
	authMany     = 64              // clients that show their keys at one time
)

func (rt *Runtime) newListening(ln net.Listener, key []byte) *listening {
	l := &listening{rt: rt, ln: ln, key: key}
	l.room.L = &l.mu
	return l
}

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
	l.room.Signal()
}

func (l *listening) unwant() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wanted--; l.wanted == 0 {
		l.ln.(deadliner).SetDeadline(past)
	}
	l.room.Signal()
}

// another waits until somebody wants one more client. It reports false when nobody wants any; then the goroutine that lets them in
// must end.
func (l *listening) another() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		l.letting = l.wanted > 0 && !l.closed
		if !l.letting || len(l.arrivals)+l.fresh < l.wanted {
			return l.letting
		}
		l.room.Wait()
	}
}

// examine counts a client that shows its key, until the function that examine returns is called or it is slow.
func (l *listening) examine() func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh++
	done := sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.fresh--
		l.room.Signal()
	})
	slow := authSlow
	if l.shared.Load() {
		slow = sharedSlow
	}
	timer := time.AfterFunc(slow, done)
	return func() {
		timer.Stop()
		done()
	}
}

func (l *listening) letIn() {
	room := make(chan struct{}, authMany)
	for l.another() {
		c, err := l.ln.Accept()
		switch {
		case err == nil && l.key == nil:
			l.arrive(arrival{s: l.rt.newSocket(c)})
		case err == nil:
			room <- struct{}{}
			done := l.examine()
			go func() {
				l.authenticate(l.rt.newSocket(c))
				done()
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
	l.room.Signal()
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
	l.room.Signal()
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
