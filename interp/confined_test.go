//go:build race || cgo

package interp

// notConfined is why the tests of limits on memory are skipped.
const notConfined = "with cgo a thread's stack counts 8 MiB, and the race detector needs more than a worker's limit: such a worker ends at once (CGO_ENABLED=0 runs it)"
