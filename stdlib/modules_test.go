package stdlib

import (
	"math"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// TestValuesTravel sends what modules make to another runtime.
func TestValuesTravel(t *testing.T) {
	here, there := newRuntime(t), newRuntime(t)
	out, in := wire.NewCodec(), wire.NewCodec()
	here.lib.Register(out)
	there.lib.Register(in)
	send := func(expr string) (starlark.Value, error) {
		v := here.eval(t, expr)
		data, _, err := out.Encode(nil, "obj", v)
		if err != nil {
			return nil, err
		}
		return in.Decode(data)
	}
	for _, test := range []struct{ expr, check string }{
		{"slice(1, None, 2)", "got == slice(1, None, 2)"},
		{"sys.stdout", "got == sys.stdout"},
		{"[sys.stdin, sys.stderr]", "got == [sys.stdin, sys.stderr]"},
		{"sys.stdout.write", "got('x') == 1"},
		{"os.path", "got == os.path"},
		{"os.path.join", "got == os.path.join"},
		{"math.sqrt", "got == math.sqrt"},
		{"[time, random.random]", "got == [time, random.random]"},
		{"random.Random(3)", "got.random() == random.Random(3).random()"},
		{"(lambda r: [r.gauss(0, 1), r])(random.Random(3))[1]", "got.gauss(0, 1) == (lambda r: [r.gauss(), r.gauss()])(random.Random(3))[1]"},
		{"random.Random(3).randint", "got(1, 1000) == random.Random(3).randint(1, 1000)"},
		{"time.gmtime(1e9)", "got == time.gmtime(1e9) and got.tm_zone == 'GMT'"},
		{"time.localtime(1e9)", "got == time.localtime(1e9) and time.mktime(got) == 1e9"},
		{"map", "got(str, [1]) == ['1']"},
		{"re.compile('(?i)a+(b)')", "got == re.compile('(?i)a+(b)') and got.match('AAb').group(1) == 'b'"},
		{"re.compile(b'a').search", "got(b'xa').span() == (1, 2)"},
		{"collections.Counter('aab')", "got == collections.Counter('aab') and got['zz'] == 0"},
		{"collections.defaultdict(list, a=[1])", "[got['b'].append(2), got['b'], got['a']] == [None, [2], [1]]"},
		{"collections.OrderedDict(b=1, a=2)", "list(got.items()) == [('b', 1), ('a', 2)] and isinstance(got, collections.OrderedDict)"},
		{"collections.deque([1, 2, 3], maxlen=3)", "[got.append(4), list(got), got.maxlen] == [None, [2, 3, 4], 3]"},
		{"(lambda d: [d.append(d), d])(collections.deque())[1]", "len(got[0][0][0]) == 1"},
		{"collections.namedtuple('P', 'x y', defaults=[9])(1)", "got.x == 1 and got.y == 9 and got._replace(x=5).x == 5"},
		{"(lambda P: [P, P(1), P(2)])(collections.namedtuple('P', 'x'))", "isinstance(got[1], got[0]) and got[0](1) == got[1] and got[1] < got[2]"},
		{"collections.deque", "got == collections.deque"},
		{"functools.partial(pow, 2, mod=None)", "got.args == (2,) and list(got.keywords) == ['mod']"},
		{"functools.lru_cache(maxsize=3)(math.sqrt)", "got(4) == 2.0 and got.cache_parameters()['maxsize'] == 3"},
		{"functools.wraps(len)(abs)", "got(-1) == 1 and got.__name__ == 'len'"},
		{"operator.itemgetter(1, 'a')", "str(got) == str(operator.itemgetter(1, 'a'))"},
		{"operator.methodcaller('format', a=5)", "got('<{a}>') == '<5>'"},
		{"datetime.datetime(2024, 1, 2, 3, 4, 5, 6, datetime.timezone.utc)", "got == datetime.datetime(2024, 1, 2, 3, 4, 5, 6, datetime.timezone.utc) and got.tzinfo == datetime.UTC"},
		{"[datetime.date.max, datetime.time(1, 2), datetime.timedelta(-5, 1), datetime.timezone(datetime.timedelta(hours=1), 'X')]",
			"got == [datetime.date.max, datetime.time(1, 2), datetime.timedelta(-5, 1), datetime.timezone(datetime.timedelta(hours=1))] and got[3].tzname(None) == 'X'"},
		{"uuid.UUID(int=5)", "got.int == 5"},
		{"argparse.Namespace(a=[1])", "got == argparse.Namespace(a=[1])"},
		{"logging.getLogger('x.y')", "got == logging.getLogger('x.y')"},
		{"logging.StreamHandler(sys.stdout)", "got.stream == sys.stdout and isinstance(got, logging.Handler)"},
		{"subprocess.CompletedProcess('x', 1, 'out')", "got.stdout == 'out' and type(try_(got.check_returncode).error) == 'CalledProcessError'"},
		{"try_(re.compile, '(').error", "got.msg == 'missing ), unterminated subpattern' and got.pos == 0 and isinstance(got, re.error)"},
	} {
		got, err := send(test.expr)
		if err != nil {
			t.Errorf("%s: %v", test.expr, err)
			continue
		}
		there.env["got"] = got
		if ok := there.eval(t, test.check); ok != starlark.True {
			t.Errorf("%s arrived as %v: %s", test.expr, got, test.check)
		}
	}
	for expr, path := range map[string]string{
		`{"log": open("/dev/null")}`:    `obj["log"]`,
		`[1, iter([])]`:                 `obj[1]`,
		`[re.match("a", "a")]`:          `obj[0]`,
		`[itertools.count()]`:           `obj[0]`,
		`[open("/dev/null").readlines]`: `obj[0]`,
	} {
		if _, err := send(expr); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "cannot send") {
			t.Errorf("%s: got error %v, want one that names %s", expr, err, path)
		}
	}
}

