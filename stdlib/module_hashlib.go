package stdlib

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/starmp/starmp/mp/wire"
	"github.com/starmp/starmp/stdlib/internal/blake2"
	"go.starlark.net/starlark"
)

var hashNames = []string{"blake2b", "blake2s", "md5", "sha1", "sha224", "sha256", "sha384", "sha3_224", "sha3_256", "sha3_384", "sha3_512", "sha512"}

// newHash makes a hash by its name; nil for an unknown one.
func newHash(name string) func() hash.Hash {
	switch strings.ReplaceAll(strings.ToLower(name), "-", "_") {
	case "md5":
		return md5.New
	case "sha1":
		return sha1.New
	case "sha224":
		return sha256.New224
	case "sha256":
		return sha256.New
	case "sha384":
		return sha512.New384
	case "sha512":
		return sha512.New
	case "sha3_224":
		return func() hash.Hash { return sha3.New224() }
	case "sha3_256":
		return func() hash.Hash { return sha3.New256() }
	case "sha3_384":
		return func() hash.Hash { return sha3.New384() }
	case "sha3_512":
		return func() hash.Hash { return sha3.New512() }
	case "blake2b":
		return func() hash.Hash { return blake2.NewB(64, nil) }
	case "blake2s":
		return func() hash.Hash { return blake2.NewS(32, nil) }
	}
	return nil
}

// hashlibModule makes the members of the module hashlib. https://docs.python.org/3/library/hashlib.html
func (l *Lib) hashlibModule() starlark.StringDict {
	members := functions(map[string]goFunc{"new": hashlibNew, "pbkdf2_hmac": hashlibPBKDF2})
	names := new(starlark.Set)
	for _, name := range hashNames {
		_ = names.Insert(starlark.String(name)) // a new set of strings
		members[name] = starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var data starlark.Value = starlark.Bytes("")
			security := true
			if strings.HasPrefix(name, "blake2") {
				return newBlake(name, args, kwargs)
			}
			if err := bind(name, args, kwargs, "string?", &data, "*", "usedforsecurity?", &security); err != nil {
				return nil, err
			}
			return orError(startHash(name, newHash(name), data))
		})
	}
	members["algorithms_available"], members["algorithms_guaranteed"] = names, names
	return members
}

// newBlake is blake2b(data=b"", *, digest_size, key=b"", ...) and blake2s.
func newBlake(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var data, key starlark.Value = starlark.Bytes(""), starlark.Bytes("")
	limit := 64
	if name == "blake2s" {
		limit = 32
	}
	size, security := limit, true
	if err := bind(name, args, kwargs, "data?", &data, "*", "digest_size?", &size, "key?", &key, "usedforsecurity?", &security); err != nil {
		return nil, err
	}
	k, err := octets(key)
	switch {
	case err != nil:
		return nil, err
	case size < 1 || size > limit:
		return nil, wire.Errorf("ValueError", "digest_size for %s must be between 1 and %d bytes, here it is %d", capital(name), limit, size)
	case len(k) > limit:
		return nil, wire.Errorf("ValueError", "maximum key length is %d bytes", limit)
	}
	make := func() hash.Hash { return blake2.NewB(size, []byte(k)) }
	if name == "blake2s" {
		make = func() hash.Hash { return blake2.NewS(size, []byte(k)) }
	}
	s, err := octets(data)
	x := &hasher{name: name, make: make, h: make()}
	x.feed(s)
	return orError(x, err)
}

// octets is an argument that must be bytes.
func octets(v starlark.Value) (string, error) {
	switch v := v.(type) {
	case starlark.Bytes:
		return string(v), nil
	case starlark.String:
		return "", wire.Errorf("TypeError", "Strings must be encoded before hashing")
	}
	return "", wire.Errorf("TypeError", "object supporting the buffer API required")
}

// hasher is what the functions of hashlib and hmac.new return.
type hasher struct {
	name string
	hmac bool
	make func() hash.Hash
	h    hash.Hash
	keep bool // what it was fed, because with a key it can't be copied otherwise
	fed  []byte
}

