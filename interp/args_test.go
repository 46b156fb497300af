package interp

import (
	"slices"
	"strings"
	"testing"
)

func TestParseArgs(t *testing.T) {
	for _, test := range []struct {
		args string // separated by spaces
		mode mode
		file string
		argv string
		err  string
	}{
		{"", runDefault, "<stdin>", "", ""},
		{"x.star a -b", runFile, "x.star", "x.star a -b", ""},
		{"- a", runStdin, "<stdin>", "- a", ""},
		{"-c code a -c", runCode, "<string>", "-c a -c", ""},
		{"-- -x.star a", runFile, "-x.star", "-x.star a", ""},
		{"-h", showHelp, "", "", ""},
		{"--help x", showHelp, "", "", ""},
		{"-V", showVersion, "", "", ""},
		{"check a b -", runCheck, "", "a b -", ""},
		{"./check a", runFile, "./check", "./check a", ""},
		{"-i x.star a", runFile, "x.star", "x.star a", ""},
		{"--interactive -c code a", runCode, "<string>", "-c a", ""},
		{"-i", runDefault, "<stdin>", "", ""},
		{"-i check x", 0, "", "", "-i goes with a script or -c"},
		{"-i -i", 0, "", "", "-i goes with a script or -c"},
		{"--interactive -", 0, "", "", "--interactive goes with a script or -c"},
		{"check", 0, "", "", "check needs the files to check"},
		{"check --", 0, "", "", "check needs the files to check"},
		{"check -x a", 0, "", "", "check: unknown option -x"},
		{"check --help", showHelp, "", "", ""},
		{"check -- -x.star", runCheck, "", "-x.star", ""},
		{"-c", 0, "", "", "option -c needs the code to run"},
		{"--", 0, "", "", "no script after --"},
		{"-x", 0, "", "", "unknown option -x"},
	} {
		c, err := parseArgs(strings.Fields(test.args))
		if err != nil || test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%q: got error %v, want %q", test.args, err, test.err)
			}
			continue
		}
		if c.mode != test.mode || test.file != "" && c.file() != test.file || test.argv != "" && !slices.Equal(c.argv, strings.Fields(test.argv)) {
			t.Errorf("%q: got %+v, file %s", test.args, c, c.file())
		}
	}
	if _, err := parseArgs([]string{""}); err == nil {
		t.Error("no error for an empty script name")
	}
}
