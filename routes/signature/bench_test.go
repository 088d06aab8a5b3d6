package signature

import (
	"strings"
	"testing"
)

// BenchmarkExplain is what a stranger's nonsense costs.
func BenchmarkExplain(b *testing.B) {
	for name, body := range map[string]string{
		"2KiB JSON":  `{"a":"` + strings.Repeat("xyz/é<", 300) + `"}`,
		"60KiB JSON": `[` + strings.Repeat(`{"a":"xyz/é<","b":[1,2,3]},`, 2000) + `{}]`,
		"1MiB":       strings.Repeat("x", 1<<20),
		"8MiB":       strings.Repeat("x", 8<<20),
	} {
		for _, scheme := range []string{"github", "stripe", "standard", "sendgrid"} {
			b.Run(scheme+" "+name, func(b *testing.B) {
				s := schemeFor(b, scheme)
				private, _ := keysOf(scheme)
				_, m := signed(b, s, private, now)
				m.Body = []byte(body)
				_, public := keysOf(scheme)
				for b.Loop() {
					if s.Verify(m, bytesOf(public), 0) == nil {
						b.Fatal("passes")
					}
				}
			})
		}
	}
}
