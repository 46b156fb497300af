package mp

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/starmp/starmp/mp/internal/arena"
	"github.com/starmp/starmp/mp/internal/prim"
	"github.com/starmp/starmp/mp/wire"
)

// sharing hands sockets to other processes of the family. A message cannot carry a descriptor, so it carries a ticket: where the sender
// serves, and a key. The receiver connects there, each side proves that it knows the key, and the descriptor is sent along (SCM_RIGHTS). Then
// both processes have the same socket, as after CPython's dup. See "How does a socket travel?" in RATIONALE.md.
//
// A socket whose Connection is closed stays open as long as a message on its way has its ticket, and the sender lives.
type sharing struct {
	mu       sync.Mutex
	ln       net.Listener             // guarded by mu; nil before the first ticket
	stopped  bool                     // guarded by mu
	tickets  map[arena.Handle]*ticket // guarded by mu
	sweeping bool                     // guarded by mu: a goroutine looks after the closed ones
	served   bool                     // guarded by mu: since it looked last
}

// ticket stands for a socket of this process that messages carry.
type ticket struct {
	cell *prim.Event // only its handle matters, which messages on their way are counted by
	key  [32]byte
	sock syscall.Conn
	end  func() error // closes the socket; nil while its Connection or Listener is open; guarded by sharing.mu
}

const (
	sharePatience = 10 * time.Second // for each transfer
	shareMany     = 64               // transfers at one time
)

// ticketFor is *t, made if there is none yet, which stands for sock. The caller has the script lock.
func (rt *Runtime) ticketFor(t **ticket, sock any) error {
	if *t != nil {
		return nil
	}
	conn, ok := sock.(syscall.Conn)
	if !ok || !canShare {
		return wire.Errorf("TypeError", "sockets cannot be sent to other processes on this system")
	}
	sh := &rt.sharing
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.stopped {
		return wire.Errorf("RuntimeError", "cannot send a socket: the process is ending")
	}
	if err := rt.serveLocked(); err != nil {
		return socketError(err)
	}
	cell, err := prim.NewEvent(rt.member)
	if err != nil {
		return scriptError(err)
	}
	made := &ticket{cell: cell, sock: conn}
	rand.Read(made.key[:])
	sh.tickets[cell.Handle()] = made
	*t = made
	return nil
}

// serveLocked starts to serve. sharing.mu must be held.
func (rt *Runtime) serveLocked() error {
	sh := &rt.sharing
	if sh.ln != nil {
		return nil
	}
	var b [16]byte
	rand.Read(b[:])
	addr := "@starmp-" + hex.EncodeToString(b[:]) // no file that would outlive the process
	if runtime.GOOS != "linux" {
		addr = filepath.Join(os.TempDir(), addr[1:])
	}
	ln, err := net.Listen("unix", addr)
	if err != nil {
		return err
	}
	sh.ln, sh.tickets = ln, map[arena.Handle]*ticket{}
	go func() {
		room := make(chan struct{}, shareMany)
		for {
			c, err := ln.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				time.Sleep(time.Millisecond) // no descriptors left, say
				continue
			}
			room <- struct{}{}
			go func() {
				defer func() { c.Close(); <-room }()
				rt.handOver(c.(*net.UnixConn))
			}()
		}
	}()
	return nil
}

// handOver serves one receiver. What goes wrong, the receiver sees as an end of file.
func (rt *Runtime) handOver(c *net.UnixConn) {
	s, w := rt.newSocket(c), waitFor{deadline: time.Now().Add(sharePatience)}
	id, err := s.receive(8, w)
	if err != nil || len(id) != 8 {
		return
	}
	sh := &rt.sharing
	sh.mu.Lock()
	t := sh.tickets[arena.Handle(binary.BigEndian.Uint64(id))]
	sh.mu.Unlock()
	if t == nil || deliverChallenge(s, t.key[:], w) != nil || answerChallenge(s, t.key[:], w) != nil {
		return
	}
	if sendDescriptor(c, t.sock) == nil {
		sh.mu.Lock()
		sh.served = true
		sh.mu.Unlock()
	}
}

