//go:build unix

package interp

import (
	"os"
	"syscall"
)

// pipe is a pipe of which this process has the end to read and its children that to write.
type pipe struct {
	r, w *os.File
}

func newPipe() (*pipe, error) {
	var fds [2]int
	// Not os.Pipe: the children's end must block, like any other standard output.
	syscall.ForkLock.RLock()
	err := syscall.Pipe(fds[:])
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("pipe", err)
	}
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		syscall.Close(fds[0])
		syscall.Close(fds[1])
		return nil, os.NewSyscallError("setnonblock", err)
	}
	return &pipe{os.NewFile(uintptr(fds[0]), "output"), os.NewFile(uintptr(fds[1]), "output")}, nil
}

// drain reads what is there, without waiting for more. It reports false at the end of the file.
func (p *pipe) drain(pass func([]byte)) bool {
	conn, err := p.r.SyscallConn()
	if err != nil {
		return false
	}
	more := true
	buf := make([]byte, 4096)
	conn.Control(func(fd uintptr) {
		for {
			n, err := syscall.Read(int(fd), buf)
			switch {
			case n > 0:
				pass(buf[:n])
			case err == syscall.EINTR:
			default:
				more = err == syscall.EAGAIN
				return
			}
		}
	})
	return more
}

// await calls pass, which drains the pipe, whenever there is something to read, until it reports that there
// will be no more, or the pipe is closed.
func (p *pipe) await(pass func() (more bool)) {
	if conn, err := p.r.SyscallConn(); err == nil {
		conn.Read(func(uintptr) bool { return !pass() })
	}
}
