//go:build !unix

package interp

import "errors"

// captureOutput is not needed where no process can be started.
func captureOutput(string) (restore func(), err error) { return nil, errors.ErrUnsupported }
