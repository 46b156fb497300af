package prim

import (
	"bytes"
	"testing"

	"github.com/starmp/starmp/mp/internal/arena"
)

func TestBlob(t *testing.T) {
	ms := family(t, 2)
	for _, n := range []int{0, 1, 100, arena.ChunkSize - chunkHeader, arena.ChunkSize, 300_000} {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i * 7)
		}
		a := must(NewBlob(ms[0], data))(t)
		b := must(OpenBlob(ms[1], a.Handle()))(t)
		a.Close()
		if !bytes.Equal(b.Data(), data) {
			t.Errorf("%d bytes: another member reads something else", n)
		}
		b.Close()
		if b.Data() != nil {
			t.Errorf("%d bytes: data after Close", n)
		}
		if _, err := OpenBlob(ms[1], b.Handle()); err == nil {
			t.Errorf("%d bytes: opened after the last Close", n)
		}
	}
}

// A death in NewBlob after the chain was linked, with the chunks still in hand, leaks nothing.
func TestBlobDeath(t *testing.T) {
	ms := family(t, 2)
	h, c, err := ms[1].NewCell(arena.KindBlob)
	if err != nil {
		t.Fatal(err)
	}
	first := must(fillChain(ms[1], h, nil, make([]byte, 200_000), ""))(t)
	c.W[1].Store(200_000)
	c.W[0].Store(uint64(first))
	ms[0].Reap(ms[1].ID(), -9)
	if st := ms[0].Arena().Stats(); st.CellsUsed != 0 || st.ChunksUsed != 0 {
		t.Errorf("left over: %d objects, %d chunks", st.CellsUsed, st.ChunksUsed)
	}
}
