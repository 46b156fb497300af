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
	network, addr, err := netAddress(address, family)
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
	l := &listening{rt: rt, ln: ln, key: key}
	if u, ok := ln.(*net.UnixListener); ok && addr[0] != '@' {
		u.SetUnlinkOnClose(false) // it would remove whatever has the name by then
		l.path = addr
		rt.keepPath(addr)
	}
	o := &Listener{l: l, address: scriptAddress(ln.Addr()), last: starlark.None}
	o.shared = shared{rt: rt, typ: listenerType, self: o}
	own(rt, o, l.close)
	return o, nil
}

// makeClient is Client(address, family=None, authkey=None).
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
	network, addr, err := netAddress(address, family)
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
	case family == starlark.None || name == "AF_UNIX":
		var b [8]byte
		rand.Read(b[:])
		return starlark.String(filepath.Join(os.TempDir(), "listener-"+hex.EncodeToString(b[:]))), starlark.String("AF_UNIX"), nil
	case name == "AF_INET":
		return starlark.Tuple{starlark.String("localhost"), starlark.MakeInt(0)}, family, nil
	}
	return nil, nil, wire.Errorf("ValueError", "unrecognized family")
}

// netAddress is an address as package net has it.
func netAddress(address, family starlark.Value) (network, addr string, err error) {
	name, _ := starlark.AsString(family)
	switch x := address.(type) {
	case starlark.Tuple:
		if name == "" {
			name = "AF_INET"
		}
		if name == "AF_INET" && len(x) == 2 {
			host, ok := starlark.AsString(x[0])
			port, portErr := starlark.AsInt32(x[1])
			if ok && portErr == nil {
				if port < 0 || port > 65535 {
					return "", "", wire.Errorf("OverflowError", "port must be 0-65535.")
				}
				return "tcp4", net.JoinHostPort(host, strconv.Itoa(port)), nil
			}
		}
	case starlark.String, starlark.Bytes:
		if name == "" && !strings.HasPrefix(text(x), `\\`) {
			name = "AF_UNIX"
		}
		if path := text(x); name == "AF_UNIX" && path != "" {
			if path[0] == 0 {
				path = "@" + path[1:] // Linux's abstract names, as package net writes them
			}
			return "unix", path, nil
		}
	default:
		if name == "" {
			class := "TypeError"
			if !address.Truth() {
				class = "ValueError"
			}
			return "", "", wire.Errorf(class, "address type of %s unrecognized", address)
		}
	}
	switch name {
	case "AF_INET", "AF_UNIX":
		return "", "", wire.Errorf("TypeError", "%s: not an address of family %s", address, name)
	}
	return "", "", wire.Errorf("ValueError", "Family %s is not recognized.", name)
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
