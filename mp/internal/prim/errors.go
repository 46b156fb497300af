package prim

// primError is an error that scripts see as an exception of the named class, as CPython raises it.
type primError struct{ class, msg string }

func (e *primError) Error() string          { return e.msg }
func (e *primError) ExceptionClass() string { return e.class }

// Errors of wrong use, in CPython's classes and words.
var (
	// ErrNotHeld is returned when a Lock that nobody holds is released.
	ErrNotHeld error = &primError{"ValueError", "semaphore or lock released too many times"}
	// ErrBounded is returned when a semaphore would rise above its bound.
	ErrBounded error = &primError{"ValueError", "semaphore or lock released too many times"}
	// ErrNotOwner is returned when an RLock is released by a thread that does not hold it.
	ErrNotOwner error = &primError{"AssertionError", "attempt to release recursive lock not owned by thread"}
	// ErrWaitNotHeld is returned by Condition.Wait when the caller does not hold the condition's lock.
	ErrWaitNotHeld error = &primError{"AssertionError", "must acquire() condition before using wait()"}
	// ErrNotifyNotHeld is returned by Condition.Notify when the caller does not hold the condition's lock.
	ErrNotifyNotHeld error = &primError{"AssertionError", "lock is not owned"}
	// ErrQueueFull is returned by Queue.Put when there is no room in time. CPython raises it without a message.
	ErrQueueFull error = &primError{"queue.Full", ""}
	// ErrQueueEmpty is returned by Queue.Get when there is no message in time. CPython raises it without a message.
	ErrQueueEmpty error = &primError{"queue.Empty", ""}
	// ErrMute is returned by Queue.Get when there is no message and nobody is left who could put one. CPython raises it
	// without a message.
	ErrMute error = &primError{"EOFError", ""}
	// ErrDeaf is returned by Queue.Put when nobody is left who could get.
	ErrDeaf error = &primError{"BrokenPipeError", "[Errno 32] Broken pipe"}
	// ErrShutDown is returned after Queue.Shutdown, by Get when there is no message. CPython raises it without a message.
	ErrShutDown error = &primError{"queue.ShutDown", ""}
	// ErrTaskDone is returned by Queue.TaskDone when nothing is unfinished.
	ErrTaskDone error = &primError{"ValueError", "task_done() called too many times"}
	// ErrUnfinished is returned by Queue.Put when 134,217,727 messages are unfinished.
	ErrUnfinished error = &primError{"OverflowError", "too many unfinished tasks"}
	// ErrValue is returned for a semaphore value that is out of range.
	ErrValue error = &primError{"ValueError", "semaphore value out of range"}
	// ErrHandles is returned by Queue.Put for a message that carries more than 16,777,215 handles.
	ErrHandles error = &primError{"ValueError", "too many shared objects in one message"}
	// ErrBroken is returned by Barrier.Wait when the barrier is broken. CPython raises it without a message.
	ErrBroken error = &primError{"threading.BrokenBarrierError", ""}
	// ErrParties is returned for a barrier without parties.
	ErrParties error = &primError{"ValueError", "parties must be > 0"}
	// ErrExists is returned by NewSegment for a name that is taken.
	ErrExists error = &primError{"FileExistsError", "[Errno 17] File exists"}
	// ErrNoSegment is returned for a name that no segment has.
	ErrNoSegment error = &primError{"FileNotFoundError", "[Errno 2] No such file or directory"}
	// ErrName is returned by NewSegment for a name that is too long.
	ErrName error = &primError{"OSError", "[Errno 36] File name too long"}
	// ErrWaiters is returned by Condition.Wait and Barrier.Wait when there is no room for one more waiter.
	ErrWaiters error = &primError{"RuntimeError", "too many processes wait for the object"}
)
