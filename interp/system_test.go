package interp

import (
	"strings"
	"testing"

	"go.starlark.net/starlark"
)

// A script from which SystemNames are kept reaches nothing of the system, however it goes about it.
func TestSystemNames(t *testing.T) {
	rt := newRuntime(t, Options{Setup: "closed"})
	full := newRuntime(t, Options{})
	matters := func(v starlark.Value) bool {
		_, ok := v.(*starlark.Builtin)
		return ok && v.(*starlark.Builtin).Receiver() == nil || isPlace(v)
	}
	// What a script can come to, by attributes from what it finds, has no member of a module that is kept from it.
	kept := map[starlark.Value]string{}
	for _, name := range SystemNames() {
		v := rt.lib.Predeclared()[name]
		if v == nil {
			v = full.Predeclared()[name] // multiprocessing is not the library's
		}
		if v == nil {
			t.Errorf("there is no %s", name)
			continue
		}
		kept[v] = name
		if m, ok := v.(starlark.HasAttrs); ok && v.Type() == "module" {
			for _, member := range m.AttrNames() {
				if v, err := m.Attr(member); err == nil && v != nil && matters(v) {
					kept[v] = name + "." + member
				}
			}
		}
	}
	shared := map[string]bool{"os.error": true, "io.StringIO": true, "io.BytesIO": true} // harmless, or elsewhere as well
	seen := map[starlark.Value]bool{}
	var walk func(path string, v starlark.Value)
	walk = func(path string, v starlark.Value) {
		if !matters(v) || seen[v] {
			return
		}
		seen[v] = true
		if name := kept[v]; name != "" && !shared[name] && !strings.HasPrefix(path, "Exception") && !strings.HasSuffix(path, "Error") {
			t.Errorf("a script finds %s as %s", name, path)
		}
		if a, ok := v.(starlark.HasAttrs); ok && strings.Count(path, ".") < 4 {
			for _, name := range a.AttrNames() {
				if member, err := a.Attr(name); err == nil && member != nil {
					walk(path+"."+name, member)
				}
			}
		}
	}
	for name, v := range rt.Predeclared() {
		walk(name, v)
	}
	if len(seen) < 100 || len(kept) < 100 {
		t.Errorf("only %d values were found, %d are kept", len(seen), len(kept))
	}
	for _, script := range []string{"open", "os", "load('os', 'kill')", "load('os.path', 'exists')", "load('multiprocessing.connection', 'Client')", "load('/etc/passwd', 'x')"} {
		if _, err := rt.Exec(deadline(t), "t.star", []byte(script)); err == nil {
			t.Errorf("%s is there", script)
		}
	}
	// Nor do messages bring it, should somebody make one.
	for _, expr := range []string{"os.system", "open", "os", "os.path.exists", "subprocess.run", "io.open", "signal"} {
		v, err := full.Eval(deadline(t), expr)
		if err != nil {
			t.Fatal(err)
		}
		data, _, err := full.codec.Encode(nil, "v", v)
		if err != nil {
			t.Fatal(expr, err)
		}
		if _, err := full.codec.Decode(data); err != nil {
			t.Error(expr, err)
		}
		if v, err := rt.codec.Decode(data); err == nil {
			t.Errorf("%s arrives as %v", expr, v)
		}
	}
	// Pools work all the same.
	p, fn := newPool(t, rt, PoolOptions{Workers: 1, Limits: Limits{Processes: -1}}, "def f(): return str([1, time.gmtime(0)[0]])")
	if v, err := p.Call(deadline(t), fn["f"]); err != nil || v.String() != `"[1, 1970]"` {
		t.Error(v, err)
	}
	if _, err := p.Exec(deadline(t), "t.star", []byte("os.system('true')"), ""); err == nil || !strings.Contains(err.Error(), "undefined: os") {
		t.Error(err)
	}
}
