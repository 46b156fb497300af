package interp

import (
	"strings"
	"testing"
)

// bare is what a terminal has been sent without the progress bars, each of which is drawn between ESC 7 and ESC 8.
func bare(out string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(out, "\x1b7")
		b.WriteString(before)
		if !found {
			break
		}
		_, out, _ = strings.Cut(after, "\x1b8")
	}
	return strings.NewReplacer("\x1b[J", "", "\x1bD", "", "\x1b[A", "", "\r", "").Replace(b.String())
}

func TestProgressOnTerminal(t *testing.T) {
	x := startTerminal(t, "-c", `
def tell(x):
    sys.stdout.write("task %d\n" % x)
    return x

pool = multiprocessing.Pool(2)
print(pool.map(tell, [1, 2], 1, progress = True))
print(list(pool.imap(tell, iter([3]), progress = True)))
print(list(pool.imap_unordered(tell, [4], progress = True)))
print(pool.starmap_async(max, [(5, 6)], progress = True).get())
print(try_(pool.map, lambda x: fail("bad"), range(3), progress = True).error)
print(pool.map(tell, [7]))
threads = multiprocessing.pool.ThreadPool(2)
print(threads.map(lambda x: print("thread", x), [8], progress = True))
print("done")
`)
	out := x.expect("done\r\n")
	for _, want := range []string{"map:   0% [--", "map: 100% [####################] 2/2  ", "imap: 1  ", "imap_unordered: 100%", "starmap_async: 100%", "] 1/1  ", "] 3/3  "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %q", want, out)
		}
	}
	if n := strings.Count(out, "\x1b7"); n != strings.Count(out, "\x1b8") {
		t.Errorf("the cursor is remembered %d times and comes back %d times", n, strings.Count(out, "\x1b8"))
	}
	if last := strings.LastIndex(out, "\x1b8"); !strings.Contains(out[last:], "\x1b[J") {
		t.Errorf("the last bar stays: %q", out[last:])
	}
	text := bare(out)
	for _, want := range []string{"task 1\n", "task 2\n", "[1, 2]\n", "task 3\n", "[3]\n", "[4]\n", "[6]\n", "bad\n", "thread 8\n", "[None]\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in what is printed: %q", want, text)
		}
	}
	if code := x.exit(); code != 0 {
		t.Errorf("exit status %d", code)
	}
}

func TestProgressEndsWithThePool(t *testing.T) {
	x := startTerminal(t, "-c", `
pool = multiprocessing.Pool(1)
r = pool.map_async(time.sleep, [600], progress = True)
`)
	x.expect("0/1")
	if code := x.exit(); code != 0 {
		t.Errorf("exit status %d", code)
	}
	x.expect("\x1b8\x1b[J")
}
