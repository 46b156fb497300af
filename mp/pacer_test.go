package mp

import "testing"

// TestPacer makes many values that nobody keeps: their number must stay in bounds.
func TestPacer(t *testing.T) {
	rt := new(Runtime)
	rt.pacer.setStep(32_000)
	step := rt.pacer.step
	most := int64(0)
	for range 100 * step {
		own(rt, new([64]byte), func() {})
		most = max(most, rt.pacer.live.Load())
	}
	if most > 6*step {
		t.Errorf("%d values were alive at once, more than %d", most, 6*step)
	}
}
