package ship

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.starlark.net/syntax"
)

const tricky = `"""module doc"""
load("lib.star", "loaded", other="x")
table = {"k": [1]}

def plain(a, b=table, *args, c, d=lambda: table, **kw):
    """doc
def not_a_def():"""
    x = a  # comment
    def inner(y=x):
        return [y + x + z + loaded for z in table] + (lambda q, w=x: q + w + len(a))(1)
    for i in range(3):
        if i:
            def late(): return i, plain, kw
        else:
            late = lambda: inner
    return (inner,
        late)
# a comment between

if table:
    def conditional(): return (table)[0]
elif plain:
    def conditional(): pass
else:
    # odd
    def conditional(): return table[0:
        1]
fs = [lambda: i for i in range(3)]; gs = (lambda: (1, 2)), (lambda: -table["k"][0]), {1: lambda: {}}
é = "é"; h = lambda: "é" if é else (é)[0]; after = 1
while not table: w = lambda: (lambda: (lambda: w))
last = lambda x: [
   x,
][-1]
`

// all finds all definitions of a module.
func all(t *testing.T, m *Module) []*Def {
	t.Helper()
	f, err := Options.Parse(m.File, m.Text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []*Def
	syntax.Walk(f, func(n syntax.Node) bool {
		var pos syntax.Position
		switch n := n.(type) {
		case *syntax.DefStmt:
			pos = n.Def
		case *syntax.LambdaExpr:
			pos = n.Lambda
		default:
			return true
		}
		d, err := m.Def(pos.Line, pos.Col)
		if err != nil || d == nil {
			t.Fatalf("no definition at %v: %v", pos, err)
		}
		list = append(list, d)
		return true
	})
	return list
}

func TestDefs(t *testing.T) {
	want := []string{
		`plain 5:1 defaults [b d] free [loaded] globals [table plain] outer [len range]: "def plain(a, b=" ... "        late)\n# a comment between"`,
		`lambda 5:35 defaults [] free [] globals [table] outer []: "lambda: table"`,
		`inner 9:5 defaults [y] free [a x loaded] globals [table] outer [len]: "def inner(y=x):" ... "lambda q, w=x: q + w + len(a))(1)"`,
		`lambda 10:55 defaults [w] free [a] globals [] outer [len]: "lambda q, w=x: q + w + len(a)"`,
		`late 13:13 defaults [] free [i kw] globals [plain] outer []: "def late(): return i, plain, kw"`,
		`lambda 15:20 defaults [] free [inner] globals [] outer []: "lambda: inner"`,
		`conditional 21:5 defaults [] free [] globals [table] outer []: "def conditional(): return (table)[0]"`,
		`conditional 23:5 defaults [] free [] globals [] outer []: "def conditional(): pass"`,
		`conditional 26:5 defaults [] free [] globals [table] outer []: "def conditional(): return table[0:\n        1]"`,
		`lambda 28:7 defaults [] free [i] globals [] outer []: "lambda: i"`,
		`lambda 28:43 defaults [] free [] globals [] outer []: "lambda: (1, 2)"`,
		`lambda 28:61 defaults [] free [] globals [table] outer []: "lambda: -table[\"k\"][0]"`,
		`lambda 28:90 defaults [] free [] globals [] outer []: "lambda: {}"`,
		`lambda 29:14 defaults [] free [] globals [é] outer []: "lambda: \"é\" if é else (é)[0]"`,
		`lambda 30:22 defaults [] free [] globals [w] outer []: "lambda: (lambda: (lambda: w))"`,
		`lambda 30:31 defaults [] free [] globals [w] outer []: "lambda: (lambda: w)"`,
		`lambda 30:40 defaults [] free [] globals [w] outer []: "lambda: w"`,
		`lambda 31:8 defaults [] free [] globals [] outer []: "lambda x: [\n   x,\n][-1]"`,
	}
	for _, ends := range []string{"\n", "\r\n", "\r"} {
		m := NewModule("m", "m.star", []byte(strings.ReplaceAll(tricky, "\n", ends)))
		var got []string
		for _, d := range all(t, m) {
			text := strings.ReplaceAll(string(m.Text[d.Start:d.End]), ends, "\n")
			quoted := fmt.Sprintf("%q", text)
			if len(text) > 60 {
				first, _, _ := strings.Cut(text, "\n")
				quoted = fmt.Sprintf("%q ... %q", first[:min(15, len(first))], text[len(text)-min(33, len(text)-40):])
			}
			got = append(got, fmt.Sprintf("%s %d:%d defaults %v free %v globals %v outer %v: %s",
				d.Name, d.Line, d.Col, d.Defaults, d.Free, d.Globals, d.Outer, quoted))
		}
		if !slices.Equal(got, want) {
			t.Errorf("with %q\n%s\nwant\n%s", ends, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestDefsThatAreNotThere(t *testing.T) {
	m := NewModule("m", "m.star", []byte("\nx = 1\ndef f(): pass\n"))
	for _, at := range []point{{1, 1}, {2, 1}, {3, 2}, {3, 5}, {9, 1}, {0, 0}, {-1, -1}} {
		if d, err := m.Def(at.line, at.col); d != nil || err != nil {
			t.Errorf("%v: %v, %v", at, d, err)
		}
	}
	broken := NewModule("m", "m.star", []byte("def def"))
	for range 2 {
		if _, err := broken.Def(1, 1); err == nil {
			t.Error("no error")
		}
	}
}

func TestSum(t *testing.T) {
	base := NewModule("m", "f", []byte("text"))
	if base.Sum() != NewModule("m", "f", []byte("\ufefftext")).Sum() {
		t.Error("a byte order mark is part of the text")
	}
	session := NewModule("m", "f", []byte("text"))
	session.Session = "s"
	for _, m := range []*Module{NewModule("n", "f", []byte("text")), NewModule("mf", "", []byte("text")), NewModule("m", "f", []byte("text2")), session} {
		if m.Sum() == base.Sum() {
			t.Errorf("%v has the same sum", m)
		}
	}
}
