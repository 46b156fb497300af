//go:build unix

package mp

import (
	"errors"
	"net"
	"os"
	"syscall"
)

const canShare = true

// sendDescriptor sends a descriptor of sock along with one byte.
func sendDescriptor(to *net.UnixConn, sock syscall.Conn) error {
	raw, err := sock.SyscallConn()
	if err != nil {
		return err
	}
	dup := -1
	controlErr := raw.Control(func(fd uintptr) {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if dup, err = syscall.Dup(int(fd)); err == nil {
			syscall.CloseOnExec(dup)
		}
	})
	if err = errors.Join(controlErr, err); err != nil {
		return err
	}
	defer syscall.Close(dup)
	_, _, err = to.WriteMsgUnix([]byte{1}, syscall.UnixRights(dup), nil)
	return err
}

// receiveDescriptor receives what sendDescriptor sends.
func receiveDescriptor(from *net.UnixConn) (*os.File, error) {
	var b [1]byte
	oob := make([]byte, syscall.CmsgSpace(4))
	n, oobn, _, _, err := from.ReadMsgUnix(b[:], oob)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return nil, err
	}
	if n != 1 || len(messages) != 1 {
		return nil, errors.New("got no descriptor")
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
	}
	if len(fds) != 1 {
		return nil, errors.New("got no descriptor")
	}
	return os.NewFile(uintptr(fds[0]), "socket"), nil
}
