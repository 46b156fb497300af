package interp

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.starlark.net/starlark"
)

type attack struct{ text, want string }

// attacks are what scripts try to do to their host: an expression, or the lines of a function, and what comes of it, a limit or the class of an
// error; where it depends on the moment, one of several, the likeliest first.
var attacks = []attack{
	// memory
	{"l = []; [l.append('x' * 1000000) for _ in range(1 << 40)]", "memory"},
	{"d = {}\nfor n in range(1 << 40): d[n] = n", "memory"},
	{"s = set()\nfor n in range(1 << 40): s.add(str(n))", "memory"},
	{"x = 'x'\nwhile True: x += x", "memory"},
	{"'x' * (1 << 29)", "memory"},
	{"'x' * (1 << 40)", "OverflowError"},
	{"[0] * (1 << 29)", "memory"},
	{"(1,) * (1 << 62)", "OverflowError"},
	{"b'x' * (1 << 30)", "MemoryError"},
	{"list(range(1 << 62))", "memory"},
	{"tuple(range(1 << 40))", "memory"},
	{"sorted(range(1 << 40))", "memory"},
	{"set(range(1 << 40))", "memory"},
	{"bytes(range(1 << 40))", "memory"},
	{"list(zip(range(1 << 40), range(1 << 40)))", "memory"},
	{"print(*range(1 << 40))", "memory"},
	{"list(itertools.product(range(1000), repeat = 10))", "memory|CPU time"},
	{"list(itertools.count())", "memory|CPU time"},
	{"(' x' * 30000000).split()", "memory"},
	{"('x' * 1000000).replace('x', 'y' * 100000)", "memory"},
	{"('x' * 1000000).join(['y'] * 100000)", "memory"},
	{"int('9' * 20000000)", "memory|CPU time"},
	{"x = 1 << 500\nwhile True: x = x * x", "memory|CPU time"},
	{"1 << (1 << 40)", "OverflowError"},
	{"pow(10, 1 << 40)", "CPU time|memory"},
	{"pow(10, 1 << 30)", "CPU time|memory"},
	{"'%1000000000d' % 1", "ValueError"},
	{"'{:1000000000}'.format(1)", "ValueError"},
	{"format(1.5, '.1000000000f')", "ValueError"},
	{"'x'.ljust(1 << 40)", "OverflowError"},
	{"('\\t' * 1000).expandtabs(1 << 30)", "OverflowError"},
	{"random.getrandbits(1 << 40)", "MemoryError"},
	{"random.choices([1], k = 1 << 40)", "memory"},
	{"open('/dev/zero').read()", "memory"},
	{"C = type('C', (), {})\nc = C()\nfor n in range(1 << 40): setattr(c, 'a%d' % n, n)", "memory|CPU time"},
	{"l = []\nwhile True: l.append(type('C', (), {}))", "memory|CPU time"},
	{"fail('x' * 50000000)", "memory"},
	{"[0] * 10000000", "memory|CPU time"}, // the result
	// nesting
	{"f()", "RecursionError|memory"},
	{"x = []\nfor _ in range(100): x = [x, x]\nreturn repr(x)", "memory"},
	{"x = []\nfor _ in range(100): x = [x, x]\nreturn json.dumps(x)", "memory"},
	{"x, y = [], []\nfor _ in range(100): x, y = [x, x], [y, y]\nreturn x == y", "RecursionError|CPU time"},
	{"x, y = [], []\nfor _ in range(100000): x, y = [x], [y]\nreturn x == y", "RecursionError"},
	{"x = []\nfor _ in range(100000): x = [x]\nreturn repr(x)", "CPU time|memory"},
	{"x = []\nfor _ in range(100000): x = [x]\nreturn json.dumps(x)", "memory|RecursionError"},
	{"x = []\nfor _ in range(100000): x = [x]\nreturn x", "CPU time|memory|multiprocessing.pool.MaybeEncodingError"},
	{"x = ()\nfor _ in range(1000): x = (x, x)\nreturn {x: 1}", "CPU time|RecursionError"},
	{"json.loads('[' * 10000000)", "RecursionError"},
	{"re.compile('(' * 300000 + ')' * 300000)", "re.PatternError"},
	{"C = type('C', (), {'__repr__': lambda self: repr(self)})\nreturn repr(C())", "RecursionError|memory"},
	// time
	{"while True: pass", "CPU time"},
	{"while True: try_(lambda: fail('x'))", "CPU time"},
	{"sum(range(1 << 62))", "CPU time"},
	{"max(itertools.cycle([1]))", "CPU time"},
	{"re.match('(a+)+$', 'a' * 40 + 'b')", "CPU time"},
	{"sorted([3, 1, 2], key = lambda x: sum(range(1 << 62)))", "CPU time"},
	{"math.factorial(10000000)", "CPU time|memory"},
	{"hashlib.pbkdf2_hmac('sha256', b'x', b'y', 1 << 40)", "CPU time"},
	{"C = type('C', (), {'__eq__': lambda self, o: sum(range(1 << 62))})\nreturn C() == C()", "CPU time"},
	{"C = type('C', (), {'__hash__': lambda self: 1, '__eq__': lambda self, o: False})\nd = {}\nwhile True: d[C()] = 1", "CPU time|memory"},
	{"def r(self): return str(sum(range(1 << 62)))\nraise_(type('E', (Exception,), {'__str__': r, '__repr__': r})())", "CPU time"},
	{"multiprocessing.Queue().get()", "time"},
	{"time.sleep(3600)", "time"},
	{"os.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(3600)", "time"},
	// output
	{"while True: print('x' * 1000)", "output"},
	{"while True: print()", "output"},
	{"while True: sys.stderr.write('x')", "output|CPU time"},
	{"while True: logging.error('x' * 1000)", "output"},
	// processes, threads, files
	{"multiprocessing.Pool(100000)", "processes"},
	{"multiprocessing.Pool(1 << 62)", "TypeError"},
	{"multiprocessing.Process(target = f).start()\nf()", "processes"},
	{"while True: multiprocessing.Process(target = time.sleep, args = (3600,)).start()", "processes"},
	{"while True: multiprocessing.Manager()", "processes|open files"},
	{"concurrent.futures.ProcessPoolExecutor(100).map(time.sleep, range(100))\ntime.sleep(3600)", "processes"},
	{"multiprocessing.pool.ThreadPool(100000).map(lambda x: time.sleep(1), range(100000))", "CPU time|memory"},
	{"e = concurrent.futures.ThreadPoolExecutor(100000)\nwhile True: e.submit(time.sleep, 1000)", "CPU time|memory"},
	{"multiprocessing.pool.ThreadPool(1).map(lambda x: sum(range(1 << 62)), [1])", "CPU time"},
	{"l = []\nwhile True: l.append(open('/dev/null'))", "open files"},
	{"l = []\nwhile True: l.append(multiprocessing.connection.Listener(('127.0.0.1', 0)))", "open files"},
	{"subprocess.run(['sh', '-c', 'setsid sleep 3600 &'])", "processes"},
	{"os.system('setsid sleep 3600 &')", "processes"},
	// shared memory
	{"q = multiprocessing.Queue()\nx = 'x' * 1000000\nwhile True: q.put(x)", "shared memory|memory"},
	{"q = multiprocessing.Queue()\nwhile True: q.put(1)", "shared memory|CPU time"},
	{"l = []\nwhile True: l.append(multiprocessing.Lock())", "shared memory"},
	{"l = []\nwhile True: l.append(multiprocessing.Pipe())", "shared memory"},
	{"l = []\nwhile True: l.append(multiprocessing.RawArray('d', 1 << 16))", "shared memory"},
	{"l = []\nwhile True: l.append(multiprocessing.shared_memory.SharedMemory(create = True, size = 1 << 20))", "shared memory|open files"},
	{"multiprocessing.Array('d', 1 << 40)", "OverflowError"},
	{"d = multiprocessing.Manager().list()\nwhile True: d.append('x' * 1000000)", "BrokenPipeError|shared memory"},
	// the host and others
	{"os.kill(os.getppid(), signal.SIGKILL)", "PermissionError"},
	{"os.kill(-1, signal.SIGKILL)", "PermissionError"},
	{"os.kill(0, signal.SIGKILL)", "PermissionError"},
	{"os.kill(sibling, signal.SIGKILL)", "PermissionError"},
	{"os.kill(os.getppid(), signal.SIGINT)", "PermissionError"},
	{"os.kill(os.getpid(), signal.SIGKILL)", "multiprocessing.WorkerLostError"},
	{"os._exit(0)", "multiprocessing.WorkerLostError"},
	{"sys.exit(0)", "SystemExit"},
}

