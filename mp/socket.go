package mp

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// socket is the link of a connection between a Client and a Listener.
//
// A message is its length, as 4 bytes in network order, and its bytes; a length that does not fit 31 bits is -1 followed by
// the length as 8 bytes. That is CPython's format, so that bytes can be exchanged with its programs. Values are in
// the form of package wire.
type socket struct {
	rt *Runtime
	c  net.Conn

	reading chan struct{} // has room for one: who has put something in reads
	in      []byte        // what has been received and is not consumed; guarded by reading
	end     error         // why no more will come; guarded by reading
	has     atomic.Uint32 // 1 if there is something in in or end; a futex word

	exact  atomic.Bool                // nothing is read ahead any more, since others have the socket; see socket_shared.go
	left   atomic.Pointer[prim.Queue] // what was read ahead before; nil for nothing
	ticket *ticket                    // nil if this process has sent it to no other; guarded by the script lock

	writing sync.Mutex // a message goes out in one piece
	//lint:ignore U1000 for systems where a connection's descriptor has no number, see socket_peek_other.go
	number numbered
}

// waitFor says how long an operation on a socket may take.
type waitFor struct {
	deadline time.Time // zero: no limit
	cancel   *Cancel   // may be nil
}

// past is a deadline that ends a pending operation.
var past = time.Unix(1, 0)

const largestRead = 1 << 20 // bytes in one go: a length on the wire is not trusted before its bytes are there

func (rt *Runtime) newSocket(c net.Conn) *socket {
	return &socket{rt: rt, c: c, reading: make(chan struct{}, 1)}
}

func (rt *Runtime) wrapSocket(s *socket) *Connection { return rt.newConnection(s, true, true) }

// fill reads until there are n bytes or the end has come. The caller is the one that reads. The errors are futex.ErrTimeout and
// futex.ErrCanceled.
func (s *socket) fill(n int, w waitFor) error {
	for len(s.in) < n && s.end == nil {
		want := min(max(n-len(s.in), 4096), largestRead)
		s.in = slices.Grow(s.in, want)
		room := s.in[len(s.in):cap(s.in)]
		if s.exact.Load() {
			room = room[:min(n-len(s.in), want)]
		}
		got, err := s.readOnce(room, w)
		s.took(got, nil)
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded):
			s.took(0, err)
		case w.cancel != nil && w.cancel.Canceled():
			return futex.ErrCanceled
		case !w.deadline.IsZero() && !time.Now().Before(w.deadline):
			return futex.ErrTimeout
		}
	}
	return nil
}

func (s *socket) readOnce(p []byte, w waitFor) (int, error) {
	s.c.SetReadDeadline(w.deadline)
	if w.cancel != nil {
		defer w.cancel.Notify(func() { s.c.SetReadDeadline(past) })()
	}
	return s.c.Read(p)
}

// took notes that n bytes came, or an end.
func (s *socket) took(n int, end error) {
	s.in, s.end = s.in[:len(s.in)+n], end
	if n > 0 || end != nil {
		s.has.Store(1)
		futex.Wake(&s.has, futex.All)
	}
}

// consume drops the first n bytes.
func (s *socket) consume(n int) {
	rest := s.in[n:]
	if cap(s.in) > largestRead {
		s.in = nil
	}
	s.in = append(s.in[:0], rest...)
	if len(s.in) == 0 && s.end == nil {
		s.has.Store(0)
	}
}

// receive reads a message of up to most bytes, any number if most is negative.
func (s *socket) receive(most int, w waitFor) ([]byte, error) {
	s.reading <- struct{}{}
	defer func() { <-s.reading }()
	if s.exact.Load() {
		defer s.spill() // what was read before the socket was sent
		if len(s.in) == 0 {
			if data, ok, err := s.leftover(most); ok || err != nil {
				return data, err
			}
		}
	}
	head, size := 4, 0
	if err := s.want(head, 0, w); err != nil {
		return nil, err
	}
	n := int64(int32(binary.BigEndian.Uint32(s.in)))
	if n == -1 {
		head = 12
		if err := s.want(head, 4, w); err != nil {
			return nil, err
		}
		n = int64(binary.BigEndian.Uint64(s.in[4:]))
	}
	if n < 0 || n > math.MaxInt32<<10 || most >= 0 && n > int64(most) {
		s.consume(head)
		return nil, errTooLong
	}
	size = int(n)
	if err := s.want(head+size, head, w); err != nil {
		return nil, err
	}
	data := slices.Clone(s.in[head : head+size])
	s.consume(head + size)
	return data, nil
}

