package stdlib

import (
	"fmt"

	"github.com/starmp/starmp/mp/wire"
	"go.starlark.net/starlark"
)

// lruCache is a function that remembers its results. Sent to another process it arrives without any.
type lruCache struct {
	lib          *Lib
	fn           starlark.Callable
	limit        int // -1: none
	typed        bool
	results      *starlark.Dict // by arguments, the one not used longest first
	hits, misses int
}

var (
	_ starlark.Callable = (*lruCache)(nil)
	_ starlark.HasAttrs = (*lruCache)(nil)
)

// functoolsLRU is lru_cache(maxsize=128, typed=False), which returns what takes the function, and lru_cache(function).
func (l *Lib) functoolsLRU(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var size starlark.Value = starlark.MakeInt(128)
	typed := false
	if err := bind("lru_cache", args, kwargs, "maxsize?", &size, "typed?", &typed); err != nil {
		return nil, err
	}
	limit := -1
	switch v := size.(type) {
	case starlark.NoneType:
	case starlark.Int:
		n, err := toIndex(v)
		if err != nil {
			return nil, err
		}
		limit = max(n, 0)
	default:
		if c, ok := v.(starlark.Callable); ok && isCallable(v) {
			return l.newCache(c, 128, typed), nil
		}
		return nil, wire.Errorf("TypeError", "Expected first argument to be an integer, a callable, or None")
	}
	return starlark.NewBuiltin("decorating_function", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return l.cacheOf("decorating_function", args, kwargs, limit, typed)
	}), nil
}

// functoolsCache is cache(user_function).
func (l *Lib) functoolsCache(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return l.cacheOf("cache", args, kwargs, -1, false)
}

func (l *Lib) cacheOf(name string, args starlark.Tuple, kwargs []starlark.Tuple, limit int, typed bool) (starlark.Value, error) {
	var fn starlark.Value
	if err := bind(name, args, kwargs, "user_function", &fn); err != nil {
		return nil, err
	}
	c, ok := fn.(starlark.Callable)
	if !ok || !isCallable(fn) {
		return nil, wire.Errorf("TypeError", "the first argument must be callable")
	}
	return l.newCache(c, limit, typed), nil
}

func (l *Lib) newCache(fn starlark.Callable, limit int, typed bool) *lruCache {
	return &lruCache{lib: l, fn: fn, limit: limit, typed: typed, results: new(starlark.Dict)}
}

func (c *lruCache) Name() string { return c.fn.Name() }
func (c *lruCache) String() string {
	return fmt.Sprintf("<functools._lru_cache_wrapper object at %p>", c)
}
func (c *lruCache) Type() string          { return "_lru_cache_wrapper" }
func (c *lruCache) Truth() starlark.Bool  { return true }
func (c *lruCache) Freeze()               { c.fn.Freeze() } // remembering is no change that scripts see
func (c *lruCache) Hash() (uint32, error) { return pointerHash(c), nil }

// CallInternal returns a remembered result, or calls the function and remembers its result.
func (c *lruCache) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	key := append(make(starlark.Tuple, 0, len(args)+2*len(kwargs)), args...)
	for _, kv := range kwargs {
		key = append(key, starlark.Tuple{cacheMark{}, kv[0]}, kv[1])
	}
	if c.typed {
		for _, v := range key[:len(key):len(key)] {
			key = append(key, starlark.String(v.Type()))
		}
	}
	v, found, err := c.results.Get(key)
	if err != nil {
		return nil, err
	}
	if found {
		c.hits++
		if c.limit > 0 {
			c.touch(key, v)
		}
		return v, nil
	}
	c.misses++
	if v, err = starlark.Call(thread, c.fn, args, kwargs); err != nil || c.limit == 0 {
		return v, err
	}
	if c.limit > 0 && c.results.Len() >= c.limit {
		it := c.results.Iterate()
		var oldest starlark.Value
		it.Next(&oldest)
		it.Done()
		_, _, _ = c.results.Delete(oldest) // it is there
	}
	return v, c.results.SetKey(key, v)
}

func (c *lruCache) touch(key starlark.Tuple, v starlark.Value) {
	if _, found, _ := c.results.Delete(key); found {
		_ = c.results.SetKey(key, v) // it was a key before
	}
}

// cacheMark tells a keyword argument's name from a positional argument.
type cacheMark struct{}

func (cacheMark) String() string        { return "" }
func (cacheMark) Type() string          { return "cache_mark" }
func (cacheMark) Truth() starlark.Bool  { return true }
func (cacheMark) Freeze()               {}
func (cacheMark) Hash() (uint32, error) { return 0x6b77, nil }

// Attr implements starlark.HasAttrs.
func (c *lruCache) Attr(name string) (starlark.Value, error) {
	switch name {
	case "__wrapped__":
		return c.fn, nil
	case "__name__":
		return starlark.String(c.fn.Name()), nil
	}
	return cacheMethods().bound(c, name), nil
}

// AttrNames implements starlark.HasAttrs.
func (c *lruCache) AttrNames() []string {
	return append([]string{"__name__", "__wrapped__"}, cacheMethods().names()...)
}

var cacheTable methodTable

func cacheMethods() *methodTable { return cacheTable.fill(cacheFunctions) }

func cacheFunctions() map[string]goFunc {
	limit := func(c *lruCache) starlark.Value {
		if c.limit < 0 {
			return starlark.None
		}
		return starlark.MakeInt(c.limit)
	}
	return map[string]goFunc{
		"cache_clear": method(func(c *lruCache, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			c.hits, c.misses, c.results = 0, 0, new(starlark.Dict)
			return starlark.None, argCount("cache_clear", args, kwargs, 0, 0)
		}),
		"cache_info": method(func(c *lruCache, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			t := &namedTupleType{lib: c.lib, name: "CacheInfo", module: "functools", fields: []string{"hits", "misses", "maxsize", "currsize"}}
			return &namedTuple{t, starlark.Tuple{starlark.MakeInt(c.hits), starlark.MakeInt(c.misses), limit(c), starlark.MakeInt(c.results.Len())}},
				argCount("cache_info", args, kwargs, 0, 0)
		}),
		"cache_parameters": method(func(c *lruCache, _ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			d := new(starlark.Dict)
			_ = d.SetKey(starlark.String("maxsize"), limit(c))
			_ = d.SetKey(starlark.String("typed"), starlark.Bool(c.typed))
			return d, argCount("cache_parameters", args, kwargs, 0, 0)
		}),
	}
}
