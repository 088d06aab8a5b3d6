package service

import (
	_ "embed"
	"strings"
)

// The units of the agent. The packages of a distribution ship the same ones.
var (
	//go:embed templates/systemd-user.service
	userUnit string
	//go:embed templates/systemd-system.service
	systemUnit string
)

// unit is the text of the unit that runs o. environment are variables that a
// user's own paths come from, as NAME=VALUE.
func unit(o Options, environment []string) string {
	var lines []string
	for _, v := range environment {
		lines = append(lines, "Environment="+unitWord(v))
	}
	homes := ""
	if o.Account == "" {
		homes = "ProtectHome=yes"
	}
	text := userUnit
	if o.Scope == System {
		text = systemUnit
	}
	text = withLine(text, "@ENVIRONMENT@", strings.Join(lines, "\n"))
	text = withLine(text, "@HOMES@", homes)
	return strings.NewReplacer(
		"@PROGRAM@", unitWord(o.Program),
		"@ACCOUNT@", o.account(),
	).Replace(text)
}

// unitWord is a word of a setting of a unit: what looks like a specifier, a
// variable or an escape is none.
func unitWord(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "\n", `\n`, "\t", `\t`).Replace(s)
	if strings.ContainsAny(s, " '\"\\;#") || strings.Contains(s, "\t") {
		return `"` + s + `"`
	}
	return s
}
