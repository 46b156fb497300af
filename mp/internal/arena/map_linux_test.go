//go:build linux && !starmp_portable

package arena

import "testing"

const punches = true // chunks' pages can be given back

func TestSealed(t *testing.T) {
	a, _ := newArena(t, false, Options{})
	for _, size := range []int64{4096, 64 << 20} {
		if a.File().Truncate(size) == nil {
			t.Errorf("truncated to %d", size)
		}
	}
}
