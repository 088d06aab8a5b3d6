package relay

import (
	"slices"
	"sync"
	"testing"
)

// TestTurns has many take their turns at once; they come through in the order in
// which they began.
func TestTurns(t *testing.T) {
	var all turns
	const n = 200
	took := make([]*turn, n)
	for i := range took {
		took[i] = all.take()
	}
	var mu sync.Mutex
	var order, want []int
	var wg sync.WaitGroup
	for i := n - 1; i >= 0; i-- {
		wg.Go(func() {
			defer took[i].end()
			if i%7 == 3 {
				return // on its way home, or refused
			}
			took[i].wait()
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
		})
	}
	for i := range n {
		if i%7 != 3 {
			want = append(want, i)
		}
	}
	wg.Wait()
	if !slices.Equal(order, want) || len(all.open) != 0 {
		t.Errorf("they came in the order %v, %d turns are open", order, len(all.open))
	}
	var none *turn
	none.wait()
	none.end()
}
