package service

import (
	"strings"
	"testing"
)

func TestPlatformPaths(t *testing.T) {
	testPlatform(t, []platformCase{
		{
			name: "user",
			env:  map[string]string{"APPDATA": `C:\Users\me\AppData\Roaming`, "LOCALAPPDATA": `C:\Users\me\AppData\Local`},
			want: Paths{
				`C:\Users\me\AppData\Roaming\Homehook\config.yaml`,
				`C:\Users\me\AppData\Local\Homehook\state`,
				`C:\Users\me\AppData\Local\Homehook\run`,
			},
		},
		{name: "nothing", err: "set APPDATA and LOCALAPPDATA, or HOMEHOOK_HOME for a folder"},
	})
}

func TestPipeName(t *testing.T) {
	one := pipeName("S-1-5-21-1", `C:\Users\me\run`)
	if !strings.HasPrefix(one, `\\.\pipe\homehook-`) || len(one) > 60 {
		t.Errorf("name is %q", one)
	}
	if other := pipeName("S-1-5-21-1", `c:\users\ME\run\`); other != one {
		t.Errorf("the same folder gives %q and %q", one, other)
	}
	for _, other := range []string{pipeName("S-1-5-21-2", `C:\Users\me\run`), pipeName("S-1-5-21-1", `C:\Users\me\run2`)} {
		if other == one {
			t.Errorf("two agents share %q", one)
		}
	}
}
