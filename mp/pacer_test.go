package mp

import "testing"

// TestPacer makes many values that nobody keeps: their number must stay in bounds.
func TestPacer(t *testing.T) {
	rt := new(Runtime)
	most := int64(0)
	for range 20 * pacerStep {
		own(rt, new([64]byte), func() {})
		most = max(most, rt.pacer.live.Load())
	}
	if most > 6*pacerStep {
		t.Errorf("%d values were alive at once, more than %d", most, 6*pacerStep)
	}
}
