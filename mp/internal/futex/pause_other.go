//go:build !amd64 && !arm64

package futex

// pause passes a little time without touching memory that others use.
//
//go:noinline
func pause(n uint32) {
	for range 20 * n {
	}
}
