package agent

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func never(string) bool { return false }

func TestSequence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sequence
		began := time.Now()
		s.wait(t.Context(), "", never)
		s.wait(t.Context(), "stored", func(id string) bool { return id == "stored" })
		s.came("here")
		s.wait(t.Context(), "here", never)
		if d := time.Since(began); d > 0 {
			t.Errorf("waited %s for nothing", d)
		}

		passed := make(chan string, 3)
		for _, id := range []string{"a", "a"} {
			go func() {
				s.wait(context.Background(), id, never)
				passed <- id
			}()
		}
		synctest.Wait()
		if len(passed) > 0 {
			t.Fatal("did not wait")
		}
		s.came("a")
		synctest.Wait()
		if len(passed) != 2 {
			t.Errorf("%d of 2 go on", len(passed))
		}

		s.wait(t.Context(), "lost", never)
		if d := time.Since(began); d != predecessorWait {
			t.Errorf("waited %s for one that never came", d)
		}
		s.wait(t.Context(), "lost", never)
		if d := time.Since(began); d != predecessorWait {
			t.Errorf("the next one waited too, %s", d-predecessorWait)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		s.wait(ctx, "gone", never)
		if d := time.Since(began); d != time.Second {
			t.Errorf("waited %s with an end of one second", d)
		}
	})
}

func TestSequenceRemembersTheLast(t *testing.T) {
	var s sequence
	for i := range 3 * rememberedArrivals {
		s.came(fmt.Sprint(i))
		s.came(fmt.Sprint(i))
	}
	if len(s.known) != rememberedArrivals || s.known[fmt.Sprint(2*rememberedArrivals-1)] || !s.known[fmt.Sprint(2*rememberedArrivals)] {
		t.Errorf("%d are remembered", len(s.known))
	}
}
