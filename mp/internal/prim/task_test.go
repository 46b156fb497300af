package prim

import (
	"encoding/binary"
	"testing"
)

// A task is noted before its message is gone, and a death before that takes the note back.
func TestGetTask(t *testing.T) {
	ms := family(t, 1)
	m := ms[0]
	q := must(NewQueue(m, 0))(t)
	defer q.Close()
	for i, size := range []int{16, 100, 100_000} {
		data := pattern(size, i)
		binary.LittleEndian.PutUint64(data, uint64(i)+1)
		wantErr(t, q.Put(data, nil, Opt{}), nil)
		task := &m.Slot().Task
		msg := must(q.GetTask(nil, Opt{}))(t)
		if len(msg.Data) != size || task[0].Load() != uint64(i)+1 || task[1].Load() != binary.LittleEndian.Uint64(data[8:]) {
			t.Errorf("message of %d bytes: noted %#x %#x", len(msg.Data), task[0].Load(), task[1].Load())
		}
		task[0].Store(0)
	}

	for _, gone := range []bool{false, true} {
		wantErr(t, q.Put(pattern(16, 1), nil, Opt{}), nil)
		dead := child(t, m)
		dq := must(OpenQueue(dead, q.Handle()))(t)
		dead.Lock(&dq.c.F[3])
		head := dq.head()
		r, _ := readRecord(dq.a, head)
		noteTask(dead, &r, head)
		if gone {
			consume(dead, dq.c, head, &r, 0, nil)
		}
		m.Reap(dead.ID(), -9)
		if noted := dead.Slot().Task[0].Load() != 0; noted != gone {
			t.Errorf("message gone: %v, task noted: %v", gone, noted)
		}
		if _, err := q.Get(Opt{NoWait: true}); (err == ErrQueueEmpty) != gone {
			t.Errorf("message gone: %v, but get: %v", gone, err)
		}
	}
}
