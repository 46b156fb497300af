//go:build !unix

package mp

import (
	"net"
	"os"
	"syscall"
)

const canShare = false

func sendDescriptor(*net.UnixConn, syscall.Conn) error { return errPlatform }

func receiveDescriptor(*net.UnixConn) (*os.File, error) { return nil, errPlatform }
