package scripts

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"testing"
)

// starmp is the command under test.
var starmp string

func TestMain(m *testing.M) {
	if os.Getenv(burnEnv) != "" {
		burn()
	}
	if signal.Ignored(os.Interrupt) { // by a shell that runs this in the background: commands would ignore it, too
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
	flag.Parse()
	// Most of these tests wait for processes or for the clock, so more of them run at once than there are CPUs.
	flag.Set("test.parallel", "12")
	status, err := withCommand(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// withCommand sets starmp, building it if need be, and keeps the CPUs busy if asked to, while run runs.
func withCommand(run func() int) (int, error) {
	dir, err := os.MkdirTemp("", "starmp-scripts-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if starmp = os.Getenv("STARMP_BIN"); starmp == "" {
		starmp = filepath.Join(dir, "starmp")
		build := exec.Command("go", "build", "-o", starmp, "github.com/starmp/starmp/cmd/starmp")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("building starmp: %v\n%s", err, out)
		}
	}
	stop, err := startBurners(number("STARMP_BURN", 0))
	defer stop()
	if err != nil {
		return 0, err
	}
	return run(), nil
}

// number is the value of an environment variable, or a default.
func number(name string, def int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return def
}

// burnEnv tells this test binary that it is a burner.
const burnEnv = "STARMP_TEST_BURNER"

// startBurners starts n processes that use what CPU they get until stop is called or this process is gone.
func startBurners(n int) (stop func(), err error) {
	var cmds []*exec.Cmd
	stop = func() {
		for _, cmd := range cmds {
			cmd.Process.Kill()
			cmd.Wait()
		}
	}
	self, err := os.Executable()
	if err != nil {
		return stop, err
	}
	for range n {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), burnEnv+"=1")
		if _, err := cmd.StdinPipe(); err != nil {
			return stop, err
		}
		if err := cmd.Start(); err != nil {
			return stop, err
		}
		cmds = append(cmds, cmd)
	}
	return stop, nil
}

// burn does nothing useful until standard input ends.
func burn() {
	go func() {
		os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}()
	for n := 0; ; n++ {
	}
}
