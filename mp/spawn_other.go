//go:build !unix

package mp

import (
	"errors"
	"syscall"

	"github.com/starmp/starmp/mp/internal/arena"
)

const (
	sigkill = syscall.SIGKILL
	sigterm = syscall.SIGTERM
)

var errPlatform = errors.New("processes need Linux or another Unix")

// Child returns at once: on this system no process can be a child.
func Child(func(rt *Runtime) (Host, error)) {}

// BecomeSubreaper returns an error: there are no processes to inherit on this system.
func BecomeSubreaper() error { return errPlatform }

func unclaimedChild() bool { return false }

// KeepDescriptors returns an error: nothing is started on this system.
func KeepDescriptors() error { return errPlatform }

func (c *child) exec(*arena.Member) error { return errPlatform }

func (c *child) signal(syscall.Signal) {}

func killPid(int) {}

func waitPid(int) int { return 255 }

func (rt *Runtime) waitForeign(*arena.Slot) {}

func signalName(int) string { return "" }

// InterruptPid does nothing here.
func (rt *Runtime) InterruptPid(int) (done bool) { return false }
