package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/starmp/starmp/interp"
)

func TestMain(m *testing.M) {
	interp.Child(setup)
	os.Exit(m.Run())
}

func TestServer(t *testing.T) {
	rt, err := interp.New(interp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rt.Close)
	pool, err := rt.NewPool(interp.PoolOptions{Workers: 2, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler(pool))
	t.Cleanup(server.Close)

	post := func(ctx context.Context, query, script string) (int, string, error) {
		req, err := http.NewRequestWithContext(ctx, "POST", server.URL+"/?"+query, strings.NewReader(script))
		if err != nil {
			return 0, "", err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body), err
	}
	for _, c := range []struct {
		script string
		status int
		body   string
	}{
		{"def main(q): return {'twice': 2 * int(q['n'])}", 200, `{"twice": 42}` + "\n"},
		{"def main(q): return q['m']", 422, "request.star:1: KeyError: "},
		{"def main(q)", 422, "request.star:1:12"},
		{"x = 1", 422, "no function main"},
		{"while True: pass", 507, "limit exceeded: CPU time"},
		{"def main(q):\n  time.sleep(3600)", 504, "request.star:2: context deadline exceeded"},
		{"def main(q): return open('/etc/passwd')", 422, "undefined: open"},
	} {
		status, body, err := post(context.Background(), "n=21", c.script)
		if err != nil || status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s: %d %s %v", c.script, status, body, err)
		}
	}

	// Clients that go away take their scripts with them, and others are served.
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			if _, _, err := post(ctx, "", "def main(q): time.sleep(3600)"); err == nil {
				t.Error("a script of an hour has answered")
			}
		})
		wg.Go(func() {
			status, body, err := post(context.Background(), fmt.Sprint("n=", i), "def main(q): return q['n']")
			if err != nil || status != 200 && status != 504 || status == 200 && body != fmt.Sprintf("\"%d\"\n", i) {
				t.Error(status, body, err)
			}
		})
	}
	wg.Wait()
}
