package arena

import "testing"

func TestSmoke(t *testing.T) {
	a, err := New(Options{Size: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := a.TakeSlot(NoSlot, "root")
	m := a.Join(s)
	h, _, err := m.NewCell(KindTest)
	if err != nil {
		t.Fatal(err)
	}
	m.Retain(h)
	m.Release(h)
	m.Release(h)
	c, _ := m.TakeChunk(0)
	m.GiveChunk(c)
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	t.Log(a.Stats(), a.Slot(s).Name())
}
