package mp

import "go.starlark.net/starlark"

// makeClasses makes the classes of the modules synchronize and queues, the first of synchronize being the base of others.
func (rt *Runtime) makeClasses() {
	sem := newClass("synchronize", "SemLock", nil, nil, lockType, rlockType, semaphoreType, boundedType)
	locks := []*Class{sem}
	semaphore := newClass("synchronize", "Semaphore", rt.makeSemaphore(false), locks, semaphoreType, boundedType)
	rt.lockTypes = []*Class{
		sem, semaphore,
		newClass("synchronize", "BoundedSemaphore", rt.makeSemaphore(true), []*Class{semaphore}, boundedType),
		newClass("synchronize", "Lock", rt.makeLock, locks, lockType),
		newClass("synchronize", "RLock", rt.makeRLock, locks, rlockType),
		newClass("synchronize", "Condition", rt.makeCondition, nil, conditionType),
		newClass("synchronize", "Event", rt.makeEvent, nil, eventType),
		newClass("synchronize", "Barrier", rt.makeBarrier, nil, barrierType),
	}
	queue := newClass("queues", "Queue", rt.makeQueue, nil, queueType, joinableType)
	rt.queueTypes = []*Class{
		queue,
		newClass("queues", "JoinableQueue", rt.makeJoinable, []*Class{queue}, joinableType),
		newClass("queues", "SimpleQueue", rt.makeSimpleQueue, nil, simpleQueueType),
	}
}

// submodules adds the modules process, context, queues and synchronize to the members of the module. What they have is made
// when it is asked for.
func (rt *Runtime) submodules(members starlark.StringDict) {
	for name, own := range map[string]func() starlark.StringDict{
		"process":     func() starlark.StringDict { return rt.processMembers(members) },
		"context":     func() starlark.StringDict { return rt.contextMembers(members) },
		"queues":      rt.queuesMembers,
		"synchronize": rt.synchronizeMembers,
	} {
		members[name] = rt.host.NewModule("multiprocessing."+name, own)
	}
}

// pick copies members by name.
func pick(from starlark.StringDict, names ...string) starlark.StringDict {
	d := make(starlark.StringDict, len(names)+4)
	for _, name := range names {
		d[name] = from[name]
	}
	return d
}

func (rt *Runtime) processMembers(members starlark.StringDict) starlark.StringDict {
	d := pick(members, "current_process", "parent_process", "active_children")
	d["BaseProcess"] = rt.baseProcess
	return d
}

func (rt *Runtime) contextMembers(members starlark.StringDict) starlark.StringDict {
	d := pick(members, "Process", "ProcessError", "BufferTooShort", "TimeoutError", "AuthenticationError")
	spawn, err := rt.spawnProcess()
	if err != nil {
		panic("BUG: making SpawnProcess: " + err.Error())
	}
	d["SpawnProcess"] = spawn
	base := newClass("context", "BaseContext", nil, nil)
	base.has = func(v starlark.Value) bool { _, ok := v.(*Context); return ok }
	context := newClass("context", "SpawnContext", func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		return &Context{rt: rt}, noArgs(b, args, kwargs)
	}, []*Class{base})
	context.has = base.has
	d["BaseContext"], d["SpawnContext"] = base, context
	d["DefaultContext"] = newClass("context", "DefaultContext", nil, []*Class{base}) // the module itself is what CPython has one for
	return d
}

func (rt *Runtime) queuesMembers() starlark.StringDict {
	d := starlark.StringDict{"Empty": rt.host.Exception("queue.Empty"), "Full": rt.host.Exception("queue.Full")}
	for _, c := range rt.queueTypes {
		d[c.name] = c
	}
	return d
}

func (rt *Runtime) synchronizeMembers() starlark.StringDict {
	d := starlark.StringDict{
		"RECURSIVE_MUTEX": starlark.MakeInt(0),
		"SEMAPHORE":       starlark.MakeInt(1),
		"SEM_VALUE_MAX":   starlark.MakeInt(maxSemaphore),
	}
	for _, c := range rt.lockTypes {
		d[c.name] = c
	}
	return d
}
