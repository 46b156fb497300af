//go:build unix

package mp

import (
	"io"
	"slices"
	"syscall"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
)

// peek reads what is there, without waiting. The caller is the one that reads.
func (s *socket) peek() {
	raw, err := s.c.(syscall.Conn).SyscallConn()
	if err != nil {
		return
	}
	s.c.SetReadDeadline(time.Time{})
	s.in = slices.Grow(s.in, 4096)
	raw.Read(func(fd uintptr) bool {
		n, err := syscall.Read(int(fd), s.in[len(s.in):cap(s.in)])
		switch {
		case err == syscall.EAGAIN || err == syscall.EINTR:
		case err != nil:
			s.took(0, err)
		case n == 0:
			s.took(0, io.EOF)
		default:
			s.took(n, nil)
		}
		return true
	})
}

// readable reports whether a read would not wait, without reading.
func (s *socket) readable() bool {
	raw, err := s.c.(syscall.Conn).SyscallConn()
	if err != nil {
		return true // the read says so
	}
	s.c.SetReadDeadline(time.Time{})
	ready := true
	raw.Read(func(fd uintptr) bool {
		ready = peekable(fd)
		return true
	})
	return ready
}

// awaitReadable waits until a read would not wait, or cancel fires, and has it noticed.
func (s *socket) awaitReadable(cancel *Cancel) {
	raw, err := s.c.(syscall.Conn).SyscallConn()
	if err != nil {
		return
	}
	s.c.SetReadDeadline(time.Time{})
	defer cancel.Notify(func() { s.c.SetReadDeadline(past) })()
	if raw.Read(peekable) == nil {
		s.has.Store(1)
		futex.Wake(&s.has, futex.All)
	}
}

func peekable(fd uintptr) bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
	return err != syscall.EAGAIN && err != syscall.EINTR
}

// fileno is the socket's descriptor.
func (s *socket) fileno() (int, error) {
	raw, err := s.c.(syscall.Conn).SyscallConn()
	n := -1
	if err == nil {
		err = raw.Control(func(fd uintptr) { n = int(fd) })
	}
	return n, socketError(err)
}
