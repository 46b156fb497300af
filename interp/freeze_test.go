package interp

import (
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

func TestFreeze(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		frozen bool
	}{
		"plain":            {"def f(): return x\nx = [1]", true},
		"list with itself": {"x = [1]\nx.append(x)", true},
		"closure in list":  {"x = []\ndef make():\n  def g(): return x\n  return g\nx.append(make())", true},
		"recursive inner":  {"x = []\ndef make():\n  def fact(n): return 1 if n < 2 else n * fact(n - 1)\n  return fact\nf = make()", false},
		"mutual inner":     {"x = []\ndef make():\n  def even(n): return n == 0 or odd(n - 1)\n  def odd(n): return n != 0 and even(n - 1)\n  return even\nd = {'f': [make()]}", false},
		"through a tuple":  {"x = []\ndef make():\n  t = (lambda: t,)\n  return t\ny = make()", false},
		"one value twice":  {"x = [1]\nt = (x, x)\nu = (t, t)", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, prog, err := starlark.SourceProgramOptions(&syntax.FileOptions{Recursion: true, GlobalReassign: true}, name, test.script, func(string) bool { return false })
			if err != nil {
				t.Fatal(err)
			}
			globals, err := prog.Init(new(starlark.Thread), nil)
			if err != nil {
				t.Fatal(err)
			}
			freeze(globals)
			err = globals["x"].(*starlark.List).Append(starlark.None)
			if frozen := err != nil; frozen != test.frozen {
				t.Errorf("frozen: %v, want %v", frozen, test.frozen)
			}
		})
	}
}
