package stdlib

import (
	"strings"
	"unicode"

	"go.starlark.net/starlark"
)

// stringCapwords is capwords(s, sep=None).
func stringCapwords(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var s string
	var sep starlark.Value = starlark.None
	if err := bind("capwords", args, kwargs, "s", &s, "sep?", &sep); err != nil {
		return nil, err
	}
	words, join := strings.Fields(s), " "
	if by, ok := starlark.AsString(sep); ok {
		words, join = strings.Split(s, by), by
	}
	for i, w := range words {
		rs := []rune(strings.ToLower(w))
		if len(rs) > 0 {
			rs[0] = unicode.ToTitle(rs[0])
		}
		words[i] = string(rs)
	}
	return starlark.String(strings.Join(words, join)), nil
}
