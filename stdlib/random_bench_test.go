package stdlib

import (
	"testing"

	"go.starlark.net/starlark"
)

// BenchmarkRandom calls the functions that scripts call in loops.
func BenchmarkRandom(b *testing.B) {
	r := newRuntime(b)
	for _, expr := range []string{"random.random()", "random.randint(1, 100)", "random.choice(xs)", "random.gauss(0, 1)", "math.sin(0.5)"} {
		b.Run(expr, func(b *testing.B) {
			src := "def f(n):\n    xs = [1, 2, 3]\n    for _ in range(n):\n        " + expr + "\n"
			g, err := r.run("bench.star", src)
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			if _, err := starlark.Call(r.thread, g["f"], starlark.Tuple{starlark.MakeInt(b.N)}, nil); err != nil {
				b.Fatal(err)
			}
		})
	}
}
