//go:build unix

package prim

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
)

// The tests start this binary again as a child that plays a role in the arena. A child ends when its standard input does, so
// none outlives the tests.
const (
	roleEnv = "STARMP_PRIM_ROLE"
	argsEnv = "STARMP_PRIM_ARGS" // slot, then handles
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		os.Exit(childMain(role, strings.Fields(os.Getenv(argsEnv))))
	}
	os.Exit(m.Run())
}

// player is what a role gets: the child's member and the objects that the parent named.
type player struct {
	m       *arena.Member
	handles []arena.Handle
	out     io.Writer
}

func childMain(role string, args []string) int {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	a, err := arena.Attach(os.NewFile(3, "arena"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	p := player{out: os.Stderr}
	for i, arg := range args {
		n, err := strconv.ParseUint(arg, 10, 64)
		if err != nil {
			panic(err)
		}
		if i == 0 {
			p.m = a.Join(arena.SlotID(n))
		} else {
			p.handles = append(p.handles, arena.Handle(n))
		}
	}
	p.m.Slot().SetState(arena.SlotRunning)
	if err := roles[role](&p); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
		return 1
	}
	p.m.Leave()
	return 0
}

// words are the shared words of the test object that is the i-th argument.
func (p *player) words(i int) *arena.Cell { return testCell(p.m, p.handles[i]) }

func testCell(m *arena.Member, h arena.Handle) *arena.Cell {
	if err := m.Retain(h); err != nil {
		panic(err)
	}
	c, err := m.Arena().Cell(h, arena.KindTest)
	if err != nil {
		panic(err)
	}
	return c
}

// process is a child.
type process struct {
	t    testing.TB
	m    *arena.Member // the parent
	cmd  *exec.Cmd
	in   io.Closer
	slot arena.SlotID
	gone bool
}

// mapped makes an arena that children can attach to, with this process as its root.
func mapped(t testing.TB) *arena.Member {
	t.Helper()
	a, err := arena.New(arena.Options{Size: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return members(t, a, 1)[0]
}

func start(t testing.TB, m *arena.Member, role string, handles ...arena.Handle) *process {
	t.Helper()
	slot, err := m.Arena().TakeSlot(m.ID(), role)
	if err != nil {
		t.Fatal(err)
	}
	args := fmt.Sprint(slot)
	for _, h := range handles {
		args += fmt.Sprintf(" %d", uint64(h))
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, m: m, cmd: exec.Command(exe), slot: slot}
	p.cmd.Env = append(os.Environ(), roleEnv+"="+role, argsEnv+"="+args)
	p.cmd.ExtraFiles = []*os.File{m.Arena().File()}
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.in = in
	m.Arena().Slot(slot).Pid.Store(uint32(p.cmd.Process.Pid))
	t.Cleanup(func() { p.kill() })
	return p
}

// running waits until the child is about to play its role.
func (p *process) running() *process {
	p.t.Helper()
	eventually(p.t, "child to run", func() bool { return p.m.Arena().Slot(p.slot).State.Load() == arena.SlotRunning })
	return p
}

// kill ends the child at once, wherever it is, and recovers what it leaves.
func (p *process) kill() []arena.Warning {
	if p.gone {
		return nil
	}
	p.destroy()
	return p.reap()
}

func (p *process) destroy() {
	p.cmd.Process.Signal(syscall.SIGKILL)
	p.cmd.Wait()
	p.in.Close()
}

func (p *process) reap() []arena.Warning {
	p.gone = true
	w := p.m.Reap(p.slot, p.cmd.ProcessState.ExitCode())
	p.m.Arena().FreeSlot(p.slot)
	return w
}

// join waits for a child that ends by itself, in good order.
func (p *process) join() {
	p.t.Helper()
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("child: %v", err)
	}
	p.in.Close()
	p.reap()
}
