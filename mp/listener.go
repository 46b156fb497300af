package mp

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Listener is multiprocessing.connection.Listener.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.connection.Listener
//
// Unlike CPython's, accept is not held up by a client that connects and sends nothing, and the listener can be given to wait. A client that sends
// nonsense or a wrong key is an error of accept, as in CPython, and the listener goes on.
type Listener struct {
	shared
	l       *listening
	address starlark.Value
	last    starlark.Value // address of the client that was accepted last; guarded by the script lock
}

var (
	_ starlark.HasAttrs   = (*Listener)(nil)
	_ starlark.Comparable = (*Listener)(nil)
)

var errListenerClosed = wire.Errorf("OSError", "listener is closed")

// makeListener is Listener(address=None, family=None, backlog=1, authkey=None). The system has its own idea of the backlog.
func (rt *Runtime) makeListener(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var address, family, authkey starlark.Value = starlark.None, starlark.None, starlark.None
	backlog := 1
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "address?", &address, "family?", &family, "backlog?", &backlog, "authkey?", &authkey); err != nil {
		return nil, err
	}
	key, err := authKey(authkey)
	if err != nil {
		return nil, err
	}
	if !address.Truth() {
		if address, family, err = arbitraryAddress(family); err != nil {
			return nil, err
		}
	}
	l, err := rt.listenAt(address, family, key)
	if err != nil {
		return nil, err
	}
	return rt.wrapListener(l, scriptAddress(l.ln.Addr()), starlark.None), nil
}

// listenAt listens at an address.
func (rt *Runtime) listenAt(address, family starlark.Value, key []byte) (*listening, error) {
	network, addr, err := netAddress("bind", address, family)
	if err != nil {
		return nil, err
	}
	if _, err := rt.mem(); err != nil {
		return nil, err
	}
	ln, err := net.Listen(network, addr)
	if err != nil {
		return nil, socketError(err)
	}
	l := rt.newListening(ln, key)
	if u, ok := ln.(*net.UnixListener); ok && addr[0] != '@' {
		u.SetUnlinkOnClose(false) // it would remove whatever has the name by then
		l.path = addr
		rt.keepPath(addr)
	}
	return l, nil
}

// listenerWire is the wire form of a Listener: the same socket, from which whoever is first accepts a client. Its file, if it has
// one, belongs to the process that made it.
func (rt *Runtime) listenerWire() wire.Type {
	return wire.Type{
		Name:   "mp.listener",
		Go:     reflect.TypeFor[*Listener](),
		Shared: true,
		Encode: func(e *wire.Encoder, v starlark.Value) error {
			o := v.(*Listener)
			if l := o.l; l.isClosed() {
				return errListenerClosed
			} else if err := rt.ticketFor(&l.ticket, l.ln); err != nil {
				return err
			}
			o.l.shared.Store(true)
			rt.encodeTicket(e, o.l.ticket)
			e.Bool(o.l.key != nil)
			e.Bytes(o.l.key)
			if err := e.Elem(".address", o.address); err != nil {
				return err
			}
			return e.Elem(".last_accepted", o.last)
		},
		Decode: rt.decodeListener,
	}
}

func (rt *Runtime) decodeListener(d *wire.Decoder, _ func(starlark.Value)) (starlark.Value, error) {
	f, err := rt.fetchTicket(d)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	locked, err := d.Bool()
	if err != nil {
		return nil, err
	}
	key, err := d.Bytes()
	if err != nil {
		return nil, err
	}
	address, err := d.Value()
	if err != nil {
		return nil, err
	}
	last, err := d.Value()
	if err != nil {
		return nil, err
	}
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, socketError(err)
	}
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	if locked {
		key = append([]byte{}, key...)
	} else {
		key = nil
	}
	l := rt.newListening(ln, key)
	l.shared.Store(true)
	return rt.wrapListener(l, address, last), nil
}

func (rt *Runtime) wrapListener(l *listening, address, last starlark.Value) *Listener {
	o := &Listener{l: l, address: address, last: last}
	o.shared = shared{rt: rt, typ: listenerType, self: o}
	own(rt, o, l.close)
	return o
}

