package stdlib

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.starlark.net/resolve"
	"go.starlark.net/syntax"
)

func TestClassifyFormats(t *testing.T) {
	for _, row := range runtimeFormats {
		if (row.class == wraps) != (len(row.texts) == 0) {
			t.Errorf("%q: class %q with %d texts", row.format, row.class, len(row.texts))
		}
		for _, text := range row.texts {
			if !formatPattern(row.format).MatchString(text) {
				t.Errorf("%q cannot be made with the format %q", text, row.format)
			}
			if class, _ := classOf(text); class != row.class {
				t.Errorf("%s is %s, want %s", text, class, row.class)
			}
		}
	}
	for text, want := range libraryTexts {
		if class, _ := classOf(text); class != want {
			t.Errorf("%s is %s, want %s", text, class, want)
		}
	}
}

// formatPattern matches what contains a text that a format makes.
func formatPattern(format string) *regexp.Regexp {
	p := regexp.QuoteMeta(strings.ReplaceAll(format, "%%", "\x00"))
	p = regexp.MustCompile("%[a-zA-Z]").ReplaceAllString(p, ".*")
	return regexp.MustCompile("(?s)" + strings.ReplaceAll(p, "\x00", "%"))
}

// TestClassifySources reads the sources of go.starlark.net in the module cache: an error that a new version makes shows here until
// it has a class.
func TestClassifySources(t *testing.T) {
	listed := map[string]bool{}
	for _, row := range runtimeFormats {
		if listed[row.format] {
			t.Errorf("%q stands here twice", row.format)
		}
		listed[row.format] = true
	}
	found := errorFormats(t, "starlark", "starlarkstruct", "lib/json", "lib/math", "lib/time")
	if len(found) < 100 {
		t.Fatalf("only %d formats found", len(found))
	}
	for format, pos := range found {
		if _, ok := notForScripts[format]; !listed[format] && !ok {
			t.Errorf("%v: %q is not in the table", pos, format)
		}
	}
	for format := range listed {
		if _, ok := found[format]; !ok {
			t.Errorf("no longer there: %q", format)
		}
	}
	for format := range notForScripts {
		if _, ok := found[format]; !ok {
			t.Errorf("no longer there: %q", format)
		}
	}

	// What is wrong before a script runs is a SyntaxError, except for unknown names.
	r := newRuntime(t)
	pos := syntax.MakePosition(new(string), 1, 1)
	static := errorFormats(t, "resolve", "syntax")
	if len(static) < 80 {
		t.Fatalf("only %d formats found", len(static))
	}
	for format := range static {
		want := "SyntaxError"
		if format == "undefined: %s%s" {
			want = "NameError"
		}
		text := strings.ReplaceAll(format, "%s", "x")
		for _, err := range []error{
			resolve.ErrorList{{Pos: pos, Msg: text}},
			syntax.Error{Pos: pos, Msg: text},
		} {
			if x := r.lib.FromError(err).(*Instance); x.ClassName() != want {
				t.Errorf("%v is %s, want %s", err, x.ClassName(), want)
			}
		}
	}
}

// errorMakers are the functions by whose names calls are known that make errors, or texts of errors.
var errorMakers = map[string]bool{
	"Errorf": true, "New": true, "nameErr": true, "Sprintf": true, "checkMutable": true, "fail": true, "errorf": true, "error": true, "Cancel": true,
}

// errorFormats returns the string literals that packages of go.starlark.net make errors of, each with a place where it stands.
func errorFormats(t *testing.T, packages ...string) map[string]token.Position {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.starlark.net").Output()
	if err != nil {
		t.Skip("needs the go command and go.starlark.net in the module cache: ", err)
	}
	formats := map[string]token.Position{}
	for _, pkg := range packages {
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), filepath.FromSlash(pkg), "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no sources of %s (%v)", pkg, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if fn, ok := n.(*ast.FuncDecl); ok && (fn.Name.Name == "String" || fn.Name.Name == "GoString") {
					return false
				}
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" {
					return false
				}
				if errorMakers[funcName(call.Fun)] {
					for _, arg := range call.Args {
						if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
							s, _ := strconv.Unquote(lit.Value)
							formats[s] = set.Position(call.Pos())
							break
						}
					}
				}
				return true
			})
		}
	}
	return formats
}

func funcName(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}
