package mp

import (
	"bytes"
	"testing"
)

func TestRequestRoundTrip(t *testing.T) {
	in := request{conn: 7, flags: flagKeywords, object: 1<<40 + 3, method: "__getitem__"}
	got, err := parseRequest(append(in.append(nil), "arguments"...))
	if err != nil {
		t.Fatal(err)
	}
	if string(got.args) != "arguments" {
		t.Errorf("arguments: got %q", got.args)
	}
	got.args = nil
	if got.conn != in.conn || got.flags != in.flags || got.object != in.object || got.method != in.method {
		t.Errorf("got %+v, want %+v", got, in)
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add((&request{conn: 1, method: "append"}).append(nil))
	f.Add([]byte{1, 0, 0, 0, 0, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRequest(b)
		if err != nil {
			return
		}
		if again := append(r.append(nil), r.args...); !bytes.Equal(again, b) {
			t.Errorf("%x became %x", b, again)
		}
	})
}
