package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/starmp/starmp/interp"
)

func TestMain(m *testing.M) {
	interp.Child()
	os.Exit(m.Run())
}

func TestBatch(t *testing.T) {
	var out, bar bytes.Buffer
	if err := run(context.Background(), "work.star", strings.NewReader("7\n91\n97\n"), &out, &bar); err != nil {
		t.Fatal(err)
	}
	if want := "7 is prime\n91 is 7 times 13\n97 is prime\n"; out.String() != want {
		t.Errorf("got %q, want %q", &out, want)
	}
	if s := bar.String(); !strings.HasSuffix(s, "\r["+strings.Repeat("#", 40)+"] 3/3\n") || strings.Count(s, "\r") != 3 {
		t.Errorf("bar: %q", s)
	}
	out.Reset()
	err := run(context.Background(), "work.star", strings.NewReader("7\nx\n"), &out, &bar)
	if err == nil || err.Error() != "1 of 2 lines failed" || !strings.Contains(out.String(), "x: work.star:2: ValueError: ") {
		t.Errorf("%v, %s", err, &out)
	}
	file := filepath.Join(t.TempDir(), "slow.star")
	if err := os.WriteFile(file, []byte("def work(line): time.sleep(3600)\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := run(ctx, file, strings.NewReader("1\n2\n3\n"), &out, &bar); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