var _ starlark.HasAttrs = (*hasher)(nil)

func startHash(name string, make func() hash.Hash, data starlark.Value) (*hasher, error) {
	x := &hasher{name: name, make: make, h: make()}
	s, err := octets(data)
	x.h.Write([]byte(s))
	return x, err
}

func (x *hasher) String() string {
	if x.hmac {
		return "<hmac.HMAC object at " + hexAddress(x) + ">"
	}
	return "<" + x.name + " _hashlib.HASH object @ " + hexAddress(x) + ">"
}
func (x *hasher) Type() string {
	if x.hmac {
		return "HMAC"
	}
	return "HASH"
}
func (x *hasher) Truth() starlark.Bool  { return true }
func (x *hasher) Freeze()               {}
func (x *hasher) Hash() (uint32, error) { return pointerHash(x), nil }

func (x *hasher) feed(s string) {
	x.h.Write([]byte(s))
	if x.keep {
		x.fed = append(x.fed, s...)
	}
}

func (x *hasher) copy() *hasher {
	c := &hasher{name: x.name, hmac: x.hmac, keep: x.keep, make: x.make, h: x.make()}
	if strings.HasPrefix(x.name, "blake2") && !x.keep {
		c.h = blake2.Clone(x.h)
		return c
	}
	if m, ok := x.h.(encoding.BinaryMarshaler); ok && !x.keep {
		if state, err := m.MarshalBinary(); err == nil && c.h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state) == nil {
			return c
		}
	}
	c.feed(string(x.fed))
	return c
}

