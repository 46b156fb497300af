package interp

import (
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// availableMemory returns how much memory this process may use: the machine's, or less where a control group limits it.
func availableMemory() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	total := int64(info.Totalram) * int64(info.Unit)
	self, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return total
	}
	// Version 2 has one line, "0::/path"; a limit holds for all groups below the one that has it.
	_, group, ok := strings.Cut(strings.TrimSpace(string(self)), "0::")
	for ok {
		if text, err := os.ReadFile("/sys/fs/cgroup" + group + "/memory.max"); err == nil {
			if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && limit < total {
				total = limit
			}
		}
		ok = group != "/" && group != "."
		group = path.Dir(group)
	}
	return total
}
