package stdlib

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// uuidModule makes the members of the module uuid. https://docs.python.org/3/library/uuid.html
func (l *Lib) uuidModule() starlark.StringDict {
	members := functions(map[string]goFunc{
		"uuid1": uuid1, "uuid4": uuid4, "uuid3": uuidNamed("uuid3", 3), "uuid5": uuidNamed("uuid5", 5),
	})
	members["UUID"] = &nativeType{module: "uuid", name: "UUID", make: newUUID, is: func(v starlark.Value) bool { _, ok := v.(uuid); return ok }}
	for i, name := range []string{"DNS", "URL", "OID", "", "X500"} {
		if name != "" {
			u, _ := parseUUID(fmt.Sprintf("6ba7b81%d-9dad-11d1-80b4-00c04fd430c8", i)) // well formed
			members["NAMESPACE_"+name] = u
		}
	}
	return members
}

// uuid is uuid.UUID.
type uuid [16]byte

var (
	_ starlark.HasAttrs   = uuid{}
	_ starlark.Comparable = uuid{}
)

func (u uuid) pyStr() string {
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
func (u uuid) String() string        { return "UUID('" + u.pyStr() + "')" }
func (u uuid) Type() string          { return "UUID" }
func (u uuid) Truth() starlark.Bool  { return true }
func (u uuid) Freeze()               {}
func (u uuid) Hash() (uint32, error) { return starlark.String(u[:]).Hash() }

// CompareSameType compares as numbers.
func (u uuid) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	v, ok := y.(uuid)
	if !ok {
		return otherType(op, u, y)
	}
	return holds(op, strings.Compare(string(u[:]), string(v[:]))), nil
}

// Attr implements starlark.HasAttrs.
func (u uuid) Attr(name string) (starlark.Value, error) {
	switch name {
	case "hex":
		return starlark.String(hex.EncodeToString(u[:])), nil
	case "bytes":
		return starlark.Bytes(u[:]), nil
	case "int":
		return starlark.MakeBigInt(new(big.Int).SetBytes(u[:])), nil
	case "urn":
		return starlark.String("urn:uuid:" + u.pyStr()), nil
	case "version":
		if u[8]&0xc0 != 0x80 {
			return starlark.None, nil
		}
		return starlark.MakeInt(int(u[6] >> 4)), nil
	case "variant":
		switch {
		case u[8]&0x80 == 0:
			return starlark.String("reserved for NCS compatibility"), nil
		case u[8]&0x40 == 0:
			return starlark.String("specified in RFC 4122"), nil
		case u[8]&0x20 == 0:
			return starlark.String("reserved for Microsoft compatibility"), nil
		}
		return starlark.String("reserved for future definition"), nil
	}
	return nil, nil
}

// AttrNames implements starlark.HasAttrs.
func (u uuid) AttrNames() []string {
	return []string{"bytes", "hex", "int", "urn", "variant", "version"}
}

func parseUUID(s string) (u uuid, err error) {
	h := strings.NewReplacer("urn:", "", "uuid:", "").Replace(s)
	h = strings.ReplaceAll(strings.Trim(h, "{}"), "-", "")
	data, err := hex.DecodeString(h)
	if err != nil || len(data) != 16 {
		return u, wire.Errorf("ValueError", "badly formed hexadecimal UUID string")
	}
	copy(u[:], data)
	return u, nil
}

func (u uuid) stamp(version byte) uuid {
	u[6] = u[6]&0x0f | version<<4
	u[8] = u[8]&0x3f | 0x80
	return u
}

// newUUID is UUID(hex=None, bytes=None, int=None, version=None).
func newUUID(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text, data, number, version starlark.Value
	if err := bind("UUID.__init__", args, kwargs, "hex?", &text, "bytes?", &data, "int?", &number, "version?", &version); err != nil {
		return nil, err
	}
	var u uuid
	switch {
	case text != nil && data == nil && number == nil:
		s, ok := starlark.AsString(text)
		if !ok {
			return nil, wire.Errorf("AttributeError", "'%s' object has no attribute 'replace'", pyType(text))
		}
		var err error
		if u, err = parseUUID(s); err != nil {
			return nil, err
		}
	case data != nil && text == nil && number == nil:
		b, ok := data.(starlark.Bytes)
		if !ok || len(b) != 16 {
			return nil, wire.Errorf("ValueError", "bytes is not a 16-char string")
		}
		copy(u[:], b)
	case number != nil && text == nil && data == nil:
		n, err := toInt(number)
		if err != nil {
			return nil, err
		}
		if n.Sign() < 0 || n.BigInt().BitLen() > 128 {
			return nil, wire.Errorf("ValueError", "int is out of range (need a 128-bit value)")
		}
		n.BigInt().FillBytes(u[:])
	default:
		return nil, wire.Errorf("TypeError", "one of the hex, bytes, bytes_le, fields, or int arguments must be given")
	}
	if version != nil && version != starlark.None {
		v, err := toIndex(version)
		if err != nil {
			return nil, err
		}
		if v < 1 || v > 5 {
			return nil, wire.Errorf("ValueError", "illegal version number")
		}
		u = u.stamp(byte(v))
	}
	return u, nil
}

func uuid4(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var u uuid
	rand.Read(u[:]) // never fails
	return u.stamp(4), argCount("uuid4", args, kwargs, 0, 0)
}

// uuid1 has the time; in place of the machine's address it has random bits, as the RFC allows.
func uuid1(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var u uuid
	rand.Read(u[8:])
	d, err := wallTime(thread)
	if err != nil {
		return nil, err
	}
	t := uint64(d/100) + 0x01b21dd213814000
	for i, shift := range []int{24, 16, 8, 0, 40, 32, 56, 48} {
		u[i] = byte(t >> shift)
	}
	u[10] |= 1
	return u.stamp(1), bind("uuid1", args, kwargs, "node?", new(starlark.Value), "clock_seq?", new(starlark.Value))
}

// uuidNamed is uuid3 and uuid5(namespace, name).
func uuidNamed(fn string, version byte) goFunc {
	return func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var space, name starlark.Value
		if err := bind(fn, args, kwargs, "namespace", &space, "name", &name); err != nil {
			return nil, err
		}
		ns, ok := space.(uuid)
		text, ok2 := textOf(name)
		if !ok || !ok2 {
			return nil, wire.Errorf("AttributeError", "'%s' object has no attribute 'bytes'", pyType(space))
		}
		data := append(ns[:], text...)
		var u uuid
		if version == 3 {
			sum := md5.Sum(data)
			copy(u[:], sum[:])
		} else {
			sum := sha1.Sum(data)
			copy(u[:], sum[:])
		}
		return u.stamp(version), nil
	}
}
