//go:build !unix

package mp

import "encoding/binary"

// familyID tells families apart, by the root.
func (rt *Runtime) familyID() (id [16]byte) {
	binary.BigEndian.PutUint32(id[12:], rt.slot(0).Pid.Load())
	return id
}
