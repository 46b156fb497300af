//go:build !unix

package interp

import (
	"errors"
	"os"
)

// pipe is not needed where no process can be started.
type pipe struct{ r, w *os.File }

func newPipe() (*pipe, error) { return nil, errors.ErrUnsupported }

func (p *pipe) drain(func([]byte)) bool { return false }

func (p *pipe) await(func() bool) {}
