package interp

import (
	"sync"
	"testing"
)

// What a module makes when it is first asked for has its name in messages, whoever asks first: a script, or a goroutine that encodes
// something without the script lock.
func TestNamesOfMembersMadeLate(t *testing.T) {
	for range 100 {
		rt := newRuntime(t, Options{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, _, err := rt.codec.Encode(nil, "", rt.lib.Module("os")); err != nil {
				t.Error(err)
			}
		})
		globals, err := run(rt, "t.star", "C = multiprocessing.get_context().Process\n")
		wg.Wait()
		if err == nil {
			_, _, err = rt.codec.Encode(nil, "", globals["C"])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
