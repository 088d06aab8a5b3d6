package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// TestAgainstOpenSSL has another program make the digest that GitHub's field
// carries, over random bodies.
func TestAgainstOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not here")
	}
	for name, body := range oddBodies() {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(openssl, "dgst", "-sha256", "-hmac", "a secret", "-r")
			cmd.Stdin = bytes.NewReader(body)
			out, err := cmd.Output()
			if err != nil {
				t.Skipf("openssl: %v", err)
			}
			digest, _, _ := strings.Cut(string(out), " ")
			m := &Message{Body: body, Header: Fields([]Header{{"X-Hub-Signature-256", "sha256=" + digest}})}
			if err := schemeFor(t, "github").Verify(m, bytesOf("a secret"), 0); err != nil {
				t.Error(err)
			}
		})
	}
}

// oddBodies are bodies that careless programs change.
func oddBodies() map[string][]byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return map[string][]byte{
		"empty":        {},
		"every byte":   all,
		"line ends":    []byte("a\r\nb\nc\r\n"),
		"mark":         []byte("\ufeff{}"),
		"half a rune":  {0xc3},
		"256 KiB":      bytes.Repeat([]byte("x"), 256<<10),
		"1 MiB and 1":  bytes.Repeat([]byte("y"), 1<<20+1),
		"spaces alone": []byte("  \n"),
	}
}

// TestAgainstPython has an implementation of the senders' documents that
// shares no line with this one check what is signed here.
func TestAgainstPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not here")
	}
	const script = "../../testdata/peers/verify_signature.py"
	var input bytes.Buffer
	var names []string
	for _, scheme := range []string{"github", "shopify", "slack", "stripe", "standard"} {
		secret, _ := keysOf(scheme)
		for name, body := range oddBodies() {
			m := &Message{Body: body}
			set, err := schemeFor(t, scheme).Sign(m, []byte(secret), now)
			if err != nil {
				t.Fatal(err)
			}
			var fields [][2]string
			for _, h := range set {
				fields = append(fields, [2]string{h.Name, h.Value})
			}
			json.NewEncoder(&input).Encode(map[string]any{
				"scheme": scheme, "secret": secret, "headers": fields,
				"body": base64.StdEncoding.EncodeToString(body), "now": now.Unix(),
			})
			names = append(names, scheme+" "+name)
		}
	}
	cmd := exec.Command(python, script)
	cmd.Stdin = &input
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("python3 cannot check: %v", err)
	}
	answers := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(answers) != len(names) {
		t.Fatalf("%d answers for %d messages", len(answers), len(names))
	}
	for i, answer := range answers {
		if strings.TrimSpace(answer) != "ok" {
			t.Errorf("%s: %s", names[i], answer)
		}
	}
}
