package mp_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"testing"
	"time"

	"github.com/starmp/starmp/interp"
	"github.com/starmp/starmp/mp"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

func TestMain(m *testing.M) {
	interp.Child()
	os.Exit(m.Run())
}

// The values that scripts get are of types of this package.
func Example() {
	rt, err := interp.New(interp.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	env := starlark.StringDict{"mp": rt.Multiprocessing()}
	globals, err := starlark.ExecFileOptions(&syntax.FileOptions{}, new(starlark.Thread), "values.star", `
m, pool = mp.Manager(), mp.Pool(1)
values = [
	mp.Queue(), mp.SimpleQueue(), mp.Pipe()[0], mp.connection.Listener(),
	mp.Lock(), mp.RLock(), mp.Semaphore(), mp.Condition(), mp.Event(), mp.Barrier(2),
	mp.Value("i"), mp.Array("i", 3), mp.RawValue("i"), mp.RawArray("i", 3),
	mp.shared_memory.SharedMemory(create = True, size = 1), mp.shared_memory.ShareableList([1]),
	m.list(), m.dict(), m.Namespace(), m.Value("i", 1), m.Array("i", [1]),
	pool, pool.apply_async(len, ("",)), pool.imap(len, [""]),
	mp.get_context(), mp.get_logger(), mp.Lock,
]
`, env)
	if err != nil {
		log.Fatal(err)
	}
	values := globals["values"].(*starlark.List)
	for i := range values.Len() {
		v := values.Index(i)
		fmt.Printf("%s %T\n", v.Type(), v)
	}
	// Output:
	// Queue *mp.Queue
	// SimpleQueue *mp.SimpleQueue
	// Connection *mp.Connection
	// Listener *mp.Listener
	// Lock *mp.Lock
	// RLock *mp.RLock
	// Semaphore *mp.Semaphore
	// Condition *mp.Condition
	// Event *mp.Event
	// Barrier *mp.Barrier
	// Synchronized *mp.Synchronized
	// SynchronizedArray *mp.SynchronizedArray
	// c_int *mp.RawValue
	// c_int_Array_3 *mp.RawArray
	// SharedMemory *mp.SharedMemory
	// ShareableList *mp.ShareableList
	// ListProxy *mp.ListProxy
	// DictProxy *mp.DictProxy
	// NamespaceProxy *mp.NamespaceProxy
	// ValueProxy *mp.ValueProxy
	// ArrayProxy *mp.ArrayProxy
	// Pool *mp.Pool
	// ApplyResult *mp.AsyncResult
	// IMapIterator *mp.IMapIterator
	// SpawnContext *mp.Context
	// Logger *mp.Logger
	// type *mp.Class
}

// A call that blocks in a thread of the program's own.
func ExampleCancel() {
	rt, err := interp.New(interp.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	thread, cancel := new(starlark.Thread), new(mp.Cancel)
	thread.SetLocal(mp.CancelKey, cancel)
	time.AfterFunc(10*time.Millisecond, cancel.Cancel)
	_, err = starlark.ExecFileOptions(&syntax.FileOptions{}, thread, "wait.star", "mp.Queue().get()", starlark.StringDict{"mp": rt.Multiprocessing()})
	fmt.Println(err)
	// Output: Starlark computation cancelled: KeyboardInterrupt
}

func ExampleLimits() {
	rt, err := interp.New(interp.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	pool, err := rt.NewPool(mp.PoolOptions{Workers: 1, Limits: mp.Limits{Steps: 1_000_000, Time: time.Minute, Processes: -1}})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	_, err = pool.Exec(context.Background(), "loop.star", []byte("def loop():\n  while True:\n    n = 1\n    n += 1\n"), "loop")
	fmt.Println(err)
	// Output: limit exceeded: steps (1000000) at loop.star:3
}

func ExampleLimitError() {
	rt, err := interp.New(interp.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	pool, err := rt.NewPool(mp.PoolOptions{Workers: 1, Limits: mp.Limits{Output: 1000}})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	_, err = pool.Exec(context.Background(), "chatty.star", []byte("while True: print('chat')"), "")
	var limit *mp.LimitError
	if errors.As(err, &limit) && limit.Limit == mp.LimitOutput {
		fmt.Printf("more than %s of %s at %s\n", limit.Max, limit.Limit, limit.Pos)
	}
	// Output: more than 1000 bytes of output at chatty.star:1
}

// Workers that have loaded what they need before their first task.
func ExamplePoolOptions() {
	rt, err := interp.New(interp.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	globals, err := rt.Exec(context.Background(), "table.star", []byte(`
table = {}
def fill(n): table.update([(i, i * i) for i in range(n)])
def look_up(i): return table[i]
`))
	if err != nil {
		log.Fatal(err)
	}
	pool, err := rt.NewPool(mp.PoolOptions{
		Workers:     1,
		Initializer: globals["fill"],
		InitArgs:    starlark.Tuple{starlark.MakeInt(100)},
		MaxTasks:    1000,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	fmt.Println(pool.Call(context.Background(), globals["look_up"], starlark.MakeInt(12)))
	// Output: 144 <nil>
}
