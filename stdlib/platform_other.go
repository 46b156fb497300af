//go:build !unix

package stdlib

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// signalNumbers are the signals that exist everywhere.
func signalNumbers() map[string]syscall.Signal {
	return map[string]syscall.Signal{
		"SIGABRT": syscall.SIGABRT, "SIGFPE": syscall.SIGFPE, "SIGILL": syscall.SIGILL, "SIGINT": syscall.SIGINT,
		"SIGKILL": syscall.SIGKILL, "SIGSEGV": syscall.SIGSEGV, "SIGTERM": syscall.SIGTERM,
	}
}

func kill(pid int, sig syscall.Signal) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	defer p.Release()
	if sig == syscall.SIGTERM || sig == syscall.SIGKILL {
		return p.Kill()
	}
	return p.Signal(sig)
}

var started = time.Now()

// monotonicNow is a clock that begins with the process.
func monotonicNow() time.Duration { return time.Since(started) }

// cpuTime is the time since the process began: what it spent on a CPU is not known here.
func cpuTime() time.Duration { return time.Since(started) }

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// access only tells whether the file exists.
func access(path string, _ uint32) error {
	_, err := os.Stat(path)
	return err
}

func newSession(*exec.Cmd, bool) {}

func exitSignal(*os.ProcessState) int { return 0 }

func statNumbers(info os.FileInfo) (s statInfo) {
	s.ints[0] = int64(info.Mode().Perm())
	s.accessed = float64(info.ModTime().UnixNano()) / 1e9
	s.changed = s.accessed
	return s
}
