package stdlib

import (
	"strings"
	"testing"
)

// TestDocs checks that help has something to say of each function of the modules that docs.txt lists, and of nothing else.
func TestDocs(t *testing.T) {
	r := newRuntime(t)
	listed := map[string]bool{}
	for _, line := range strings.Split(docs, "\n") {
		if name, _, ok := strings.Cut(line, "("); ok && !strings.HasPrefix(line, "#") {
			if listed[name] {
				t.Errorf("%s is listed twice", name)
			}
			listed[name] = true
		}
	}
	modules := map[string]bool{}
	for name := range listed {
		module, _, _ := strings.Cut(name, ".")
		modules[module] = true
	}
	for module := range modules {
		for name, v := range r.lib.Module(module).(*Module).ModuleMembers() {
			full := module + "." + name
			if isCallable(v) && !strings.HasPrefix(name, "__") && !listed[full] {
				t.Errorf("docs.txt has no line for %s", full)
			}
			delete(listed, full)
		}
	}
	for name := range listed {
		t.Errorf("docs.txt has a line for %s, which there is not", name)
	}
	signature, text, page := r.lib.Doc(r.eval(t, "re.sub"))
	if signature != "re.sub(pattern, repl, string, count=0, flags=0)" || text == "" || page != "https://docs.python.org/3/library/re.html#re.sub" {
		t.Errorf("re.sub: %q, %q, %q", signature, text, page)
	}
}
