package sre

import (
	"errors"
	"strconv"
	"strings"
	"testing"
)

// FuzzCompile checks that any pattern compiles or is refused, and that what compiles can be run and stays within the subject.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{`(a|b)*c`, `(?P<n>x+?)\1(?=y)`, `[^\w-]{2,3}+`, `(?<=ab)c(?!d)`, `(?(1)a|b)`, `(?x) a # b`, `((`, `[`, `\8`, `(a*)*b`, `(?<!(a))\b`, "é+"} {
		f.Add(s, "abcé\xffxyy")
	}
	f.Fuzz(func(t *testing.T, pattern, subject string) {
		if len(pattern) > 200 || len(subject) > 200 {
			return
		}
		for _, bytes := range []bool{false, true} {
			re, err := Compile(pattern, 0, bytes, strconv.Quote)
			if err != nil {
				continue
			}
			polls := 0
			stop := errors.New("enough")
			for _, mode := range []Mode{Search, Match, FullMatch} {
				r, err := re.Find(&Input{Subject: subject, End: len(subject), Mode: mode, Poll: func() error {
					if polls++; polls > 20 {
						return stop
					}
					return nil
				}})
				if err != nil || r == nil {
					continue
				}
				if r.Spans[0] > r.Spans[1] || r.Spans[1] > len(subject) || len(r.Spans) != 2*re.Groups()+2 {
					t.Errorf("%q in %q: %v", pattern, subject, r.Spans)
				}
			}
		}
	})
}

// TestPoll checks that a match that would take for ever can be stopped.
func TestPoll(t *testing.T) {
	re, err := Compile("(a*)*b", 0, false, strconv.Quote)
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	s := strings.Repeat("a", 60)
	if _, err := re.Find(&Input{Subject: s, End: len(s), Poll: func() error { return stop }}); err != stop {
		t.Errorf("got %v", err)
	}
}

// TestLong checks that long subjects and deep patterns need no stack of Go's.
func TestLong(t *testing.T) {
	s := strings.Repeat("ab", 1<<18)
	for _, pattern := range []string{"(?:a|b)*c?", "(a|b)*", "(?:ab)+?$", "(?:a(?=b)|b)*+", "[ab]*b"} {
		re, err := Compile(pattern, 0, false, strconv.Quote)
		if err != nil {
			t.Fatal(err)
		}
		r, err := re.Find(&Input{Subject: s, End: len(s), Mode: Match})
		if err != nil || r == nil || r.Spans[1] != len(s) {
			t.Errorf("%s: %v, %v", pattern, r, err)
		}
	}
	deep := strings.Repeat("(", 2000)
	if _, err := Compile(deep, 0, false, strconv.Quote); err == nil {
		t.Error("no error for a pattern nested too deeply")
	}
}

func BenchmarkFindAll(b *testing.B) {
	s := strings.Repeat("the quick brown fox jumps over the lazy dog 12345 ", 1000)
	for _, pattern := range []string{`\w+`, `\d+`, `fox`, `(\w+) (\w+)`, `[aeiou][^aeiou ]+`, `(?i)QUICK`, `\b[a-z]{5}\b`} {
		re, err := Compile(pattern, 0, false, strconv.Quote)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(pattern, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for range b.N {
				in := &Input{Subject: s, End: len(s)}
				for {
					r, err := re.Find(in)
					if err != nil || r == nil {
						break
					}
					in.Start, in.NotEmpty = r.Spans[1], r.Spans[0] == r.Spans[1]
				}
			}
		})
	}
}
