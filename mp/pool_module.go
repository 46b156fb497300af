package mp

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// poolModule is multiprocessing.pool.
// https://docs.python.org/3.13/library/multiprocessing.html#module-multiprocessing.pool
func (rt *Runtime) poolModule() *starlarkstruct.Module {
	const name = "multiprocessing.pool"
	pool := newClass("pool", "Pool", rt.makePool, nil, poolType, threadPoolType)
	result := newClass("pool", "ApplyResult", nil, nil, applyResultType, mapResultType)
	imap := newClass("pool", "IMapIterator", nil, nil, imapType, imapUnorderedType)
	members := starlark.StringDict{
		"Pool":                  pool,
		"ThreadPool":            newClass("pool", "ThreadPool", rt.makeThreadPool, []*Class{pool}, threadPoolType),
		"ApplyResult":           result,
		"MapResult":             newClass("pool", "MapResult", nil, []*Class{result}, mapResultType),
		"IMapIterator":          imap,
		"IMapUnorderedIterator": newClass("pool", "IMapUnorderedIterator", nil, []*Class{imap}, imapUnorderedType),
	}
	for member, v := range members {
		v.(*Class).ctx = ""
		rt.host.Codec().Name(name+"."+member, v)
	}
	members["AsyncResult"] = result
	members["MaybeEncodingError"] = rt.host.Exception(name + ".MaybeEncodingError")
	members["TimeoutError"] = rt.host.Exception("multiprocessing.TimeoutError")
	members["INIT"] = starlark.String("INIT")
	for _, s := range []poolState{poolRun, poolClose, poolTerminate} {
		members[s.String()] = starlark.String(s.String())
	}
	return &starlarkstruct.Module{Name: name, Members: members}
}
