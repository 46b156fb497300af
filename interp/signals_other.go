//go:build !linux

package interp

// takeSignals does nothing: only Linux has a way to hasten the delivery of signals.
func takeSignals() {}