// Each of them, in a limited worker: the host goes on within bounded memory, the error names the limit or what was wrong, and the line, and
// the next task works.
func TestAttacks(t *testing.T) {
	if notConfined != "" {
		t.Skip(notConfined)
	}
	limits := Limits{Memory: 128 << 20, CPU: time.Second, Time: time.Minute, Processes: 4, OpenFiles: 40, Output: 100_000}
	brief, hasty := limits, limits // for what goes on until it is ended
	brief.CPU, hasty.Time = 150*time.Millisecond, time.Second
	byLimit := map[string]Limits{"CPU time": brief, "time": hasty}
	groups := map[Limits][]attack{}
	for _, a := range attacks {
		first, _, _ := strings.Cut(a.want, "|")
		l, ok := byLimit[first]
		if !ok {
			l = limits
		}
		groups[l] = append(groups[l], a)
	}
	t.Run("limits", func(t *testing.T) {
		for l, attacks := range groups {
			t.Run(fmt.Sprint(l.CPU, ",", l.Time), func(t *testing.T) {
				t.Parallel()
				testAttacks(t, l, attacks)
			})
		}
	})
	if h := held(); h.children != 0 {
		t.Errorf("%d processes are left", h.children)
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.Sys > 256<<20 {
		t.Errorf("this process has needed %d MiB", m.Sys>>20)
	}
	if b, err := os.ReadFile("/proc/self/status"); err == nil {
		t.Logf("Go's memory %d MiB; %s", m.Sys>>20, regexp.MustCompile(`VmHWM:.*`).Find(b))
	}
}

func testAttacks(t *testing.T, limits Limits, attacks []attack) {
	var out outputLog
	rt := newRuntime(t, Options{Stdout: &out, Stderr: &out, SharedMemory: 64 << 20})
	others, _ := newPool(t, rt, PoolOptions{Workers: 1}, "")
	p, _ := newPool(t, rt, PoolOptions{Workers: 1, Limits: limits}, "")
	line := regexp.MustCompile(`(^| at )t\.star:\d`)
	for _, a := range attacks {
		text := "def f():\n"
		if strings.Contains(a.text, "\n") || strings.Contains(a.text, "while ") || strings.Contains(a.text, "; ") {
			text += "    " + strings.ReplaceAll(a.text, "\n", "\n    ")
		} else {
			text += "    x = 1\n    return " + a.text
		}
		out.mu.Lock()
		before := out.text.Len()
		out.mu.Unlock()
		pids := others.workers.Pids()
		globals, err := rt.Exec(deadline(t), "t.star", []byte(text+"\nsibling = "+strconv.Itoa(pids[0])+"\ndef works(): return sum(range(10))\n"))
		if err != nil {
			t.Errorf("%s: %v", a.text, err)
			continue
		}
		_, err = p.Call(deadline(t), globals["f"])
		var limit *LimitError
		var e *Error
		got := ""
		lineless := a.text == "f()" // it dies where it needs more stack, which may be as it notes where it is
		if errors.As(err, &limit) {
			got = string(limit.Limit)
		} else if errors.As(err, &e) {
			got = e.Class
			lineless = got == "multiprocessing.WorkerLostError" || got == "multiprocessing.pool.MaybeEncodingError"
		}
		want := a.want
		if strings.Contains(want, "memory") {
			want += "|CPU time" // which the collector needs more of on a busy machine
		}
		if !regexp.MustCompile("^("+want+")$").MatchString(got) || !lineless && !line.MatchString(err.Error()) {
			t.Errorf("%s: got %s: %.200v, want %s", a.text, got, err, a.want)
		}
		if v, err := p.Call(deadline(t), globals["works"]); err != nil || v.String() != "45" {
			t.Errorf("%s: the next task: %v, %v", a.text, v, err)
		}
		if v, err := others.Call(deadline(t), starlark.Universe["len"], starlark.String("abc")); err != nil || v.String() != "3" || others.workers.Pids()[0] != pids[0] {
			t.Errorf("%s: another pool's task: %v, %v", a.text, v, err)
		}
		out.mu.Lock()
		if s := out.text.String()[before:]; len(s) > 200_000 || strings.Contains(s, "goroutine") || strings.Contains(s, "fatal error") {
			t.Errorf("%s: %d bytes of output:\n%.2000s", a.text, len(s), s)
		}
		out.mu.Unlock()
	}
}
