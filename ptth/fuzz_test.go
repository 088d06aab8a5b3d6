package ptth

import (
	"bytes"
	"testing"
	"time"

	"homehook/http1"
)

// FuzzParseOffer feeds the fields of an upgrade request. Whatever they are, an
// offer that is granted keeps the bounds that the pool relies on.
func FuzzParseOffer(f *testing.F) {
	for _, s := range []string{
		"Upgrade: PTTH/1.0\r\nConnection: Upgrade\r\nPTTH-Ping: 20\r\nPTTH-Max-Conns: 32\r\n",
		"Upgrade: websocket, ptth/1.0\r\nConnection: keep-alive, upgrade\r\n",
		"Upgrade: PTTH/0.9\r\n", "Upgrade: PTTH/1.0\r\n", "Upgrade: ptth\r\nConnection: upgrade\r\n", "Upgrade: ,,/,PTTH/\r\nConnection: upgrade\r\n",
		"Upgrade: PTTH/1.0\r\nConnection: Upgrade\r\nPTTH-Ping: +5\r\nPTTH-Max-Conns: 99999999999999999999\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, fields []byte) {
		r, err := http1.ParseRequest(append([]byte("POST /ptth/a HTTP/1.1\r\n"), fields...), nil, 0)
		if err != nil {
			return
		}
		o, err := ParseOffer(r)
		if err != nil {
			if o != (Offer{}) {
				t.Fatalf("an offer %+v beside the error %v", o, err)
			}
			return
		}
		if o.Dialect != Dialect09 && !r.WantsUpgrade() || !bytes.Contains(bytes.ToUpper(fields), bytes.ToUpper([]byte(o.Version))) {
			t.Fatal("a link was granted that nobody asked for")
		}
		if o.Version != Token(o.Dialect) || o.Version == "" || o.Ours != (o.MaxLinks > 0) || o.MaxLinks < 0 || o.MaxLinks > 1<<16 ||
			o.Ping != 0 && (o.Ping < 5*time.Second || o.Ping > time.Hour) {
			t.Fatalf("out of bounds: %+v", o)
		}
	})
}

func FuzzKeepAliveTimeout(f *testing.F) {
	for _, s := range []string{"timeout=5", "timeout=5, max=100", "max=1,TIMEOUT=7", "timeout=", "timeout=-1", "timeout=99999999999999999999", ",=,"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		d, ok := keepAliveTimeout(v)
		if ok != (d > 0) || d > 1<<20*time.Second || d%time.Second != 0 {
			t.Fatalf("%q: got %v, %v", v, d, ok)
		}
	})
}