// makeClient is Client(address, family=None, authkey=None). The family is that of the address.
// https://docs.python.org/3.13/library/multiprocessing.html#multiprocessing.connection.Client
func (rt *Runtime) makeClient(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var address, family, authkey starlark.Value = nil, starlark.None, starlark.None
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "address", &address, "family?", &family, "authkey?", &authkey); err != nil {
		return nil, err
	}
	key, err := authKey(authkey)
	if err != nil {
		return nil, err
	}
	if name, _ := starlark.AsString(family); name != "AF_PIPE" {
		family = starlark.None // the address tells, as in CPython
	}
	network, addr, err := netAddress("connect", address, family)
	if err != nil {
		return nil, err
	}
	if _, err := rt.mem(); err != nil {
		return nil, err
	}
	cancel, _ := thread.Local(CancelKey).(*Cancel)
	var s *socket
	rt.host.Block(thread, func() { s, err = rt.dial(network, addr, key, cancel) })
	if err != nil {
		return nil, socketError(err)
	}
	return rt.wrapSocket(s), nil
}

// dial connects, and shows and asks for the key, if there is one.
func (rt *Runtime) dial(network, addr string, key []byte, cancel *Cancel) (*socket, error) {
	ctx, end := context.WithCancel(context.Background())
	defer end()
	if cancel != nil {
		defer cancel.Notify(end)()
	}
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	if ctx.Err() != nil {
		return nil, errInterrupted
	}
	if err != nil {
		return nil, err
	}
	s := rt.newSocket(c)
	if key != nil {
		w := waitFor{cancel: cancel}
		if err = answerChallenge(s, key, w); err == nil {
			err = deliverChallenge(s, key, w)
		}
		if err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// authKey is an authkey argument: nil for None.
func authKey(v starlark.Value) ([]byte, error) {
	switch v := v.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Bytes:
		return append([]byte{}, v...), nil
	}
	return nil, wire.Errorf("TypeError", "authkey should be a byte string")
}

// arbitraryAddress is a free address for a Listener that was given none.
func arbitraryAddress(family starlark.Value) (address, fam starlark.Value, err error) {
	name, _ := starlark.AsString(family)
	switch {
	case !bool(family.Truth()) || name == "AF_UNIX":
		var b [8]byte
		rand.Read(b[:])
		return starlark.String(filepath.Join(os.TempDir(), "listener-"+hex.EncodeToString(b[:]))), starlark.String("AF_UNIX"), nil
	case name == "AF_INET":
		return starlark.Tuple{starlark.String("localhost"), starlark.MakeInt(0)}, family, nil
	case name == "AF_PIPE":
		return nil, nil, wire.Errorf("ValueError", "Family %s is not recognized.", name)
	}
	return nil, nil, wire.Errorf("ValueError", "unrecognized family")
}

// netAddress is an address as package net has it. call is the system's operation on it, which errors name as in CPython.
func netAddress(call string, address, family starlark.Value) (network, addr string, err error) {
	name, _ := starlark.AsString(family)
	if name == "" {
		if name, err = addressFamily(address); err != nil {
			return "", "", err
		}
	}
	switch name {
	case "AF_INET":
		addr, err = inetAddress(call, address)
		return "tcp4", addr, err
	case "AF_UNIX":
		addr, err = unixAddress(address)
		return "unix", addr, err
	}
	return "", "", wire.Errorf("ValueError", "Family %s is not recognized.", name)
}

// addressFamily is the family that an address is of by its looks.
func addressFamily(address starlark.Value) (string, error) {
	switch x := address.(type) {
	case starlark.Tuple:
		return "AF_INET", nil
	case starlark.String, starlark.Bytes:
		if strings.HasPrefix(text(x), `\\`) {
			return "AF_PIPE", nil
		}
		return "AF_UNIX", nil
	}
	class := "TypeError"
	if !address.Truth() {
		class = "ValueError"
	}
	return "", wire.Errorf(class, "address type of %s unrecognized", address)
}

func inetAddress(call string, address starlark.Value) (string, error) {
	pair, ok := address.(starlark.Tuple)
	if !ok {
		return "", wire.Errorf("TypeError", "%s(): AF_INET address must be tuple, not %s", call, pythonType(address))
	}
	if len(pair) != 2 {
		return "", wire.Errorf("TypeError", "AF_INET address must be a pair (host, port)")
	}
	switch pair[0].(type) {
	case starlark.String, starlark.Bytes:
	default:
		return "", wire.Errorf("TypeError", "str, bytes or bytearray expected, not %s", pythonType(pair[0]))
	}
	port, ok := pair[1].(starlark.Int)
	if !ok {
		return "", wire.Errorf("TypeError", "'%s' object cannot be interpreted as an integer", pythonType(pair[1]))
	}
	n, ok := port.Int64()
	if !ok || n < 0 || n > 65535 {
		return "", wire.Errorf("OverflowError", "%s(): port must be 0-65535.", call)
	}
	return net.JoinHostPort(text(pair[0]), strconv.FormatInt(n, 10)), nil
}

func unixAddress(address starlark.Value) (string, error) {
	switch address.(type) {
	case starlark.String, starlark.Bytes:
	default:
		return "", wire.Errorf("TypeError", "a bytes-like object is required, not '%s'", pythonType(address))
	}
	path := text(address)
	// A path in the file system is followed by a zero.
	switch most := len(syscall.RawSockaddrUnix{}.Path); {
	case path == "":
		return "", wire.Errorf("ValueError", "address type of %s unrecognized", address)
	case path[0] == 0 && len(path) > most, path[0] != 0 && len(path) >= most:
		return "", wire.Errorf("OSError", "AF_UNIX path too long")
	case path[0] == 0:
		return "@" + path[1:], nil // Linux's abstract names, as package net writes them
	}
	return path, nil
}

func text(v starlark.Value) string {
	if b, ok := v.(starlark.Bytes); ok {
		return string(b)
	}
	return string(v.(starlark.String))
}

// scriptAddress is an address as scripts have it.
func scriptAddress(a net.Addr) starlark.Value {
	switch a := a.(type) {
	case *net.TCPAddr:
		return starlark.Tuple{starlark.String(a.IP.String()), starlark.MakeInt(a.Port)}
	case *net.UnixAddr:
		if strings.HasPrefix(a.Name, "@") {
			if len(a.Name) == 1 {
				return starlark.String("") // a client that has no name
			}
			return starlark.Bytes("\x00" + a.Name[1:])
		}
		return starlark.String(a.Name)
	}
	return starlark.None
}

func (l *Listener) String() string {
	return fmt.Sprintf("<multiprocessing.connection.Listener object at %p>", l)
}

// Hash hashes the identity of the value.
func (l *Listener) Hash() (uint32, error) { return pointerHash(l), nil }

// CompareSameType compares identities.
func (l *Listener) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	return compareIdentity(op, l == y.(*Listener), l.Type())
}

