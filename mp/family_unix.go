//go:build unix

package mp

import (
	"encoding/binary"
	"syscall"
)

// familyID tells families apart: the arena's file, of which a machine has one with these numbers as long as it lives, and the root.
func (rt *Runtime) familyID() (id [16]byte) {
	var st syscall.Stat_t
	if syscall.Fstat(int(rt.member.Arena().File().Fd()), &st) == nil {
		binary.BigEndian.PutUint64(id[:], st.Ino)
	}
	binary.BigEndian.PutUint32(id[8:], uint32(st.Dev))
	binary.BigEndian.PutUint32(id[12:], rt.slot(0).Pid.Load())
	return id
}
