//go:build !race && !cgo

package interp

// notConfined is why the tests of limits on memory are skipped: not at all.
const notConfined = ""
