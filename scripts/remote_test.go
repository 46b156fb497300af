//go:build unix

package scripts

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// remoteServer starts testdata/remote/server.star, a manager that serves other programs, at a Unix socket or, with
// "tcp", at a port. It returns the address as the scripts' argument.
func remoteServer(t *testing.T, address string) (*family, string) {
	t.Helper()
	f := newFamily(t, starmp, "../testdata/remote/server.star", address)
	if address != "tcp" {
		address = filepath.Join(f.temp, "socket")
		f.cmd.Args[len(f.cmd.Args)-1] = address
		f.startUntil(t, "ready")
		return f, address
	}
	// The first line is the port.
	out := &firstLine{line: make(chan string, 1)}
	f.cmd.Stdout = out
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case line := <-out.line:
		return f, line
	case <-time.After(patience):
		t.Fatal("the server does not start")
		return nil, ""
	}
}

// firstLine takes the first line that a program prints.
type firstLine struct {
	line chan string
	done bool
}

func (w *firstLine) Write(p []byte) (int, error) {
	if line, _, ok := strings.Cut(string(p), "\n"); ok && !w.done {
		w.done = true
		w.line <- line
	}
	return len(p), nil
}

// remoteClient is the beginning of a client of server.star, whose address is its argument.
const remoteClient = `
load("multiprocessing", "managers")
Client = type("Client", (managers.SyncManager,), {})
Client.register("get_shared", proxytype = managers.DictProxy)
Client.register("get_queue")
Client.register("get_lock", proxytype = managers.AcquirerProxy)
Client.register("Counter")
Client.register("stop")
m = Client(("127.0.0.1", int(sys.argv[1])) if sys.argv[1].isdigit() else sys.argv[1], b"key")
m.connect()
q, d = m.get_queue(), m.get_shared()
`

// client starts a client that goes on with the given lines, and waits until it prints "ready" if it does so.
func client(t *testing.T, address, text string) *family {
	t.Helper()
	f := newFamily(t, starmp, "-c", remoteClient+text, address)
	if strings.Contains(text, `print("ready")`) {
		f.startUntil(t, "ready")
	} else if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return f
}

// result is what a client prints until its end.
func (f *family) result(t *testing.T) string {
	t.Helper()
	if status := f.wait(t); status != 0 || f.stderr.Len() > 0 {
		t.Errorf("exit status %d:\n%s", status, &f.stderr)
	}
	return f.stdout.String()
}

// stopRemote ends the server from outside, and sees that it leaves nothing.
func stopRemote(t *testing.T, server *family, address string) {
	t.Helper()
	if got := client(t, address, `try_(m.stop)`).result(t); got != "" {
		t.Errorf("stopping the server: %q", got)
	}
	if status := server.wait(t); status != 0 || server.stderr.Len() > 0 {
		t.Errorf("the server's exit status is %d:\n%s", status, &server.stderr)
	}
}

const remoteGolden = `AuthenticationError
[1, 2, {"y": (1, 2)}] 1 {"x": [1, 2, {"y": (1, 2)}], "n": 1} 1
hello Empty Empty
7 [1, 2, 7] IteratorProxy
LookupError ("wrong", 7) True
True True None None AssertionError
{"a": 1, "b": 2} 2 DictProxy
7 True None AcquirerProxy
False None True True
Value('i', 4) 4 Namespace(a=1) False
1 3 array('i', [1, 2, 3])
0 1 False
True
[0, 1, 4, 9, 16] 32 [1, 2]
0 1 1
TypeError cannot send Lock at args[0]["lock"]: a Lock belongs to its family of processes and cannot be sent to another program
True True True
`

// TestRemoteManager uses a manager from a program that was started separately.
func TestRemoteManager(t *testing.T) {
	for _, kind := range []string{"tcp", "unix"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			server, address := remoteServer(t, kind)
			stdout, stderr, status := run(t, starmp, "../testdata/remote/client.star", address)
			if status != 0 || stderr != "" || stdout != remoteGolden {
				t.Errorf("exit status %d, standard error:\n%s\nstandard output:\n%s", status, stderr, stdout)
			}
			stopRemote(t, server, address)
		})
	}
}

// TestRemoteManagerIncrements has several programs increment one number.
func TestRemoteManagerIncrements(t *testing.T) {
	server, address := remoteServer(t, "unix")
	var all []*family
	for range 4 {
		all = append(all, client(t, address, `
for _ in range(250):
    d.update_with("n", lambda old: (old or 0) + 1)
`))
	}
	for _, f := range all {
		f.result(t)
	}
	if got := client(t, address, `print(d["n"])`).result(t); got != "1000\n" {
		t.Errorf("got %q", got)
	}
	stopRemote(t, server, address)
}

// TestRemoteServerKilled kills a server while clients wait in calls and while they are busy with calls: they get an error at
// once.
func TestRemoteServerKilled(t *testing.T) {
	for _, call := range []string{"q.get()", `[d.get("x") for _ in range(1 << 40)]`, "m.Condition().wait()"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			server, address := remoteServer(t, "tcp")
			f := client(t, address, fmt.Sprintf(`
c = m.Condition()
c.acquire()
print("ready")
r = try_(lambda: %s)
print(isinstance(r.error, (EOFError, ConnectionError)), isinstance(try_(m.dict).error, (EOFError, ConnectionError)))
`, strings.Replace(call, "m.Condition()", "c", 1)))
			server.cmd.Process.Kill()
			server.cmd.Wait()
			if got := f.result(t); got != "True True\n" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestRemoteClientKilled kills clients in calls: a get that waits takes nothing any more, locks are released, references are
// given up, and the server serves the others.
func TestRemoteClientKilled(t *testing.T) {
	server, address := remoteServer(t, "unix")
	before := client(t, address, `print(m._number_of_objects())`).result(t)
	for _, doing := range []string{
		"q.get()",
		"[m.dict() for _ in range(1 << 40)]",
		"q.get(timeout = 600)",
	} {
		f := client(t, address, fmt.Sprintf(`
l = m.get_lock()
l.acquire()
l.acquire()
kept = [m.list() for _ in range(10)]
print("ready")
%s
`, doing))
		time.Sleep(time.Duration(time.Now().UnixNano() % int64(5*time.Millisecond)))
		f.cmd.Process.Signal(syscall.SIGKILL)
		f.cmd.Wait()
		got := client(t, address, `
l = m.get_lock()
print(l.acquire(), l.release())
for i in range(3):
    q.put(i)
print(q.get(), q.get(), q.get())
`).result(t)
		if want := "True None\n0 1 2\n"; got != want {
			t.Errorf("after the death of a client in %s: got %q, want %q", doing, got, want)
		}
	}
	if after := client(t, address, `print(m._number_of_objects())`).result(t); after != before {
		t.Errorf("the server had %s objects before, has %s after", strings.TrimSpace(before), strings.TrimSpace(after))
	}
	stopRemote(t, server, address)
}

// TestRemoteNonsense connects and sends nothing, nonsense, and half a message.
func TestRemoteNonsense(t *testing.T) {
	server, address := remoteServer(t, "unix")
	for _, send := range []string{"", "nonsense\n", "\x00\x00\x00\x04abcd", "\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff", "\x00\x00\x00"} {
		c, err := net.Dial("unix", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte(send)); err != nil {
			t.Fatal(err)
		}
	}
	if got := client(t, address, `d["x"] = 1; print(d["x"])`).result(t); got != "1\n" {
		t.Errorf("got %q", got)
	}
	stopRemote(t, server, address)
}
