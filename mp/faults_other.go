//go:build linux && !amd64 && !arm64

package mp

// defaultFaults does nothing here: a child that is sent SIGSEGV or SIGBUS ends with Go's dump and exit code 2.
func defaultFaults() {}