// TestProcessesDrawDifferently checks that generators without a seed don't share a sequence.
func TestProcessesDrawDifferently(t *testing.T) {
	a := newRuntime(t).eval(t, "random.random()")
	b := newRuntime(t).eval(t, "random.random()")
	if a == b {
		t.Errorf("two runtimes both drew %v", a)
	}
}

// TestBlockingCalls checks that calls which may block give up the script lock.
func TestBlockingCalls(t *testing.T) {
	r := newRuntime(t)
	blocked := 0
	r.lib.cfg.Block = func(_ *starlark.Thread, f func()) { blocked++; f() }
	var slept time.Duration
	r.lib.cfg.Sleep = func(_ *starlark.Thread, d time.Duration) error { slept += d; return nil }
	r.env["path"] = starlark.String(t.TempDir() + "/f")
	for _, expr := range []string{
		"input()", "sys.stdin.read()", "[x for x in sys.stdin]", "open(path, 'w').write('a\\n')",
		"open(path).read(1)", "next(open(path))", "os.listdir('/')", "os.path.exists(path)", "os.mkdir(path + 'd')",
		"os.remove(path)", "sys.stdout.write('x')",
	} {
		blocked = 0
		r.eval(t, expr)
		if blocked == 0 {
			t.Errorf("%s kept the script lock", expr)
		}
	}
	r.eval(t, "[time.sleep(0.5), time.sleep(1), time.sleep(time.millisecond)]")
	if want := 1501 * time.Millisecond; slept != want {
		t.Errorf("slept %v, want %v", slept, want)
	}
}

// TestSetArgv checks that a child's sys.argv is set where scripts see it.
func TestSetArgv(t *testing.T) {
	r := newRuntime(t)
	r.lib.SetArgv([]string{"other.star"})
	if got := r.eval(t, "sys.argv").String(); got != `["other.star"]` {
		t.Errorf("sys.argv is %s", got)
	}
}

// TestMonotonicIsShared checks that all processes read the same clock.
func TestMonotonicIsShared(t *testing.T) {
	a, b := newRuntime(t), newRuntime(t)
	last := a.eval(t, "time.monotonic_ns()")
	for range 10 {
		for _, r := range []*scriptRun{b, a} {
			now := r.eval(t, "time.monotonic_ns()")
			if now.(starlark.Int).Sub(last.(starlark.Int)).Sign() < 0 {
				t.Fatalf("monotonic_ns went from %v to %v", last, now)
			}
			last = now
		}
	}
}

