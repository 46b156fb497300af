//go:build amd64 || arm64

package futex

// pause tells the CPU n times that this is a spin loop: it yields to the core's other thread and saves power.
//
//go:noescape
func pause(n uint32)
