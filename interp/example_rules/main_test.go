package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/starmp/starmp/interp"
)

func TestMain(m *testing.M) {
	interp.Child(setup)
	os.Exit(m.Run())
}

func TestRules(t *testing.T) {
	if notConfined != "" {
		t.Skip(notConfined)
	}
	var out bytes.Buffer
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("output.txt")
	if err != nil {
		t.Fatal(err)
	}
	// Where the memory is all used up is one of the lines of the loop.
	got := strings.ReplaceAll(out.String(), "greedy.star:4", "greedy.star:3")
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
