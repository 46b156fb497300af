//go:build linux && !starmp_portable

package arena

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// The mapping is much larger than what is ever used.
const mapFlags = unix.MAP_SHARED | unix.MAP_NORESERVE

// create makes a memfd of a size that nobody can change any more, and maps it.
func create(size int64) (*os.File, []byte, error) {
	fd, err := unix.MemfdCreate("starmp", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "starmp arena")
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, nil, err
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("seal: %w", err)
	}
	mem, err := mapFile(f, size)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, mem, nil
}

// punch gives the pages of b back to the system. They read as zero then.
func punch(b []byte) error { return unix.Madvise(b, unix.MADV_REMOVE) }

func physicalMemory() uint64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return uint64(info.Totalram) * uint64(info.Unit)
}
