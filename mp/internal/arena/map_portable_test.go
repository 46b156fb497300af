//go:build !linux || starmp_portable

package arena

const punches = false // no way to give chunks' pages back
