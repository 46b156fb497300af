//go:build !unix

package mp

import "time"

// peek reads what is there, and waits a moment for it: there is no portable way to read without.
func (s *socket) peek() { s.fill(1, waitFor{deadline: time.Now().Add(time.Millisecond)}) }

// fileno is a number that no other connection has.
func (s *socket) fileno() (int, error) { return s.number.fileno() }

// Nobody else has a socket here.
func (s *socket) readable() bool        { return true }
func (s *socket) awaitReadable(*Cancel) {}
