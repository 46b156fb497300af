package interp

import (
	"fmt"
	"slices"
	"testing"
)

// The numbers are the lines on which statements start.
func TestStatements(t *testing.T) {
	for _, test := range []struct {
		text string
		want []int32
	}{
		{"", []int32{1}},
		{"x = 1\ny = 2\n", []int32{1, 2}},
		{"def f():\n    return 1\n\n# comment\nf()\n", []int32{1, 5}},
		{"if x:\n    y\nelif z:\n    y\nelse:\n    y\nz\n", []int32{1, 7}},
		{"f(\n1,\n)\ng()\n", []int32{1, 4}},
		{"f(\na,\nb=1,\n)\ng()\n", []int32{1, 5}},
		{"x = [a\nfor a in b]\ng()\n", []int32{1, 3}},
		{"x = '''\ndef f(:\n'''\ny = 1\n", []int32{1, 4}},
		{"x = r'\\'\ny = 1\n", []int32{1, 2}},
		{"x = 'a\\\nb'\ny = 1\n", []int32{1, 3}},
		{"x = '#('\ny = 1 # (\nz = 2\n", []int32{1, 2, 3}},
		{"x = \"it's\"\ny = '(\nz = 1\n", []int32{1, 2, 3}},
		{"f(1\ndef g():\n    pass\nfor i in x:\n    pass\n", []int32{1, 2, 4}},
		{"def f(:\n    pass\nx = 1", []int32{1, 3}},
	} {
		var got []int32
		var all []byte
		for _, s := range statements([]byte(test.text)) {
			got = append(got, s.line)
			all = append(all, s.text...)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("statements(%q) start on %v, want %v", test.text, got, test.want)
		}
		if string(all) != test.text {
			t.Errorf("statements(%q) lose text: %q", test.text, all)
		}
	}
}

// No text, however broken, makes the search for more errors fail.
func FuzzParse(f *testing.F) {
	f.Add("x = (1 +\ny = 'a\n\"\"\"\ndef f(:\n\\")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := parse("f.star", []byte(text))
		if err == nil {
			return
		}
		e, ok := err.(*SyntaxError)
		if !ok {
			t.Fatalf("%T: %v", err, err)
		}
		for i, p := range e.Errors {
			if p.Pos.Line < 1 || p.Pos.Filename() != "f.star" {
				t.Errorf("position %v", p.Pos)
			}
			if i > 0 && p.Pos.Line < e.Errors[i-1].Pos.Line {
				t.Errorf("not sorted: %v", e)
			}
		}
	})
}

func ExampleSyntaxError() {
	_, err := parse("example.star", []byte("def f(:\n    pass\n\nclass A:\n    pass\n"))
	fmt.Println(err)
	// Output:
	// example.star:1:7: got ':', want ')'
	// example.star:4:1: got class, want primary expression (classes are made by type("Name", (Base,), {"method": function}))
}
