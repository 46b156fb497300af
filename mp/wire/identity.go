package wire

import "go.starlark.net/starlark"

// identities numbers the containers of a message in the order in which the encoder enters them.
type identities struct {
	list []container
	// index finds containers when there are more than a scan is good for.
	index map[identity]int
}

// identity tells containers apart. A pointer is its own identity; a tuple, which is a slice, is where it is and how
// long: t[:2] is another tuple than t.
type identity struct {
	p any
	n int
}

type container struct {
	identity
	late bool // the decoder will not have it yet: see Encoder.Defined
}

// scan is how many containers are found faster by a scan than by a map (BenchmarkIdentities).
const scan = 32

func tupleIdentity(t starlark.Tuple) identity { return identity{&t[0], len(t)} }

func (s *identities) find(id identity) (int, bool) {
	if len(s.index) > 0 {
		i, ok := s.index[id]
		return i, ok
	}
	for i := range s.list {
		if s.list[i].identity == id {
			return i, true
		}
	}
	return 0, false
}

func (s *identities) add(id identity, late bool) {
	s.list = append(s.list, container{id, late})
	switch n := len(s.list); {
	case n > scan:
		s.index[id] = n - 1
	case n == scan:
		if s.index == nil {
			s.index = make(map[identity]int, 2*scan)
		}
		for i := range s.list {
			s.index[s.list[i].identity] = i
		}
	}
}

// define clears the late mark of v and reports whether it was set.
func (s *identities) define(v starlark.Value) bool {
	i, ok := s.find(identity{p: v})
	if !ok || !s.list[i].late {
		return false
	}
	s.list[i].late = false
	return true
}

// reset forgets all, and keeps the memory unless it is much.
func (s *identities) reset() {
	const keep = 1 << 12
	if len(s.list) > keep {
		*s = identities{}
		return
	}
	clear(s.list)
	s.list = s.list[:0]
	clear(s.index)
}
