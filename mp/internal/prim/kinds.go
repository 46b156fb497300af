package prim

import "github.com/starmp/starmp/mp/internal/arena"

func init() {
	arena.RegisterKind(arena.KindLock, arena.Ops{Recover: recoverLock, Holds: holdsOwner})
	arena.RegisterKind(arena.KindRLock, arena.Ops{Recover: recoverRLock, Holds: holdsOwner})
	arena.RegisterKind(arena.KindBounded, arena.Ops{
		Recover: recoverBounded, Holds: holdsBounded, Free: freeBounded, Check: checkBounded,
	})
	arena.RegisterKind(arena.KindCondition, arena.Ops{
		Recover: recoverCondition, Free: freeCondition, Check: checkCondition,
	})
	arena.RegisterKind(arena.KindBarrier, arena.Ops{
		Recover: recoverBarrier, Holds: holdsBarrier, Free: freeBarrier, Check: checkBarrier,
	})
	arena.RegisterKind(arena.KindQueue, arena.Ops{Recover: recoverQueue, Free: freeQueue, Check: checkQueue})
}
