package scripts

import (
	"os"
	"regexp"
	"testing"
)

// TestReadme runs the example of the README, which is to print what the README says.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```python\n(.*?)```.*?```text\n(.*?)```").FindSubmatch(text)
	if example == nil {
		t.Fatal("the README has no example with its output")
	}
	if got, want := runStarmp(t, string(example[1])), string(example[2]); got != want {
		t.Errorf("printed:\n%swant:\n%s", got, want)
	}
}
