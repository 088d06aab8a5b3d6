package config
import ("testing";"fmt")
func TestZZ(t *testing.T){
 head := "relays: [{name: mine, url: \"https://relay.example.com\"}]\nclaims: [{name: garage}]\nroutes:\n"
 for _, s := range []string{
 "  - match: /\n    unverified: true\n    when: \"b\" in queryAll(\"tag\")\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: 'b' in queryAll(\"tag\")\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: !json.b\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: !json.b && json.c == 1\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    respond: {}\n    when: !has(json.b)\n",
 "  - match: /\n    unverified: true\n    when: !(json.a == 1)\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: reduce(json.commits, #acc + .files, 0) > 1\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: json.a == 1 # why\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: json.a ? json.b : true\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: [1,2] == json.a\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: {json.ref} == 'x'\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: `a` == json.a\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: &a == json.a\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: json.a == \"a: b\"\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: \"a\" == json.a\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: @a\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: true\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: \"\"\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when: '  '\n    respond: {}\n",
 "  - match: /\n    unverified: true\n    when:\n    respond: {}\n",
 "  - {match: /, unverified: true, when: json.a in [\"a\", \"b\"], respond: {}}\n",
 "  - {match: /, unverified: true, when: \"b\" in queryAll(\"tag\"), respond: {}}\n",
 "  - match: /\n     unverified: true\n    respond: {}\n",
 "  - match: /\n    unverified: true\n     respond: {}\n",
 "  - match: /\n    unverified: true\n    script:\n    command: [/bin/true]\n",
 "  - match: /\n    unverified: true\n    forward:\n    to: http://127.0.0.1\n",
 "  - match: /\n    unverified: true\n    respond:\n       status: 200\n        body: x\n",
 "  - match: /\n    unverified: true\n    respond:\n       status: 200\n      body: x\n",
 "  - match: /\n   unverified: true\n    respond: {}\n",
 "  - match: /\n    verify: {scheme: github, secret: whsec_9f8e7d6c5b4a}\n    respond: {}\n",
 } {
  cfg, err := Parse("c.yaml", []byte(head+s))
  fmt.Printf("---\n%s", s)
  if err != nil { fmt.Println("  =>", err) } else { fmt.Printf("  => OK when=%q\n", cfg.Routes[0].When); cfg.Table.Close() }
 }
}
