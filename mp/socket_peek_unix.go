//go:build unix

package mp

import (
	"io"
	"slices"
	"syscall"
	"time"
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

// fileno is the socket's descriptor.
func (s *socket) fileno() (int, error) {
	raw, err := s.c.(syscall.Conn).SyscallConn()
	n := -1
	if err == nil {
		err = raw.Control(func(fd uintptr) { n = int(fd) })
	}
	return n, socketError(err)
}
