package wire

import (
	"github.com/vmihailenco/msgpack/v5/msgpcode"
	"go.starlark.net/starlark"
)

// EncodeText is Encode of a string or bytes of length least or more, at least 32, without a copy of it: the message is data, which is
// appended to dst, and then text. It reports false for any other value.
func EncodeText(dst []byte, v starlark.Value, least int) (data []byte, text string, ok bool) {
	code := msgpcode.Str8 // the two after it are those of longer texts
	switch v := v.(type) {
	case starlark.String:
		text = string(v)
	case starlark.Bytes:
		text, code = string(v), msgpcode.Bin8
	}
	if len(text) < least || !fits(len(text)+maxHead) {
		return dst, "", false
	}
	e := Encoder{buf: dst}
	e.header(len(text), code, code+1, code+2)
	return e.buf, text, true
}

// maxHead is how many bytes stand before a text at most.
const maxHead = 5
