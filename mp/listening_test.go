package mp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/starmp/starmp/mp/internal/futex"
	"github.com/starmp/starmp/mp/wire"
)

// listenFor makes something that listens, with the key if there is one, and lets clients in until the test's end.
func listenFor(t *testing.T, key string) *listening {
	t.Helper()
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	l := new(Runtime).newListening(ln, nil)
	if key != "" {
		l.key = []byte(key)
	}
	l.want()
	t.Cleanup(func() {
		l.unwant()
		l.close()
	})
	return l
}

// next waits for the next arrival.
func (l *listening) next(t *testing.T) arrival {
	t.Helper()
	deadline := futex.After(20 * time.Second)
	for {
		v := l.has.Load()
		if a, ok := l.take(); ok {
			return a
		}
		if err := futex.Wait(&l.has, v, deadline, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *listening) client(t *testing.T, send string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", l.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, send); err != nil {
		t.Fatal(err)
	}
	return c
}

func isAuthError(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Class == "multiprocessing.AuthenticationError"
}

// Clients that send nothing, nonsense, or half a message stop nobody: each is at most an error of its own.
func TestBadClients(t *testing.T) {
	l := listenFor(t, "key")
	l.client(t, "")
	l.client(t, "\x00\x00")
	for _, nonsense := range []string{"GET / HTTP/1.0\r\n\r\n", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x80\x00\x00\x00"} {
		l.client(t, nonsense)
		if a := l.next(t); a.err != errTooLong {
			t.Errorf("after %q: %v", nonsense, a.err)
		}
	}
	l.client(t, "\x00\x00\x00\x05abcde")
	if a := l.next(t); !isAuthError(a.err) {
		t.Errorf("after a wrong answer: %v", a.err)
	}
	l.client(t, "").Close()
	if a := l.next(t); a.err == nil {
		t.Error("a client that hung up was let in")
	}
	s, err := l.rt.dial("unix", l.ln.Addr().String(), []byte("key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	a := l.next(t)
	if a.err != nil {
		t.Fatal(a.err)
	}
	defer a.s.close()
	if err := s.transmit([]byte("hello"), waitFor{}); err != nil {
		t.Error(err)
	}
	if data, err := a.s.receive(-1, waitFor{}); string(data) != "hello" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestWrongKey(t *testing.T) {
	l := listenFor(t, "right")
	_, err := l.rt.dial("unix", l.ln.Addr().String(), []byte("wrong"), nil)
	if a := l.next(t); !isAuthError(err) || !isAuthError(a.err) {
		t.Errorf("client: %v, listener: %v", err, a.err)
	}
}

// Nothing of what an unknown client sends is taken for a message before it has shown the key.
func TestNoMessageBeforeTheKey(t *testing.T) {
	l := listenFor(t, "key")
	c := l.client(t, "\x00\x00\x00\x01\x01")
	a := l.next(t)
	if a.s != nil || !isAuthError(a.err) {
		t.Errorf("let in: %v", a.err)
	}
	b, _ := io.ReadAll(c)
	if !bytes.Contains(b, []byte(authChallenge)) || !bytes.Contains(b, []byte(authFailure)) {
		t.Errorf("client got %q", b)
	}
}

func TestListeningClosed(t *testing.T) {
	l := listenFor(t, "key")
	l.close()
	if a := l.next(t); a.err != errListenerClosed {
		t.Errorf("got %v", a.err)
	}
}

func socketPair(t *testing.T) (a, b *socket) {
	t.Helper()
	l := listenFor(t, "")
	c := l.client(t, "")
	arrived := l.next(t)
	if arrived.err != nil {
		t.Fatal(arrived.err)
	}
	t.Cleanup(arrived.s.close)
	return l.rt.newSocket(c), arrived.s
}

func TestSocketMessages(t *testing.T) {
	a, b := socketPair(t)
	if b.ready() {
		t.Error("ready without a message")
	}
	for _, n := range []int{0, 1, 5000, 3 << 20} {
		data := bytes.Repeat([]byte{byte(n)}, n)
		sent := make(chan error)
		go func() { sent <- a.transmit(data, waitFor{}) }()
		got, err := b.receive(n, waitFor{})
		if !bytes.Equal(got, data) || err != nil {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
	if _, err := b.receive(-1, waitFor{deadline: time.Now()}); err != futex.ErrTimeout {
		t.Errorf("after the deadline: %v", err)
	}
	a.transmit([]byte("one"), waitFor{})
	a.transmit([]byte("two"), waitFor{})
	stop := b.watch()
	for b.has.Load() == 0 {
		futex.Wait(&b.has, 0, 0, nil)
	}
	stop()
	if got, _ := b.receive(2, waitFor{}); got != nil {
		t.Error("a message that is too long")
	}
	a.close()
	b.consume(3)
	if got, err := b.receive(-1, waitFor{}); string(got) != "two" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := b.receive(-1, waitFor{}); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if !b.ready() {
		t.Error("the end is not ready")
	}
	if err := b.transmit(nil, waitFor{}); err == nil {
		b.transmit(nil, waitFor{}) // the first may be taken by the system
	}
}

func TestSocketCancel(t *testing.T) {
	a, b := socketPair(t)
	var cancel futex.Cancel
	done := make(chan error)
	go func() {
		_, err := b.receive(-1, waitFor{cancel: &cancel})
		done <- err
	}()
	cancel.Cancel()
	if err := <-done; err != futex.ErrCanceled {
		t.Errorf("canceled: %v", err)
	}
	// Half a message before, the rest after: the stream is whole.
	io.WriteString(a.c, "\x00\x00\x00\x04ab")
	stop := b.watch()
	stop()
	io.WriteString(a.c, "cd")
	if got, err := b.receive(-1, waitFor{}); string(got) != "abcd" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
