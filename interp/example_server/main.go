// Example_server is a web server that runs a script for each request: the body of a POST, whose function main is called with the parameters of
// the URL. A script has a deadline, and ends when its client goes away.
//
//	go run . &
//	curl --data-binary 'def main(q): return {"twice": 2 * int(q["n"])}' 'localhost:8080/?n=21'
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/starmp/starmp/interp"
	"go.starlark.net/starlark"
)

// timeout is how long a script may take, with what it waits for a worker.
const timeout = 3 * time.Second

var setup = interp.Setup{Omit: interp.SystemNames()}

var limits = interp.Limits{Memory: 256 << 20, CPU: 100 * time.Millisecond, Processes: -1, Output: 10 << 10}

func main() {
	interp.Child(setup)
	rt, err := interp.New(interp.Options{Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	// A worker keeps the text of scripts that it has run: after so many a new one takes its place.
	pool, err := rt.NewPool(interp.PoolOptions{Limits: limits, MaxTasks: 10_000})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", handler(pool)))
}

// handler runs scripts.
func handler(pool *interp.Pool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		query := new(starlark.Dict)
		for name, values := range r.URL.Query() {
			query.SetKey(starlark.String(name), starlark.String(values[0]))
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		v, err := pool.Exec(ctx, "request.star", text, "main", query)
		var limit *interp.LimitError
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			http.Error(w, err.Error(), http.StatusGatewayTimeout)
		case errors.As(err, &limit):
			http.Error(w, err.Error(), http.StatusInsufficientStorage)
		case err != nil:
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		default:
			fmt.Fprintln(w, v)
		}
	})
}
