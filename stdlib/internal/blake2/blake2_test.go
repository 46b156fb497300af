package blake2

import (
	"encoding/hex"
	"testing"
)

// TestVectors has the examples of RFC 7693.
func TestVectors(t *testing.T) {
	b := NewB(64, nil)
	b.Write([]byte("abc"))
	if got := hex.EncodeToString(b.Sum(nil)); got != "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923" {
		t.Errorf("BLAKE2b is %s", got)
	}
	s := NewS(32, nil)
	s.Write([]byte("abc"))
	if got := hex.EncodeToString(s.Sum(nil)); got != "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982" {
		t.Errorf("BLAKE2s is %s", got)
	}
}

// TestPieces checks that it does not matter how data come.
func TestPieces(t *testing.T) {
	data := make([]byte, 1000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	whole := NewB(32, []byte("key"))
	whole.Write(data)
	for _, n := range []int{1, 63, 64, 127, 128, 129} {
		h := NewB(32, []byte("key"))
		for p := data; len(p) > 0; p = p[min(n, len(p)):] {
			h.Write(p[:min(n, len(p))])
		}
		if string(h.Sum(nil)) != string(whole.Sum(nil)) {
			t.Errorf("differs in pieces of %d", n)
		}
	}
}
