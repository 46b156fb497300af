package stdlib

import (
	"errors"
	"io"
	"math/big"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// classify makes the exception object for an error that no script raised.
func (l *Lib) classify(err error) *Instance {
	var named interface{ ExceptionClass() string }
	if errors.As(err, &named) {
		return l.goException(named.ExceptionClass(), named.(error).Error(), named)
	}
	if x := l.fromOS(err); x != nil {
		return x
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return l.goException("EOFError", "", nil)
	}
	var syn syntax.Error
	var res resolve.Error
	var list resolve.ErrorList
	if errors.As(err, &syn) || errors.As(err, &res) || errors.As(err, &list) {
		text := innermost(err).Error()
		if strings.Contains(text, ": undefined: ") {
			return l.goException("NameError", text, nil)
		}
		return l.goException("SyntaxError", text, nil)
	}
	text := innermost(err).Error()
	class, arg := classOf(text)
	x := l.goException(class, scriptText(text), nil)
	switch {
	case class == "KeyError" && arg != nil:
		x.exc.args = starlark.Tuple{arg}
	case strings.HasPrefix(text, cancelPrefix):
		x.exc.text, x.exc.args = "", nil
		if arg != nil {
			x.exc.args = starlark.Tuple{arg}
		}
	}
	return x
}

// goException makes an exception of a class that Go code names. Its message is text; its args are the text too,
// unless source has the method ExceptionArgs.
func (l *Lib) goException(class, text string, source any) *Instance {
	x := l.newException(l.excClass(class))
	if text != "" {
		x.exc.text = text
		x.exc.args = starlark.Tuple{starlark.String(text)}
	}
	if s, ok := source.(interface{ ExceptionArgs() starlark.Tuple }); ok {
		x.exc.args = s.ExceptionArgs()
	} else if strings.HasPrefix(text, errnoPrefix) {
		x.exc.args = errnoArgs(text)
	}
	return x
}

// A rule says which class an error text of go.starlark.net stands for. Each part must occur in the text, in this order: the first
// one at the text's start where it begins with "^", the last one at the text's end where it ends in "$".
type rule struct {
	class string
	parts []string
}

// rules are tried in order: first those for texts that quote what is the script's own, which may read like anything. A text that
// fits none is a TypeError if it has one of typeWords, else a ValueError.
var rules = []rule{
	{"KeyError", []string{"^key ", " not in "}},
	{"KeyError", []string{"^key not found: "}},
	{"KeyError", []string{"^format: keyword ", " not found$"}},
	{"ValueError", []string{"^int: invalid literal with base "}},
	{"ValueError", []string{"^invalid float literal: "}},
	{"ImportError", []string{"^cannot load "}},
	{"ImportError", []string{"^load: name "}},
	{"AttributeError", []string{"^can't assign to .", " field of "}},
	{"AttributeError", []string{"^unrecognized ", " attribute "}},
	{"ValueError", []string{"^json.decode: at offset "}},
	{"ValueError", []string{"^json.encode: ", "cannot encode non-finite float "}},
	{"AttributeError", []string{"^json.encode: ", "missing attribute "}},
	{"TypeError", []string{"^json.encode: ", "cannot encode ", " as JSON$"}},
	{"TypeError", []string{"^json.encode: ", " key, want string$"}},
	{"TypeError", []string{" unexpected keyword argument "}},
	{"TypeError", []string{"duplicate keyword arg: "}},
	{"ValueError", []string{"^duplicate key: "}},
	{"ValueError", []string{"^parsing time "}},
	{"ValueError", []string{"^time: invalid duration "}},
	{"ValueError", []string{"^time: unknown unit "}},
	{"ValueError", []string{"^unknown time zone "}},
	{"AttributeError", []string{" has no .", " field or method"}},
	{"AttributeError", []string{" has no .", " attribute"}},
	{"KeyError", []string{": missing key$"}},
	{"KeyError", []string{"^popitem: empty dict$"}},
	{"KeyError", []string{"^pop: empty set$"}},
	{"ValueError", []string{"^bytes: at index ", " out of range "}},
	{"ValueError", []string{"^int in bytes: ", " out of range "}},
	{"ValueError", []string{"^chr: Unicode code point ", " out of range "}},
	{"ValueError", []string{" values to unpack (got "}},
	{"ValueError", []string{"^update: dictionary update sequence element #", " has length "}},
	{"ValueError", []string{"^dict: dictionary update sequence element #", " has length "}},
	{"ValueError", []string{"base must be an integer >= 2 && <= 36"}},
	{"ValueError", []string{"must not be zero$"}},
	{"ValueError", []string{" is an empty sequence$"}},
	{"ValueError", []string{"cannot convert float NaN to integer$"}},
	{"IndexError", []string{"index ", " out of range"}},
	{"IndexError", []string{"index: ", " out of range$"}},
	{"IndexError", []string{"index out of range$"}},
	{"ZeroDivisionError", []string{"division by zero"}},
	{"ZeroDivisionError", []string{"modulo by zero"}},
	{"RecursionError", []string{"^Starlark stack overflow"}},
	{"RecursionError", []string{"^function ", " called recursively$"}},
	{"RecursionError", []string{"comparison exceeded maximum recursion depth$"}},
	{"UnboundLocalError", []string{"^local variable ", " referenced before assignment$"}},
	{"NameError", []string{"^global variable ", " referenced before assignment$"}},
	{"NameError", []string{"^internal error: predeclared variable "}},
	{"ImportError", []string{"^load not implemented"}},
	{"OverflowError", []string{" too large$"}},
	{"OverflowError", []string{"^int too large to convert to float"}},
	{"OverflowError", []string{"^shift count too large: "}},
	{"OverflowError", []string{"cannot convert float infinity to integer"}},
	{"OverflowError", []string{" out of range (want "}},
	{"OverflowError", []string{"^%c format requires a valid Unicode code point"}},
	{"OverflowError", []string{" out of range$"}},
	{"MemoryError", []string{"^excessive repeat "}},
	{"RuntimeError", []string{"^cannot ", " during iteration$"}},
	{"RuntimeError", []string{": cannot ", " during iteration$"}},
	{"RuntimeError", []string{"^internal error: "}},
	{"RuntimeError", []string{"^unimplemented: "}},
	{"RuntimeError", []string{"^time.now() is not available$"}},
}

// typeWords are what go.starlark.net says where an operand or argument is of the wrong kind.
var typeWords = []string{
	"want ", "wants ", "unhashable", "not iterable", "unknown binary op", "unknown unary op", "not implemented", "non-function",
	"argument", "keyword", "multiple values", "requires", "does not support", "cannot convert", "can't convert", "invalid slice operand",
	"unhandled index operation", "has no len", "sequence assignment", "frozen", "has unknown length",
	"unsupported operation", "different constructors",
}

// classOf returns the class that Python gives an error, by go.starlark.net's text for it, and the argument that the
// exception gets where that is not the text.
func classOf(text string) (class string, arg starlark.Value) {
	if reason, ok := strings.CutPrefix(text, cancelPrefix); ok {
		class, msg, found := strings.Cut(reason, ": ")
		if found {
			return class, starlark.String(msg)
		}
		if isInterrupt(class) || strings.HasSuffix(class, "Error") {
			return class, nil
		}
		return "RuntimeError", starlark.String(reason)
	}
	for _, r := range rules {
		if r.matches(text) {
			if r.class == "KeyError" {
				return r.class, missingKey(text)
			}
			return r.class, nil
		}
	}
	for _, w := range typeWords {
		if strings.Contains(text, w) {
			return "TypeError", nil
		}
	}
	return "ValueError", nil
}

// missingKey returns the key that an error text names, if it is of a type whose text says all; else nil.
func missingKey(text string) starlark.Value {
	text, ok := strings.CutPrefix(text, "key ")
	if !ok {
		return nil
	}
	if i := strings.LastIndex(text, " not in "); i >= 0 {
		text = text[:i]
	} else if text, ok = strings.CutPrefix(text, "not found: "); ok {
		return starlark.String(text) // of "%(key)s"
	}
	expr, err := syntax.LegacyFileOptions().ParseExpr("", text, 0)
	if err != nil {
		return nil
	}
	lit, ok := expr.(*syntax.Literal)
	if !ok {
		return nil
	}
	switch v := lit.Value.(type) {
	case string:
		if lit.Token == syntax.BYTES {
			return starlark.Bytes(v)
		}
		return starlark.String(v)
	case int64:
		return starlark.MakeInt64(v)
	case *big.Int:
		return starlark.MakeBigInt(v)
	case float64:
		return starlark.Float(v)
	}
	return nil
}

func (r rule) matches(text string) bool {
	rest := text
	for _, p := range r.parts {
		p, start := strings.CutPrefix(p, "^")
		p, end := strings.CutSuffix(p, "$")
		switch {
		case start && !strings.HasPrefix(rest, p), end && !strings.HasSuffix(rest, p):
			return false
		}
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return true
}

// scriptText puts the one text of go.starlark.net that speaks of its insides into the script's terms: in another process
// than its own, a function finds its module's globals as predeclared names, those that clash with its own under an alias
// that ends in $.
func scriptText(text string) string {
	const before, after = "internal error: predeclared variable ", " is uninitialized"
	if name, ok := strings.CutPrefix(text, before); ok {
		if name, ok = strings.CutSuffix(name, after); ok {
			return "global variable " + strings.TrimSuffix(name, "$") + " referenced before assignment"
		}
	}
	return text
}
