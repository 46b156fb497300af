package stdlib

import (
	"crypto/sha512"
	"fmt"
	"math"
	"math/big"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// Random is a generator of random numbers: random.Random(seed), and the one behind the module's functions. Seeded
// alike it draws the same as CPython 3.13's, except that functions with a logarithm, a power or a sine may differ in the
// last bit once in some hundred draws. It is not sent to other processes: each has a generator of its own.
// https://docs.python.org/3/library/random.html
type Random struct {
	lib     *Lib
	gen     mersenne
	gauss   float64 // the second of a pair of normal numbers, if hasNext
	hasNext bool
	methods starlark.StringDict
}

var _ starlark.HasAttrs = (*Random)(nil)

// randomModule makes the members of the module random. Its functions share one generator, which each process seeds from the system.
func (l *Lib) randomModule() starlark.StringDict {
	shared := &Random{lib: l}
	members := shared.functions(nil)
	members["Random"] = starlark.NewBuiltin("Random", l.newRandom)
	return members
}

// newRandom is Random(x=None).
func (l *Lib) newRandom(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	r := &Random{lib: l}
	_, err := r.seed(thread, args, kwargs)
	return r, err
}

// functions returns the generator's methods, bound to receiver, or as functions of the module if it is nil.
func (r *Random) functions(receiver starlark.Value) starlark.StringDict {
	d := make(starlark.StringDict, 24)
	for name, f := range map[string]func(*starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error){
		"choice":          r.choice,
		"choices":         r.choices,
		"expovariate":     r.distribution("expovariate", []string{"lambd"}, []float64{1}, r.expovariate),
		"gammavariate":    r.distribution("gammavariate", []string{"alpha", "beta"}, nil, r.gammavariate),
		"gauss":           r.distribution("gauss", []string{"mu", "sigma"}, []float64{0, 1}, r.gaussian),
		"getrandbits":     r.getrandbits,
		"getstate":        r.getstate,
		"binomialvariate": r.binomialvariate,
		"betavariate":     r.distribution("betavariate", []string{"alpha", "beta"}, nil, r.betavariate),
		"lognormvariate": r.distribution("lognormvariate", []string{"mu", "sigma"}, nil, func(x []float64) (float64, error) {
			y, err := r.normalvariate(x)
			return exactExp(y), err
		}),
		"normalvariate": r.distribution("normalvariate", []string{"mu", "sigma"}, []float64{0, 1}, r.normalvariate),
		"paretovariate": r.distribution("paretovariate", []string{"alpha"}, nil, func(x []float64) (float64, error) {
			if x[0] == 0 {
				return 0, wire.Errorf("ZeroDivisionError", "float division by zero")
			}
			return pow(1-r.gen.float64(), -1/x[0]), nil
		}),
		"randbytes":  r.randbytes,
		"randint":    r.randint,
		"random":     r.random,
		"randrange":  r.randrange,
		"sample":     r.sample,
		"seed":       r.seed,
		"setstate":   r.setstate,
		"shuffle":    r.shuffle,
		"triangular": r.triangular,
		"uniform": r.distribution("uniform", []string{"a", "b"}, nil, func(x []float64) (float64, error) {
			return x[0] + float64((x[1]-x[0])*r.gen.float64()), nil
		}),
		"vonmisesvariate": r.distribution("vonmisesvariate", []string{"mu", "kappa"}, nil, r.vonmisesvariate),
		"weibullvariate": r.distribution("weibullvariate", []string{"alpha", "beta"}, nil, func(x []float64) (float64, error) {
			if x[1] == 0 {
				return 0, wire.Errorf("ZeroDivisionError", "float division by zero")
			}
			return x[0] * pow(-exactLog(1-r.gen.float64()), 1/x[1]), nil
		}),
	} {
		d[name] = starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return f(thread, args, kwargs)
		}).BindReceiver(receiver)
	}
	return d
}

func (r *Random) String() string        { return fmt.Sprintf("<random.Random object at %p>", r) }
func (r *Random) Type() string          { return "Random" }
func (r *Random) Freeze()               {} // drawing is no change that Starlark knows
func (r *Random) Truth() starlark.Bool  { return true }
func (r *Random) Hash() (uint32, error) { return pointerHash(r), nil }