// fetchSocket gets the socket of a ticket from its process, as a file that the caller owns.
func (rt *Runtime) fetchSocket(h arena.Handle, addr string, key []byte) (f *os.File, err error) {
	get := func() {
		var c net.Conn
		if c, err = net.DialTimeout("unix", addr, sharePatience); err != nil {
			return
		}
		defer c.Close()
		deadline := time.Now().Add(sharePatience)
		s, w := rt.newSocket(c), waitFor{deadline: deadline}
		if err = s.transmit(binary.BigEndian.AppendUint64(nil, uint64(h)), w); err == nil {
			err = answerChallenge(s, key, w)
		}
		if err == nil {
			err = deliverChallenge(s, key, w)
		}
		if err == nil {
			c.SetReadDeadline(deadline)
			f, err = receiveDescriptor(c.(*net.UnixConn))
		}
	}
	if thread := rt.host.Current(); thread != nil {
		rt.host.Block(thread, get)
	} else {
		get()
	}
	if err != nil {
		return nil, wire.Errorf("ConnectionRefusedError", "received a socket that its sender cannot hand over any more, probably because it has ended: %v", err)
	}
	return f, nil
}

// closeShared closes a socket by calling end, at once if t, its ticket, is nil or not on its way.
func (rt *Runtime) closeShared(t *ticket, end func() error) {
	if t == nil {
		end()
		return
	}
	sh := &rt.sharing
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if t.end != nil {
		return
	}
	t.end = end
	if rt.dropTicketLocked(t) {
		end()
		return
	}
	if !sh.sweeping {
		sh.sweeping = true
		go rt.sweepTickets()
	}
}

// dropTicketLocked forgets a ticket that is in no message. sharing.mu must be held.
func (rt *Runtime) dropTicketLocked(t *ticket) bool {
	h := t.cell.Handle()
	// A message that is being received counts as a use of its receiver, which may be this process.
	if m := rt.member; !rt.sharing.stopped && (m.Uses(h) > 1 || !m.Sole(h)) {
		return false
	}
	delete(rt.sharing.tickets, h)
	t.cell.Close()
	return true
}

// sweepTickets closes the sockets whose Connections are closed when no message has their tickets any more. Soon after a transfer that is likely, so it
// looks often then, and ever less often otherwise.
func (rt *Runtime) sweepTickets() {
	const least, most = 200 * time.Microsecond, 100 * time.Millisecond
	sh := &rt.sharing
	for pause := least; ; pause = min(2*pause, most) {
		var ends []func() error
		left := false
		sh.mu.Lock()
		for _, t := range sh.tickets {
			switch {
			case t.end == nil:
			case rt.dropTicketLocked(t):
				ends = append(ends, t.end)
			default:
				left = true
			}
		}
		if sh.served {
			sh.served, pause = false, least
		}
		sh.sweeping = left
		sh.mu.Unlock()
		for _, end := range ends {
			end()
		}
		if !left {
			return
		}
		time.Sleep(pause)
	}
}

// stop ends the service, when no process is left that could want something.
func (sh *sharing) stop() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.stopped = true
	if sh.ln != nil {
		sh.ln.Close()
	}
}

// encodeTicket writes what fetchTicket reads.
func (rt *Runtime) encodeTicket(e *wire.Encoder, t *ticket) {
	e.Handle(wire.Handle(t.cell.Handle()))
	e.String(rt.sharing.ln.Addr().String())
	e.Bytes(t.key[:])
}

// fetchTicket reads a ticket and returns its socket, as a file that the caller owns.
func (rt *Runtime) fetchTicket(d *wire.Decoder) (*os.File, error) {
	h, err := d.Handle()
	if err != nil {
		return nil, err
	}
	addr, err := d.String()
	if err != nil {
		return nil, err
	}
	key, err := d.Bytes()
	if err != nil {
		return nil, err
	}
	if len(key) != len(ticket{}.key) {
		return nil, fmt.Errorf("bad message: ticket of a socket")
	}
	if _, err := rt.mem(); err != nil {
		return nil, err
	}
	return rt.fetchSocket(arena.Handle(h), addr, key)
}
