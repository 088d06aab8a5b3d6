package expression

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestHostile has conditions that a sender can make costly by what it sends.
// Each ends in time, and says why.
func TestHostile(t *testing.T) {
	many := "[" + strings.TrimSuffix(strings.Repeat("1,", 99_990), ",") + "]"
	long := `"` + strings.Repeat("a", 2<<20) + `"`
	const (
		fine   = "fine"
		over   = "over" // a limit: which one depends on how busy the machine is
		either = "either"
	)
	for _, tt := range []struct{ name, text, body, want string }{
		{"quadratic", `all(json, all(json, # == 1))`, many, over},
		{"cubic", `count(json, count(json, count(json, # == 1) > 0) > 0) > 0`, many, over},
		{"quadratic uniq", `len(uniq(map(json, #index))) == 1`, many, over},
		{"many lists", `len(map(json, map(json, 1))) == 1`, many, over},
		{"quadratic text", `any(json, body contains "zz")`, many, over},
		{"regular expression", `json matches "(a?){200}b$"`, long, over},
		{"regular expressions", `any(1..1000, body matches "(x+x+)+y")`, long, over},
		{"doubling", `let a = body + body; let b = a + a; let c = b + b; let d = c + c; d + d == ""`, long, over},
		{"growing", `reduce(1..10000, #acc + "` + strings.Repeat("x", 1000) + `", "") == ""`, long, over},
		{"repeat", `repeat(json, 1000000) == ""`, long, over},
		{"replace", `replace(json, "a", "` + strings.Repeat("x", 1000) + `") == ""`, long, over},
		{"split", `len(split(json, "a")) == 1`, long, over},
		{"a list of the body", `len(toJSON(map(1..10000, json))) == 1`, many, over},
		{"tree", `len(toJSON(reduce(1..10000, [#acc, #acc], json))) == 1`, "1", over},
		{"equal trees", `reduce(1..10000, [#acc, #acc], json) == reduce(1..10000, [#acc, #acc], json)`, "1", over},
		{"deep", `len(toJSON(reduce(1..10000, [#acc], json))) == 20001`, "1", either},
		{"range", `len(json[0]..json[1]) == 1`, "[1, 9223372036854775807]", over},
		{"range over the end", `len(json[0]..json[1]) == 1`, "[-9223372036854775808, 9223372036854775807]", over},
		{"as many digits as may be", `json == 1`, strings.Repeat("9", maxDigits), fine},
		{"large exponents", `json > 1`, "1e999999999", fine},
		{"join", `join(map(1..10000, body)) == ""`, long, over},
		{"encodings", `len(toBase64(toBase64(urlEncode(body)))) > 1`, long, either},
		{"inner loops", `count(json, any(json, true)) > 1`, many, over},
		{"concat", `len(reduce(json, concat(#acc, #acc), json)) == 1`, many, over},
		{"sorting", `len(sortBy(json, #)) == 1 || len(sort(json)) == 99990`, many, either},
		{"parsing over and over", `any(1..1000, fromJSON(body) == 1)`, many, over},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := mustCompile(t, tt.text)
			in := typed("", tt.body)
			in.part("json")
			start := time.Now()
			_, parts := c.Eval(in)
			if took := time.Since(start); took > 100*maxTime {
				t.Errorf("it took %v", took)
			}
			limited := strings.HasSuffix(parts[0].Note, string(errSlow)) || strings.HasSuffix(parts[0].Note, string(errMemory))
			if tt.want != either && limited != (tt.want == over) || !limited && parts[0].Note != "" {
				t.Errorf("note %q", parts[0].Note)
			}
		})
	}
}

// TestHostileMemory holds that a body needs memory in proportion.
func TestHostileMemory(t *testing.T) {
	for name, in := range map[string]*Input{
		"json":      typed("", "["+strings.Repeat("[],", 2_700_000)+"1]"),
		"members":   typed("", "{"+strings.Repeat(`"":1,`, 1_600_000)+`"":1}`),
		"xml":       typed("", "<a>"+strings.Repeat("<b/>", 2_000_000)+"</a>"),
		"xml attr":  typed("", "<a "+strings.Repeat(`b="" `, 1_600_000)+"/>"),
		"form":      typed(typeForm, strings.Repeat("a&", 4_000_000)),
		"multipart": typed("multipart/form-data; boundary=b", strings.Repeat("--b\r\n\r\n\r\n", 800_000)+"--b--\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			in.part("payload")
			runtime.ReadMemStats(&after)
			if made := after.TotalAlloc - before.TotalAlloc; made > 64<<20 {
				t.Errorf("%d MiB were allocated", made>>20)
			}
		})
	}
}

// TestManyComparisons holds that a text cannot make the checker walk for ages.
func TestManyComparisons(t *testing.T) {
	text := strings.Repeat("0<(", 400) + "0" + strings.Repeat("<0)<0", 400)
	start := time.Now()
	if _, err := CompileCondition(text, options); err == nil {
		t.Error("it is taken")
	}
	for _, text := range []string{
		strings.Repeat("(", 2000) + "true" + strings.Repeat(")", 2000),
		strings.Repeat("!", 1900) + "true",
		strings.Repeat("upper(", 500) + `""` + strings.Repeat(")", 500) + ` == ""`,
		strings.Repeat("max(1,", 400) + `1` + strings.Repeat(")", 400) + ` == 1`,
		"json" + strings.Repeat(".a", 990) + " == 1",
		"json" + strings.Repeat("?.a", 600) + " == 1",
		strings.Repeat("[", 1900) + strings.Repeat("]", 1900) + " == []",
		strings.Repeat("true ? true : ", 250) + "true",
		"true && (" + strings.Repeat("true || ", 480) + "true)",
	} {
		c, err := CompileCondition(text, options)
		if err != nil {
			t.Errorf("%.20s: %v", text, err)
			continue
		}
		c.Eval(NewInput(Delivery{}))
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