// Attr returns a method.
func (r *Random) Attr(name string) (starlark.Value, error) {
	if r.methods == nil {
		r.methods = r.functions(r)
	}
	return r.methods[name], nil
}

// AttrNames lists the methods.
func (r *Random) AttrNames() []string {
	if r.methods == nil {
		r.methods = r.functions(r)
	}
	return r.methods.Keys()
}

// seed is seed(a=None, version=2). None takes the system's randomness.
func (r *Random) seed(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var a starlark.Value = starlark.None
	version := 2
	if err := starlark.UnpackArgs("seed", args, kwargs, "a?", &a, "version?", &version); err != nil {
		return nil, err
	}
	r.hasNext = false
	switch a := a.(type) {
	case starlark.NoneType:
		r.gen.seedSystem()
	case starlark.Int:
		r.gen.seedInt(a.BigInt())
	case starlark.Bool:
		r.gen.seedInt(boolInt(a).BigInt())
	case starlark.String:
		r.seedText(string(a))
	case starlark.Bytes:
		r.seedText(string(a))
	case starlark.Float:
		r.gen.seedInt(floatHash(float64(a)))
	default:
		return nil, wire.Errorf("TypeError", "The only supported seed types are:\nNone, int, float, str, bytes, and bytearray.")
	}
	return starlark.None, nil
}

func (r *Random) seedText(s string) {
	sum := sha512.Sum512([]byte(s))
	r.gen.seedInt(new(big.Int).SetBytes(append([]byte(s), sum[:]...)))
}

// floatHash is CPython's hash(x) as an unsigned word: x modulo the prime 2**61-1, where halves are inverses of 2.
// https://docs.python.org/3/library/stdtypes.html#hashing-of-numeric-types
func floatHash(x float64) *big.Int {
	prime, h := big.NewInt(1<<61-1), new(big.Int)
	switch {
	case math.IsInf(x, 0):
		h.SetInt64(314159)
	case math.IsNaN(x):
		return h
	default:
		q := new(big.Rat)
		q.SetFloat64(math.Abs(x))
		h.ModInverse(q.Denom(), prime)
		h.Mul(h, q.Num())
		h.Mod(h, prime)
	}
	if x < 0 && h.Sign() > 0 {
		h.Sub(new(big.Int).Lsh(big.NewInt(1), 64), h)
	}
	return h
}

// getstate is getstate(): a tuple as CPython's, which setstate takes back.
func (r *Random) getstate(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("getstate", args, kwargs, 0, 0); err != nil {
		return nil, err
	}
	if !r.gen.ready {
		r.gen.seedSystem()
	}
	words := make(starlark.Tuple, 0, stateLen+1)
	for _, w := range r.gen.state {
		words = append(words, starlark.MakeUint64(uint64(w)))
	}
	var next starlark.Value = starlark.None
	if r.hasNext {
		next = starlark.Float(r.gauss)
	}
	return starlark.Tuple{starlark.MakeInt(3), append(words, starlark.MakeInt(r.gen.next)), next}, nil
}

// setstate is setstate(state).
func (r *Random) setstate(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := argCount("setstate", args, kwargs, 1, 1); err != nil {
		return nil, err
	}
	state, ok := args[0].(starlark.Tuple)
	if !ok || len(state) != 3 {
		return nil, wire.Errorf("TypeError", "setstate: state must be a tuple of 3, as getstate returns it, got %s", pyType(args[0]))
	}
	words, ok := state[1].(starlark.Tuple)
	if v, err := toIndex(state[0]); err != nil || v != 3 || !ok || len(words) != stateLen+1 {
		return nil, wire.Errorf("ValueError", "state with version %s passed to Random.setstate() of version 3", state[0])
	}
	gen := mersenne{ready: true}
	for i := range gen.state {
		w, err := toInt(words[i])
		if err != nil {
			return nil, err
		}
		u, ok := w.Uint64()
		if !ok || u > math.MaxUint32 {
			return nil, wire.Errorf("ValueError", "invalid state")
		}
		gen.state[i] = uint32(u)
	}
	next, err := toIndex(words[stateLen])
	if err != nil || next < 0 || next > stateLen {
		return nil, wire.Errorf("ValueError", "invalid state")
	}
	gen.next = next
	gauss, hasNext := state[2].(starlark.Float)
	r.gen, r.gauss, r.hasNext = gen, float64(gauss), hasNext
	return starlark.None, nil
}
