package mp

import (
	"encoding/binary"
	"errors"
	"net"
	"slices"

	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
)

// A socket that other processes have too reads nothing ahead, so that each message goes to whoever receives it. What it has read
// ahead before goes into a queue that all of them look into first: an item is leftMessage and a whole message, or leftPart and the
// beginning of one, whose rest is still in the socket.
const (
	leftMessage = 'm'
	leftPart    = 'p'
)

func (s *socket) kind() linkKind { return socketLink }

func (s *socket) encode(e *wire.Encoder) error {
	if err := s.rt.ticketFor(&s.ticket, s.c); err != nil {
		return err
	}
	s.exact.Store(true)
	select {
	case s.reading <- struct{}{}:
		err := s.spill()
		<-s.reading
		if err != nil {
			return err
		}
	default: // who reads does it
	}
	s.rt.encodeTicket(e, s.ticket)
	left := s.left.Load()
	e.Bool(left != nil)
	if left != nil {
		e.Handle(wire.Handle(left.Handle()))
	}
	return nil
}

// decodeSocket is a socket that another process has sent.
func (rt *Runtime) decodeSocket(d *wire.Decoder) (link, error) {
	f, err := rt.fetchTicket(d)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	has, err := d.Bool()
	if err != nil {
		return nil, err
	}
	var left *prim.Queue
	if has {
		if left, err = decodeHandle(rt, d, prim.OpenQueue); err != nil {
			return nil, err
		}
	}
	c, err := net.FileConn(f)
	if err != nil {
		if left != nil {
			left.Close()
		}
		return nil, socketError(err)
	}
	s := rt.newSocket(c)
	s.exact.Store(true)
	s.left.Store(left)
	return s, nil
}

// spill moves what has been read ahead to where the others find it. The caller is the one that reads.
func (s *socket) spill() error {
	for len(s.in) > 0 {
		item, size := []byte{leftPart}, len(s.in)
		if head, n, ok := messageSize(s.in); ok && len(s.in)-head >= n {
			item, size = []byte{leftMessage}, head+n
			item = append(item, s.in[head:size]...)
		} else {
			item = append(item, s.in...)
		}
		left := s.left.Load()
		if left == nil {
			var err error
			if left, err = prim.NewQueue(s.rt.member, 0); err != nil {
				return scriptError(err)
			}
			s.left.Store(left)
		}
		if err := left.Put(item, nil, prim.Opt{NoWait: true}); err != nil {
			return scriptError(err)
		}
		s.consume(size)
	}
	return nil
}

// messageSize reads the length of a message and that of its head, if they are there.
func messageSize(in []byte) (head, n int, ok bool) {
	if len(in) < 4 {
		return 0, 0, false
	}
	if n := int32(binary.BigEndian.Uint32(in)); n != -1 {
		return 4, int(n), n >= 0
	}
	if len(in) < 12 {
		return 0, 0, false
	}
	long := int64(binary.BigEndian.Uint64(in[4:]))
	return 12, int(long), long >= 0
}

// leftover takes the oldest message that was read ahead by somebody, if there is one. Of the beginning of one, which it may
// find, it takes over the reading. The caller is the one that reads, and has nothing yet.
func (s *socket) leftover(most int) (data []byte, ok bool, err error) {
	left := s.left.Load()
	if left == nil {
		return nil, false, nil
	}
	msg, err := left.Get(prim.Opt{NoWait: true})
	switch {
	case errors.Is(err, prim.ErrQueueEmpty):
		return nil, false, nil
	case err != nil:
		return nil, false, scriptError(err)
	case len(msg.Data) == 0:
		return nil, false, errors.New("BUG: empty leftover of a socket")
	case msg.Data[0] == leftPart:
		s.in = slices.Clone(msg.Data[1:])
		s.has.Store(1)
		return nil, false, nil
	case most >= 0 && len(msg.Data)-1 > most:
		return nil, false, errTooLong
	}
	return msg.Data[1:], true, nil
}

// hasLeftover reports whether a message was read ahead.
func (s *socket) hasLeftover() bool {
	left := s.left.Load()
	return left != nil && left.Len() > 0
}

// readyExact is ready for a socket that reads nothing ahead. Another process may be faster than a reader that is told so.
func (s *socket) readyExact() bool {
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	default: // somebody reads, and takes what comes
		return false
	}
	if len(s.in) > 0 || s.end != nil || s.readable() {
		return true
	}
	s.has.Store(0)
	return false
}
