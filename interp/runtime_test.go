package interp

import "testing"

// Every process pays this at its start.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		rt, err := New(Options{})
		if err != nil {
			b.Fatal(err)
		}
		rt.Predeclared()
	}
}