// pointerHash hashes the identity of a value.
func pointerHash[T any](v *T) uint32 {
	p := uint64(reflect.ValueOf(v).Pointer())
	return uint32(p>>4) ^ uint32(p>>32)
}

// compareIdentity is CompareSameType for values that are equal if they are the same.
func compareIdentity(op syntax.Token, same bool, name string) (bool, error) {
	switch op {
	case syntax.EQL:
		return same, nil
	case syntax.NEQ:
		return !same, nil
	}
	return false, wire.Errorf("TypeError", "'%s' not supported between instances of '%s' and '%s'", op, name, name)
}

// Attr implements starlark.HasAttrs.
func (l *Listener) Attr(name string) (starlark.Value, error) {
	switch name {
	case "address":
		return l.address, nil
	case "last_accepted":
		return l.last, nil
	}
	return l.shared.Attr(name)
}

// AttrNames implements starlark.HasAttrs.
func (l *Listener) AttrNames() []string {
	return append(l.shared.AttrNames(), "address", "last_accepted")
}

var listenerType = &sharedType{"Listener", []method{
	{"accept", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		l := b.Receiver().(*Listener)
		s, err := l.l.accept(thread)
		if err != nil {
			return nil, err
		}
		l.last = scriptAddress(s.c.RemoteAddr())
		return l.rt.wrapSocket(s), nil
	}},
	{"close", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := noArgs(b, args, kwargs); err != nil {
			return nil, err
		}
		b.Receiver().(*Listener).l.close()
		return starlark.None, nil
	}},
	{"__enter__", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return b.Receiver(), noArgs(b, args, kwargs)
	}},
	{"__exit__", func(_ *starlark.Thread, b *starlark.Builtin, _ starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		b.Receiver().(*Listener).l.close()
		return starlark.None, nil
	}},
}}

// keepPath notes that a file is to be removed when the process ends.
func (rt *Runtime) keepPath(path string) {
	rt.mu.Lock()
	first := rt.paths == nil
	if first {
		rt.paths = map[string]bool{}
	}
	rt.paths[path] = true
	rt.mu.Unlock()
	if first {
		rt.atShutdown(rt.removePaths)
	}
}

// forgetPath undoes keepPath.
func (rt *Runtime) forgetPath(path string) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	delete(rt.paths, path)
}

func (rt *Runtime) removePaths() {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	for path := range rt.paths {
		os.Remove(path)
	}
	rt.paths = nil
}
