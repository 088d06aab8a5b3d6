package history
import ("testing";"path/filepath";"bytes";"time";"os")
func TestDbg(t *testing.T){
	const size = 2 << 20
	path := filepath.Join(t.TempDir(), "history.db")
	j := openAt(t, path, Options{Keep: -1, MaxSize: size, PruneEvery: time.Hour})
	body := bytes.Repeat([]byte("x"), 50_000)
	for n := range 400 { r := done(n, Succeeded); r.Body = body; check(t, j.Finish(r)) }
	check(t, j.Prune(t.Context()))
	list(t, j, Query{Limit: 1000})
	st:=func(s string){ a,_:=os.Stat(path); b,_:=os.Stat(path+"-wal"); var w int64; if b!=nil {w=b.Size()}; t.Log(s,a.Size(),w, j.w.sweep) }
	st("pruned"); 
	 sqlValue(t,path,"SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)")
st("again"); e1:=j.reader.Close(); t.Log(e1, j.reader.Stats())
	o,_:=os.ReadFile("/proc/locks"); t.Log(string(o)); check(t,j.Close()); st("closed")
	c:=openRaw(t,path)
	a,_:=c.number("PRAGMA page_count"); b,_:=c.number("PRAGMA freelist_count")
	 t.Log(a,b)
}
