package scripts

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// members finds the processes of the family.
func (f *family) members() []int {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	var pids []int
	for _, name := range environs {
		environ, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(environ, []byte(f.mark+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(name, "/")[2]); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// status describes a process.
func status(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err.Error()
	}
	return strings.Join(lines(string(text))[:4], ", ")
}

// descriptors counts the open descriptors of a process.
func descriptors(pid int) (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(entries), err
}

func kill(pid int) {
	syscall.Kill(pid, syscall.SIGKILL)
}
