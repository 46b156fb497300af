//go:build race || cgo

package main

// notConfined is why the test is skipped.
const notConfined = "with cgo a thread's stack counts 8 MiB, and the race detector needs more than a worker's limit on memory (CGO_ENABLED=0 runs it)"
