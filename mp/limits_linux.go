package mp

import (
	"bytes"
	"os"
	"strconv"
)

// privateMemory is how many bytes of memory that it shares with nobody this process has mapped, and how many of them it uses; 0 if that is not
// known.
func privateMemory() (mapped, used int64) {
	stat, err := os.ReadFile("/proc/self/statm") // size, resident, shared, text, lib, data and stack, in pages
	f := bytes.Fields(stat)
	if err != nil || len(f) < 6 {
		return 0, 0
	}
	pages := func(i int) int64 {
		n, _ := strconv.ParseInt(string(f[i]), 10, 64)
		return n
	}
	size := int64(os.Getpagesize())
	return pages(5) * size, (pages(1) - pages(2)) * size
}