// Attr implements starlark.HasAttrs.
func (x *hasher) Attr(name string) (starlark.Value, error) {
	switch name {
	case "name":
		if x.hmac {
			return starlark.String("hmac-" + x.name), nil
		}
		return starlark.String(x.name), nil
	case "digest_size":
		return starlark.MakeInt(x.h.Size()), nil
	case "block_size":
		return starlark.MakeInt(x.h.BlockSize()), nil
	}
	return hasherMethods().bound(x, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (x *hasher) AttrNames() []string {
	return append([]string{"block_size", "digest_size", "name"}, hasherMethods().names()...)
}

var hasherTable methodTable

func hasherMethods() *methodTable {
	return hasherTable.fill(func() map[string]goFunc {
		plain := func(name string, f func(x *hasher) starlark.Value) goFunc {
			return method(func(x *hasher, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				return f(x), argCount(name, args, kwargs, 0, 0)
			})
		}
		return map[string]goFunc{
			"copy":      plain("copy", func(x *hasher) starlark.Value { return x.copy() }),
			"digest":    plain("digest", func(x *hasher) starlark.Value { return starlark.Bytes(x.h.Sum(nil)) }),
			"hexdigest": plain("hexdigest", func(x *hasher) starlark.Value { return starlark.String(hex.EncodeToString(x.h.Sum(nil))) }),
			"update": method(func(x *hasher, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
				if err := argCount("update", args, kwargs, 1, 1); err != nil {
					return nil, err
				}
				s, err := octets(args[0])
				x.feed(s)
				return starlark.None, err
			}),
		}
	})
}

func hashlibNew(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	var data starlark.Value = starlark.Bytes("")
	security := true
	if err := bind("new", args, kwargs, "name", &name, "data?", &data, "*", "usedforsecurity?", &security); err != nil {
		return nil, err
	}
	make := newHash(name)
	if make == nil {
		return nil, wire.Errorf("ValueError", "unsupported hash type %s", name)
	}
	return orError(startHash(strings.ToLower(name), make, data))
}

// hashlibPBKDF2 is pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None).
func hashlibPBKDF2(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	var password, salt starlark.Value
	var size starlark.Value = starlark.None
	rounds := 0
	if err := bind("pbkdf2_hmac", args, kwargs, "hash_name", &name, "password", &password, "salt", &salt, "iterations", &rounds, "dklen?", &size); err != nil {
		return nil, err
	}
	newFunc := newHash(name)
	if newFunc == nil {
		return nil, wire.Errorf("ValueError", "unsupported hash type %s", name)
	}
	pw, err := octets(password)
	if err != nil {
		return nil, err
	}
	s, err := octets(salt)
	if err != nil {
		return nil, err
	}
	n := newFunc().Size()
	if size != starlark.None {
		if n, err = toIndex(size); err != nil {
			return nil, err
		}
	}
	switch {
	case rounds < 1:
		return nil, wire.Errorf("ValueError", "iteration value must be greater than 0.")
	case n < 1:
		return nil, wire.Errorf("ValueError", "key length must be greater than 0.")
	}
	var key []byte
	for block := byte(1); len(key) < n; block++ {
		m := hmac.New(newFunc, []byte(pw))
		m.Write([]byte(s))
		m.Write([]byte{0, 0, 0, block})
		u := m.Sum(nil)
		t := slices.Clone(u)
		for range rounds - 1 {
			m.Reset()
			m.Write(u)
			u = m.Sum(u[:0])
			for i := range t {
				t[i] ^= u[i]
			}
		}
		if key = append(key, t...); block == 255 && len(key) < n {
			return nil, wire.Errorf("OverflowError", "key length is too great.")
		}
	}
	return starlark.Bytes(key[:n]), nil
}

// hmacModule makes the members of the module hmac. https://docs.python.org/3/library/hmac.html
func (l *Lib) hmacModule() starlark.StringDict {
	start := func(name string, key, mod starlark.Value) (*hasher, error) {
		k, err := octets(key)
		if err != nil {
			return nil, wire.Errorf("TypeError", "key: expected bytes or bytearray, but got '%s'", pyType(key))
		}
		hashName, ok := starlark.AsString(mod)
		if b, isBuiltin := mod.(*starlark.Builtin); isBuiltin {
			hashName, ok = b.Name(), true
		}
		newFunc := newHash(hashName)
		switch {
		case !ok || hashName == "":
			return nil, wire.Errorf("TypeError", "Missing required argument 'digestmod'.")
		case newFunc == nil:
			return nil, wire.Errorf("ValueError", "unsupported hash type %s", hashName)
		}
		make := func() hash.Hash { return hmac.New(newFunc, []byte(k)) }
		return &hasher{name: hashName, hmac: true, keep: true, make: make, h: make()}, nil
	}
	return functions(map[string]goFunc{
		"new": func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var key, msg, mod starlark.Value = nil, starlark.None, starlark.String("")
			if err := bind("new", args, kwargs, "key", &key, "msg?", &msg, "digestmod?", &mod); err != nil {
				return nil, err
			}
			x, err := start("new", key, mod)
			if err != nil || msg == starlark.None {
				return orError(x, err)
			}
			s, err := octets(msg)
			x.feed(s)
			return orError(x, err)
		},
		"digest": func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var key, msg, mod starlark.Value
			if err := bind("digest", args, kwargs, "key", &key, "msg", &msg, "digest", &mod); err != nil {
				return nil, err
			}
			x, err := start("digest", key, mod)
			if err != nil {
				return nil, err
			}
			s, err := octets(msg)
			x.feed(s)
			return orError(starlark.Bytes(x.h.Sum(nil)), err)
		},
		"compare_digest": func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := argCount("compare_digest", args, kwargs, 2, 2); err != nil {
				return nil, err
			}
			a, ok1 := textOf(args[0])
			b, ok2 := textOf(args[1])
			if !ok1 || !ok2 || args[0].Type() != args[1].Type() {
				return nil, wire.Errorf("TypeError", "a bytes-like object is required, not '%s'", pyType(args[0]))
			}
			if args[0].Type() == "string" && strings.ContainsFunc(a+b, func(r rune) bool { return r >= utf8.RuneSelf }) {
				return nil, wire.Errorf("TypeError", "comparing strings with non-ASCII characters is not supported")
			}
			return starlark.Bool(hmac.Equal([]byte(a), []byte(b))), nil
		},
	})
}
