//go:build !race && !cgo

package main

// notConfined is why the test is skipped: not at all.
const notConfined = ""
