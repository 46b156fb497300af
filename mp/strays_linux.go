package mp

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// strays are children of a process that was killed before it had noted their pid. They end by themselves, but nobody knows that they
// are to be waited for. The process that inherits them looks for them among its own children, while there may be some.
var strays struct {
	sync.Mutex
	until time.Time // guarded by the mutex: when to stop looking, zero if nobody looks
}

// A stray ends as soon as it has come up. strayPause is between two looks: a process of this one's own that has ended in its very start
// is in its slot by the second.
const (
	strayTime  = 2 * time.Second
	strayPause = 50 * time.Millisecond
)

// expectStray has this process look for strays for a while, if it is the one that inherits them.
func (rt *Runtime) expectStray() {
	if !subreaper.Load() {
		return
	}
	strays.Lock()
	defer strays.Unlock()
	looking := !strays.until.IsZero()
	if strays.until = time.Now().Add(strayTime); !looking {
		go rt.reapStrays()
	}
}

func (rt *Runtime) reapStrays() {
	var before []int
	for {
		now := rt.findStrays()
		for _, pid := range now {
			if slices.Contains(before, pid) {
				unix.Wait4(pid, nil, unix.WNOHANG, nil)
			}
		}
		before = now
		strays.Lock()
		over := time.Now().After(strays.until)
		if over {
			strays.until = time.Time{}
		}
		strays.Unlock()
		if over {
			return
		}
		time.Sleep(strayPause)
	}
}

// findStrays returns the children that have ended, run this program, are in a process group of their own in this session, as only those are
// that were never given anything to run, and are in no slot.
func (rt *Runtime) findStrays() (pids []int) {
	self, _, _ := readStat("self")
	session, _ := unix.Getsid(0)
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		children, _ := os.ReadFile(list)
		for _, child := range strings.Fields(string(children)) {
			pid, _ := strconv.Atoi(child)
			name, state, groups := readStat(child)
			if name == self && state == "Z" && slices.Equal(groups, []string{child, strconv.Itoa(session)}) && !rt.inSlot(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// readStat returns the program's name, the state, and the process group and session of a process.
func readStat(pid string) (name, state string, groups []string) {
	data, _ := os.ReadFile("/proc/" + pid + "/stat")
	text := string(data)
	end := strings.LastIndexByte(text, ')')
	fields := strings.Fields(text[end+1:])
	if len(fields) < 4 {
		return "", "", nil
	}
	return text[strings.IndexByte(text, '(')+1 : end], fields[0], fields[2:4]
}

func (rt *Runtime) inSlot(pid int) bool {
	for id := range rt.member.Arena().Slots() {
		if int(rt.slot(id).Pid.Load()) == pid {
			return true
		}
	}
	return false
}
