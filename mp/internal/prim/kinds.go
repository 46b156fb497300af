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
	arena.RegisterKind(arena.KindBlob, arena.Ops{Recover: recoverBlob, Free: freeBlob, Check: checkBlob})
	arena.RegisterKind(arena.KindShared, arena.Ops{Recover: recoverShared, Free: freeShared, Check: checkShared})
	arena.RegisterKind(arena.KindQueue, arena.Ops{Recover: recoverQueue, Free: freeQueue, Check: checkQueue})
	arena.RegisterKind(arena.KindPipe, arena.Ops{Free: freeEnd, Check: checkEnd})
}
