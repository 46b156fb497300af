package mp

import (
	"bytes"
	"testing"
)

func FuzzParseTask(f *testing.F) {
	f.Add(append((&task{job: 3, chunk: 2, kind: taskMap, fn: []byte("function")}).append(nil), "items"...))
	f.Add((&task{}).append(nil))
	f.Add(bytes.Repeat([]byte{255}, taskHead))
	f.Fuzz(func(t *testing.T, b []byte) {
		task, err := parseTask(b)
		if err != nil {
			return
		}
		if again := append(task.append(nil), task.args...); !bytes.Equal(again, b) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

func TestResultRoundTrip(t *testing.T) {
	b := appendResult(nil, 1<<40, 9, resultError)
	if len(b) != resultHead {
		t.Fatalf("head of %d bytes, want %d", len(b), resultHead)
	}
	if job, chunk, kind := parseResult(b); job != 1<<40 || chunk != 9 || kind != resultError {
		t.Errorf("got %d, %d, %d", job, chunk, kind)
	}
}