// want fills up to n bytes. An end after have bytes is one between messages, or between a length and its message, as CPython has it.
func (s *socket) want(n, have int, w waitFor) error {
	if err := s.fill(n, w); err != nil {
		return err
	}
	switch {
	case len(s.in) >= n:
		return nil
	case s.end == io.EOF && len(s.in) > have:
		return wire.Errorf("OSError", "got end of file during message")
	}
	return s.end
}

// transmit writes a message.
func (s *socket) transmit(data []byte, w waitFor) error {
	var head []byte
	if len(data) > math.MaxInt32 {
		head = binary.BigEndian.AppendUint32(nil, math.MaxUint32)
		head = binary.BigEndian.AppendUint64(head, uint64(len(data)))
	} else {
		head = binary.BigEndian.AppendUint32(make([]byte, 0, 4+min(len(data), 16<<10)), uint32(len(data)))
	}
	parts := net.Buffers{head, data}
	if len(data) <= 16<<10 {
		parts = net.Buffers{append(head, data...)}
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.c.SetWriteDeadline(w.deadline)
	if w.cancel != nil {
		defer w.cancel.Notify(func() { s.c.SetWriteDeadline(past) })()
	}
	_, err := parts.WriteTo(s.c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.c.Close() // half a message may be out: nobody could make sense of what would follow
		if w.cancel != nil && w.cancel.Canceled() {
			return futex.ErrCanceled
		}
		return futex.ErrTimeout
	}
	return err
}

// block runs f without the script lock.
func (s *socket) block(thread *starlark.Thread, f func(w waitFor) error) error {
	cancel, _ := thread.Local(CancelKey).(*Cancel)
	var err error
	s.rt.host.Block(thread, func() { err = f(waitFor{cancel: cancel}) })
	return socketError(err)
}

func (s *socket) send(thread *starlark.Thread, data []byte, handles []arena.Handle) error {
	if len(handles) > 0 {
		var err error
		if data, err = s.rt.parcel(data, handles); err != nil {
			return err
		}
	}
	return s.block(thread, func(w waitFor) error { return s.transmit(data, w) })
}

func (s *socket) recv(thread *starlark.Thread, most int) (prim.Msg, error) {
	var data []byte
	err := s.block(thread, func(w waitFor) (err error) {
		data, err = s.receive(most, w)
		return err
	})
	if err != nil {
		return prim.Msg{}, err
	}
	return s.rt.unparcel(data)
}

func (s *socket) close() {
	s.rt.closeShared(s.ticket, s.c.Close)
	if left := s.left.Load(); left != nil {
		left.Close()
	}
}

func (s *socket) ready() bool {
	if s.exact.Load() {
		return s.hasLeftover() || s.readyExact()
	}
	if s.has.Load() == 1 {
		return true
	}
	select {
	case s.reading <- struct{}{}:
		s.peek()
		<-s.reading
	default: // somebody reads, and takes what comes
	}
	return s.has.Load() == 1
}

func (s *socket) awaited() prim.Awaited {
	return prim.AwaitWord(&s.has, func() bool { return s.has.Load() == 1 })
}

// watch reads in the background, into the buffer.
func (s *socket) watch() (stop func()) {
	var cancel Cancel
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s.reading <- struct{}{}:
			if s.exact.Load() {
				s.awaitReadable(&cancel)
			} else {
				s.fill(1, waitFor{cancel: &cancel})
			}
			<-s.reading
		case <-quit:
		}
	}()
	return func() {
		close(quit)
		cancel.Cancel()
		<-done
	}
}

// socketError is what a script sees of an error of package net or of an operation on a socket.
func socketError(err error) error {
	var errno syscall.Errno
	var dns *net.DNSError
	switch {
	case err == nil, errors.Is(err, futex.ErrCanceled):
		return scriptError(err)
	case errors.Is(err, io.EOF):
		return wire.Errorf("EOFError", "")
	case errors.Is(err, net.ErrClosed):
		return errHandleClosed
	case errors.As(err, &errno):
		return errno // the script library has CPython's class and words for it
	case errors.As(err, &dns):
		return wire.Errorf("OSError", "[Errno -2] Name or service not known: %s", dns.Name)
	}
	return err
}