// TestExactNearGo compares the exact functions with Go's, which err by a few units in the last place: a wrong
// reduction or series would show at once.
func TestExactNearGo(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for range 50_000 {
		u, x := rnd.Float64(), rnd.NormFloat64()*math.Exp(rnd.NormFloat64()*5)
		p := math.Abs(x)
		for _, f := range []struct {
			name      string
			got, want float64
			scale     float64 // of the result: near a zero of the function the error is relative to this
		}{
			{"exp", exactExp(x), math.Exp(x), 0},
			{"log", exactLog(p), math.Log(p), 0},
			{"log2", exactLog2(p), math.Log2(p), 1},
			{"log10", exactLog10(p), math.Log10(p), 0},
			{"sin", exactSin(x), math.Sin(x), 1},
			{"cos", exactCos(x), math.Cos(x), 1},
			{"atan", exactAtan(x), math.Atan(x), 0},
			{"atan2", exactAtan2(x, u), math.Atan2(x, u), 0},
			{"asin", exactAsin(u), math.Asin(u), 4},
			{"acos", exactAcos(u), math.Acos(u), 4},
			{"hypot", exactHypot([]float64{x, u}), math.Hypot(x, u), 0},
		} {
			if math.IsInf(f.want, 0) || f.want == 0 || math.Abs(f.want) < 1e-300 {
				continue
			}
			if diff := math.Abs(f.got - f.want); !(diff <= 1e-15*max(math.Abs(f.want), f.scale)) {
				t.Fatalf("%s of %v, %v is %v, Go has %v", f.name, x, u, f.got, f.want)
			}
		}
	}
}

// FuzzJSON checks that any text is parsed or refused, and that what was parsed survives being written and parsed again.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a": [1, 2.5e3, "x\u00e9\ud83d\ude00", null, true]}`, `[`, `"\`, `-`, `[1,]`, `{"a":1,}`, "\"\xff\""} {
		f.Add(s)
	}
	r := newRuntime(f)
	f.Fuzz(func(t *testing.T, s string) {
		v, err := r.lib.jsonLoads(r.thread, nil, starlark.Tuple{starlark.String(s)}, nil)
		if err != nil {
			return
		}
		text, err := r.lib.jsonDumps(r.thread, nil, starlark.Tuple{v}, nil)
		if err != nil {
			t.Fatalf("%q parsed as %v: %v", s, v, err)
		}
		again, err := r.lib.jsonLoads(r.thread, nil, starlark.Tuple{text}, nil)
		if err != nil {
			t.Fatalf("%q was written as %v: %v", s, text, err)
		}
		if text2, err := r.lib.jsonDumps(r.thread, nil, starlark.Tuple{again}, nil); err != nil || text2 != text {
			t.Fatalf("%q was written as %v, then as %v (%v)", s, text, text2, err)
		}
	})
}

// BenchmarkNew is what each process pays for the library at its start.
func BenchmarkNew(b *testing.B) {
	for range b.N {
		New(Config{}).Predeclared()
	}
}

// FuzzCSV checks that any rows that are read are written so that they are read again.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\r\n1,\"x\ny\"\n", "\"", "a\"b,\"\"\n", "\r\n\n", "a\rb", "\xff,\u20ac"} {
		f.Add(s)
	}
	r := newRuntime(f)
	read := func(s string) (starlark.Value, error) {
		lines := starlark.Tuple{starlark.NewList([]starlark.Value{starlark.String(s)})}
		v, err := r.lib.newCSVReader(r.thread, nil, lines, nil)
		if err != nil {
			return nil, err
		}
		all, err := r.lib.drain(r.thread, v)
		return starlark.NewList(all), err
	}
	f.Fuzz(func(t *testing.T, s string) {
		rows, err := read(s)
		if err != nil {
			return
		}
		out := &memoryFile{lib: r.lib}
		w, err := r.lib.newCSVWriter(r.thread, nil, starlark.Tuple{out}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for row := range starlark.Elements(rows.(*starlark.List)) {
			if row.(*starlark.List).Len() == 0 {
				continue
			}
			out.data, out.pos = nil, 0
			if _, err := w.(*csvWriter).row(r.thread, row); err != nil {
				t.Fatalf("%v: %v", row, err)
			}
			again, err := read(string(out.data))
			if same, _ := starlark.Equal(again, starlark.NewList([]starlark.Value{row})); err != nil || !same {
				t.Errorf("%v was written as %q and read as %v (%v)", row, out.data, again, err)
			}
		}
	})
}
