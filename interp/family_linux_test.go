package interp

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// group returns the processes of a process group that are not zombies.
func group(t *testing.T, pgid int) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var pids []string
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid pgrp ...; the name may have spaces.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if fields[0] != "Z" && fields[2] == strconv.Itoa(pgid) {
			pids = append(pids, filepath.Base(filepath.Dir(file)))
		}
	}
	return pids
}

// nothingLeft waits until no process of the group is left.
func nothingLeft(t *testing.T, pgid int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		left := group(t, pgid)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			syscall.Kill(-pgid, syscall.SIGKILL)
			t.Fatalf("processes left: %v", left)
		}
	}
}

const tenBusy = `
def busy(ready):
    ready.put(1)
    while True:
        pass

ready = multiprocessing.Queue()
children = [multiprocessing.Process(target=busy, args=(ready,)) for _ in range(10)]
for c in children:
    c.start()
for c in children:
    ready.get()
print("ready")
`

// Ctrl-C reaches every process of the terminal's group, as here.
func TestInterruptFamily(t *testing.T) {
	for name, wait := range map[string]string{
		"join": "for c in children: c.join()\n",
		"get":  "ready.get()\n",
		"loop": "while True: pass\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := startGroup(t, tenBusy+wait)
			s.line("ready")
			syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT)
			s.exit(130)
			s.interrupted()
			nothingLeft(t, s.cmd.Process.Pid)
		})
	}
}

// The script is over and awaits its children when Ctrl-C comes. What tells that it is over is its own error.
func TestInterruptAtEnd(t *testing.T) {
	s := &script{t: t, cmd: exec.Command("starmp", "-c", tenBusy+"fail('over')\n")}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.run(func() { s.cmd.Stderr = s.cmd.Stdout })
	for _, line := range []string{"ready", "Traceback (most recent call last):", "  <string>:14:5: in <toplevel>", "    fail('over')", "        ^", "Exception: over"} {
		s.line(line)
	}
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT)
	s.line("KeyboardInterrupt")
	s.exit(130)
	nothingLeft(t, s.cmd.Process.Pid)
}

func TestTerminateFamily(t *testing.T) {
	s := startGroup(t, tenBusy+"while True: pass\n")
	s.line("ready")
	s.signal(syscall.SIGTERM)
	s.exit(143)
	nothingLeft(t, s.cmd.Process.Pid)
}

func TestKillRoot(t *testing.T) {
	s := startGroup(t, tenBusy+"while True: pass\n")
	s.line("ready")
	s.signal(syscall.SIGKILL)
	s.exit(-1)
	nothingLeft(t, s.cmd.Process.Pid)
}

// An error in a child names the process, in one write, and does not end the others.
func TestChildError(t *testing.T) {
	out, err := exec.Command("starmp", "-c", `
def inner(n):
    return 10 // n

def work(n):
    inner(n)

p = multiprocessing.Process(target=work, args=(0,))
p.start()
p.join()
print(p.exitcode)
`).CombinedOutput()
	want := `Process Process-1:
Traceback (most recent call last):
  <string>:6:10: in work
    inner(n)
         ^
  <string>:3:15: in inner
    return 10 // n
              ^
ZeroDivisionError: floored division by zero
1
`
	if string(out) != want || err != nil {
		t.Errorf("got:\n%s%v\nwant:\n%s", out, err, want)
	}
}

// Functions typed in a REPL run in other processes, with the globals typed before them.
func TestREPLProcess(t *testing.T) {
	x := startTerminal(t)
	x.expect(">>> ")
	x.send("q = multiprocessing.Queue()\r")
	x.send("base = 40\r")
	x.send("def helper(n): return base + n\r\r")
	x.send("def work(n): q.put([__name__, helper(n)])\r\r")
	x.send("p = multiprocessing.Process(target=work, args=(2,)); p.start(); p.join()\r")
	x.send("q.get()\r")
	x.expect("\n[\"__main__\", 42]\r\n")
	x.expect(">>> ")
	x.send("base = 50\r")
	x.send("multiprocessing.Pool(1).map(lambda n: n + helper(0), [1, 2])\r")
	x.expect("\n[51, 52]\r\n")
	x.expect(">>> ")
	x.send("\x04")
	if status := x.exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
