package arena

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// Members in one process work on shared stacks; some drop everything and are reaped, some leave. On an arena of Go memory the race
// detector sees it all.
func TestHammer(t *testing.T) {
	loops := 2000
	if testing.Short() {
		loops = 300
	}
	for _, heap := range []bool{true, false} {
		a, root := newArena(t, heap, Options{Size: 8 << 20})
		var stacks [sharedStacks]Handle
		for i := range stacks {
			stacks[i], _ = newCell(t, root)
			defer root.Release(stacks[i])
		}
		var wg sync.WaitGroup
		for k := range 6 {
			wg.Go(func() {
				for life := range 4 {
					m := newMember(t, a, root.id, "member")
					w := worker{m: m, rng: rand.New(rand.NewPCG(uint64(k), uint64(life))), stacks: stacks}
					for _, h := range stacks {
						if err := m.Retain(h); err != nil {
							t.Error(err)
						}
					}
					for range loops {
						w.step()
					}
					if life%2 == 0 {
						m.Leave()
					}
					root.Reap(m.id, 0)
					mustBeDead(t, a, m.id)
				}
			})
		}
		wg.Wait()
		mustCheck(t, a)
	}
}

// Goroutines of one member share its locks and its table of objects.
func TestHammerOneMember(t *testing.T) {
	a, m := newArena(t, true, Options{})
	stack, _ := newCell(t, m)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				h, _, err := m.NewCell(KindTest)
				if err != nil {
					t.Error(err)
					return
				}
				if err := push(m, stack, h); err != nil {
					t.Error(err)
				}
				m.Release(h)
				if h, err = pop(m, stack); err != nil || h == 0 {
					t.Errorf("pop = %#x, %v", uint64(h), err)
					continue
				}
				m.Release(h)
			}
		})
	}
	wg.Wait()
	m.Release(stack)
	mustCheck(t, a)
	if n := m.inHand.Load(); n != 0 {
		t.Errorf("%d things in hand", n)
	}
}

func TestHammerLock(t *testing.T) {
	for _, heap := range []bool{true, false} {
		a, root := newArena(t, heap, Options{})
		h, c := newCell(t, root)
		var wg sync.WaitGroup
		const members, loops = 4, 3000
		for range members {
			m := newMember(t, a, root.id, "member")
			for range 3 { // with more goroutines than a member, to fill its pend words
				wg.Go(func() {
					for range loops {
						m.Lock(&c.F[0])
						c.W[2].Store(c.W[2].Load() + 1)
						m.Unlock(&c.F[0])
					}
				})
			}
			defer root.Reap(m.id, 0)
		}
		wg.Wait()
		if n := c.W[2].Load(); n != 3*members*loops {
			t.Errorf("count = %d, want %d", n, 3*members*loops)
		}
		root.Release(h)
	}
}
