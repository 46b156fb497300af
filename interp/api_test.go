package interp

import (
	"go/ast"
	gobuild "go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each exported name of interp and mp has an example, and a comment. What has none is here, with the reason.
var noExample = map[string]string{
	"interp.Frame":   "of a Traceback, see its example",
	"interp.Problem": "of a SyntaxError, see its example",
	"interp.Limit":   "in a LimitError, see its example",

	"mp.Workers":         "what is in an interp.Pool",
	"mp.Host":            "for an interpreter around mp; interp is the example",
	"mp.Runtime":         "for an interpreter around mp, as its methods are",
	"mp.Options":         "for an interpreter around mp",
	"mp.New":             "for an interpreter around mp",
	"mp.Child":           "for an interpreter around mp; programs call interp.Child",
	"mp.Mark":            "for an interpreter around mp",
	"mp.Instance":        "for an interpreter around mp",
	"mp.ClassValue":      "for an interpreter around mp",
	"mp.Protected":       "for an interpreter around mp",
	"mp.NewLimitError":   "for an interpreter around mp",
	"mp.BecomeSubreaper": "for a command, which it changes as a whole",
	"mp.KeepDescriptors": "for a command, which it changes as a whole",
	"mp.Limit":           "in a LimitError, see its example",
	"mp.Token":           "a value of scripts, which go.starlark.net's users never see",
	"mp.DoneAndNotDone":  "a value of scripts, for them alone",
}

// interfaces are methods that are called as those of an interface of Go's or go.starlark.net's, and say nothing else.
var interfaces = strings.Fields(`String Error Unwrap Type Freeze Truth Hash Attr AttrNames SetField CompareSameType Binary Unary Iterate Items Len Index SetIndex
	Slice Get SetKey Name CallInternal ExceptionClass ExceptionArgs Method Class Repr Path Native SetNative Has Elements Next Done DelField DerivesFrom HasInstance`)

func TestExamples(t *testing.T) {
	used := map[string]bool{}
	for name, dir := range map[string]string{"interp": ".", "mp": "../mp"} {
		pkg, err := gobuild.ImportDir(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, f := range slices.Concat(pkg.GoFiles, pkg.TestGoFiles, pkg.XTestGoFiles) {
			file, err := parser.ParseFile(fset, filepath.Join(dir, f), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		p, err := doc.NewFromFiles(fset, files, "github.com/starmp/starmp/"+name)
		if err != nil {
			t.Fatal(err)
		}
		check := func(entry, comment string, examples []*doc.Example) {
			entry = name + "." + entry
			if comment == "" && !slices.Contains(interfaces, entry[strings.LastIndex(entry, ".")+1:]) {
				t.Errorf("%s has no comment", entry)
			}
			why := noExample[entry]
			used[entry] = true
			for _, e := range examples {
				if e.Output == "" && !e.EmptyOutput {
					t.Errorf("the example of %s has no output", entry)
				}
			}
			if len(examples) == 0 && why == "" && strings.Contains(p.Examples[0].Output, "*"+entry+"\n") {
				return // a type of values, which the example of the package shows
			}
			if (len(examples) == 0) == (why == "") {
				t.Errorf("%s has %d examples; exception: %q", entry, len(examples), why)
			}
		}
		if len(p.Examples) == 0 {
			t.Errorf("package %s has no example of its own", name)
			continue
		}
		for _, f := range p.Funcs {
			check(f.Name, f.Doc, f.Examples)
		}
		for _, typ := range p.Types {
			examples := typ.Examples
			for _, f := range typ.Funcs {
				check(f.Name, f.Doc, f.Examples)
				examples = append(examples, f.Examples...)
			}
			whole := noExample[name+"."+typ.Name] != ""
			for _, m := range typ.Methods {
				examples = append(examples, m.Examples...)
				if m.Level == 0 && !whole && !slices.Contains(interfaces, m.Name) {
					check(typ.Name+"."+m.Name, m.Doc, m.Examples)
				}
			}
			check(typ.Name, typ.Doc, examples)
		}
	}
	for entry := range noExample {
		if !used[entry] {
			t.Errorf("there is no %s", entry)
		}
	}
}
