package interp

// difference is a kind of lines in one of go.starlark.net's tests that have another outcome here.
type difference struct {
	file string
	line string // a regexp: the line
	got  string // a regexp: what comes of it
	why  string
}

// The reasons.
const (
	ourOptions   = "our scripts always have recursion and the reassignment of globals; load binds names in the file"
	pythonFail   = "fail(x) raises Exception with the message x, as the dialect says"
	pythonAttr   = "getattr has Python's message"
	pythonFormat = "str.format has all of Python's replacement fields, and Python's messages"
	pythonFloat  = "%g writes floats as Python's %g does"
	pythonMath   = "math has Python's messages, and a domain error where Python has one"
	pythonDir    = "dir lists the methods that Python's types have and Starlark's have not"
	pythonJSON   = "json has Python's names too"
)

var conformanceDifferences = []difference{
	{"assign", `^_ = assert ###`, `^undefined: assert`, ourOptions},
	{"function", `"function (fib|lambda) called recursively"`, `^evaluation succeeded`, ourOptions},
	{"function", `lambda: map\(mapdouble, `, `^evaluation succeeded`, ourOptions},

	{"builtins", `getattr\(hf, "x"\)`, `'hasfields' object has no attribute 'x'`, pythonAttr},
	{"builtins", `getattr\(myset, "onion"\)`, `'set' object has no attribute 'onion'`, pythonAttr},

	{"builtins", `^fail\(\)`, `^, want`, pythonFail},
	{"builtins", `^fail\(1\)`, `^1, want`, pythonFail},
	{"builtins", `^fail\(1, 2, 3\)`, `^1 2 3, want`, pythonFail},
	{"builtins", `^fail\(1, 2, 3, sep="/"\)`, `^1/2/3, want`, pythonFail},

	{"builtins", `dir\((\{\}|1|\[\]|myset)\)`, `"(copy|bit_count)"`, pythonDir},

	{"float", `"%g" % (0|123|1e5)(\.0)?, "(\d+)\.0"`, `^"(\d+)" != "(\d+)\.0"`, pythonFloat},
	{"float", `"%g" % inf`, `^"inf" != "\+inf"`, pythonFloat},
	{"float", `"%g" % negzero`, `^"-0" != "-0.0"`, pythonFloat},
	{"float", `"%g" % "123"`, `must be real number, not str`, pythonFloat},

	{"json", `dir\(json\)`, `"dumps", "encode", "encode_indent", "indent", "loads"\] != `, pythonJSON},

	{"math", `"got string, want float or int"`, `error \(must be real number, not str\)`, pythonMath},
	{"math", `^assert\.eq\(math\.(remainder|sqrt|log|acos|asin|acosh|cos|sin|tan|atanh|gamma|pow|exp)\(.*, (nan|-?inf)\)`, `^math domain error`, pythonMath},

	{"string", `keyword ([+z01,\\-]+) not found`, `error \("([+z01,-]+)"\)$`, pythonFormat},
	{"string", `"a\{123\}b"`, `Replacement index 123 out of range for positional args tuple`, pythonFormat},
	{"string", `"a{}b{}c"`, `Replacement index 1 out of range for positional args tuple`, pythonFormat},
	{"string", `"{x!}"`, `unmatched '{' in format spec`, pythonFormat},
	{"string", `"{x!:}"`, `Unknown conversion specifier :`, pythonFormat},
	{"string", `"{a(\.b|\[0\])}"`, `error \("a"\)$`, pythonFormat},
	{"string", `"{ {} }"`, `unexpected '{' in field name`, pythonFormat},
	{"string", `"single '}' in format"`, `Single '}' encountered in format string`, pythonFormat},
	{"string", `"unmatched '{' in format"`, `Single '{' encountered in format string`, pythonFormat},
}
