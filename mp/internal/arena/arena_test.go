package arena

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSizes(t *testing.T) {
	const M, G = 1 << 20, 1 << 30
	for _, test := range []struct {
		o            Options
		slots, cells uint32
	}{
		{Options{Size: 1 * M}, 16, 64},
		{Options{Size: 4 * M}, 64, 256},
		{Options{Size: 64 * M}, 1024, 4096},
		{Options{Size: 12 * G}, 1024, 786432},
		{Options{Size: 1 << 40}, 1024, 1 << 20},
		{Options{Size: 8 * M, Slots: 2, Cells: 5}, 2, 5},
		{Options{Size: 64 * M, Slots: 99999}, 1024, 4096},
	} {
		z, err := test.o.sizes()
		if err != nil || z.slots != test.slots || z.cells != test.cells {
			t.Errorf("%+v: %d slots, %d cells, %v, want %d and %d", test.o, z.slots, z.cells, err, test.slots, test.cells)
		}
		if end := z.chunkOff + uint64(z.chunks)*ChunkSize; end > z.size || z.size-end >= ChunkSize {
			t.Errorf("%+v: chunks end at %d of %d", test.o, end, z.size)
		}
		if spent := z.size - uint64(z.chunks)*ChunkSize; spent > z.size/8+128<<10 {
			t.Errorf("%+v: %d bytes are no chunks", test.o, spent)
		}
	}
	for _, o := range []Options{{Size: -1}, {Size: 1000}, {Size: 1 << 41}, {Size: 1 * M, Cells: 1 << 20}} {
		if _, err := o.sizes(); err == nil || !strings.Contains(err.Error(), "arena of ") {
			t.Errorf("%+v: %v, want an error", o, err)
		}
	}
}

func TestSizeEnv(t *testing.T) {
	for _, test := range []struct {
		env  string
		want uint64
	}{{"2097152", 2 << 20}, {"64M", 64 << 20}, {"64m", 64 << 20}, {"2048K", 2 << 20}, {"3G", 3 << 30}, {"1T", 1 << 40}} {
		t.Setenv(sizeEnv, test.env)
		if z, err := (Options{}).sizes(); err != nil || z.size != test.want {
			t.Errorf("%s: %d, %v, want %d", test.env, z.size, err, test.want)
		}
		if z, err := (Options{Size: 1 << 20}).sizes(); err != nil || z.size != 1<<20 {
			t.Errorf("%s does not yield to an option: %d, %v", test.env, z.size, err)
		}
	}
	for _, env := range []string{"M", "x", "-1", "1.5G", "99999999T", "12Q", "0", "10"} {
		t.Setenv(sizeEnv, env)
		if _, err := New(Options{}); err == nil {
			t.Errorf("%s=%s is accepted", sizeEnv, env)
		}
	}
}

func TestDefaultSize(t *testing.T) {
	b, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	st := b.Stats()
	if st.Size < 64<<20 || st.Slots != 1024 {
		t.Errorf("%+v", st)
	}
	if st.Touched > 1<<20 {
		t.Errorf("an empty arena takes %d bytes", st.Touched)
	}
}

func TestAttach(t *testing.T) {
	a, m := newArena(t, false, Options{})
	h, c := newCell(t, m)
	c.W[0].Store(0)
	dup := dupFile(t, a.File())
	b, err := Attach(dup)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Cell(h, KindTest); err != nil || got == c {
		t.Errorf("the second mapping has cell %p, %v", got, err)
	}
	c.W[3].Store(42)
	if v := b.cells[h.cell()].W[3].Load(); v != 42 {
		t.Errorf("the second mapping reads %d", v)
	}
	if b.Slot(m.id).Name() != "root" {
		t.Error("the second mapping has another root")
	}
	for range 2 {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	m.Release(h)
}

// dupFile is a second descriptor of f, as a child would have.
func dupFile(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

func TestAttachErrors(t *testing.T) {
	a, _ := newArena(t, false, Options{})
	var good [headerSize]byte
	if _, err := a.File().ReadAt(good[:], 0); err != nil {
		t.Fatal(err)
	}
	size := int64(len(a.mem))
	edit := func(off int, v uint32) []byte {
		b := bytes.Clone(good[:])
		binary.NativeEndian.PutUint32(b[off:], v)
		return b
	}
	for _, test := range []struct {
		name, want string
		head       []byte
		size       int64
	}{
		{"empty", "too short", nil, 0},
		{"short", "too short", good[:20], 20},
		{"zero", "is not an arena", make([]byte, headerSize), size},
		{"other version", "layout version 99, this program has 4", edit(8, 99), size},
		{"cut", "has 65536 bytes, its header says 8388608", good[:], 65536},
		{"grown", "its header says 8388608", good[:], size + 65536},
		{"slots", "9999 processes", edit(12, 9999), size},
		{"cells", "999999999 objects", edit(16, 999999999), size},
		{"chunks", "header says 5 chunks", edit(20, 5), size},
	} {
		f, err := os.CreateTemp(t.TempDir(), "arena")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(test.head); err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(test.size); err != nil {
			t.Fatal(err)
		}
		_, err = Attach(f)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "attach to arena: ") {
			t.Errorf("%s: %v, want ... %s", test.name, err, test.want)
		}
		if _, err := f.Stat(); err != nil {
			t.Errorf("%s: the file is closed after an error: %v", test.name, err)
		}
		f.Close()
	}
}

func TestHeapHasNoFile(t *testing.T) {
	a, _ := newArena(t, true, Options{})
	if a.File() != nil {
		t.Error("Go memory has a file")
	}
}
