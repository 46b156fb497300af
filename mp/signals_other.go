//go:build unix && !linux

package mp

// defaultSignals is only needed, and only possible without cgo, on Linux.
func defaultSignals() {}
