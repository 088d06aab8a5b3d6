package history

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func BenchmarkIndex(b *testing.B) {
	j := benchJournal(b, Options{Keep: -1, MaxSize: -1})
	r := rand.New(rand.NewPCG(1, 2))
	for n := range b.N {
		rec := benchRecord()
		rec.ID, rec.Received = testID(n), epoch.Add(time.Duration(n)*time.Second)
		rec.Body = nil
		for range 60 {
			rec.Body = fmt.Appendf(rec.Body, "w%d ", int(r.ExpFloat64()*5000))
		}
		for range 10 {
			rec.Body = fmt.Appendf(rec.Body, "%x ", r.Uint64())
		}
		benchFinish(&rec)
		check(b, j.Finish(&rec))
	}
	check(b, j.Flush(b.Context()))
	b.ResetTimer()
	check(b, j.Index(b.Context()))
	b.StopTimer()
	b.ReportMetric(float64(j.w.index.rows), "rows")
	check(b, j.Close())
}
