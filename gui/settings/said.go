package settings

import (
	"strings"

	"homehook/gui/look"
)

// The agent's findings are in English. What they say when all is well, and how their
// remedies begin, is fixed, so it can be said in the language of the user.

// said is a text of a finding.
func said(text string) string {
	switch text {
	case "it has the root key of the credentials, and is open":
		return look.T("it has the root key of the credentials, and is open")
	case "the configuration names none":
		return look.T("the configuration names none")
	case "the folders of state and control socket are this user's alone":
		return look.T("the folders of state and control socket are this user's alone")
	case "no route notifies on the desktop":
		return look.T("no route notifies on the desktop")
	case "the desktop app shows them":
		return look.T("the desktop app shows them")
	case "this session has a service that shows them":
		return look.T("this session has a service that shows them")
	case "none is used: neither the configuration nor the environment of this program names one for a relay":
		return look.T("none is used: neither the configuration nor the environment of this program names one for a relay")
	case "no route runs one":
		return look.T("no route runs one")
	case "none was sent, as you asked for it":
		return look.T("none was sent, as you asked for it")
	case "none was sent: nothing is claimed":
		return look.T("none was sent: nothing is claimed")
	case "the configuration is not valid":
		return look.T("the configuration is not valid")
	case "there is no relay to compare it with":
		return look.T("there is no relay to compare it with")
	case "no relay says what time it is there":
		return look.T("no relay says what time it is there")
	case "no credential is stored yet":
		return look.T("no credential is stored yet")
	case "none is configured":
		return look.T("none is configured")
	case "embedded, so it runs while the agent does":
		return look.T("embedded, so it runs while the agent does")
	case "the clocks agree":
		return look.T("the clocks agree")
	case "the token is accepted":
		return look.T("the token is accepted")
	case "the agent goes on with the configuration before that":
		return look.T("the agent goes on with the configuration before that")
	case "nothing is claimed, so nothing can come in":
		return look.T("nothing is claimed, so nothing can come in")
	}
	return text
}

// remedyWords is a remedy: a few words, and often a command behind a colon.
func remedyWords(remedy string) string {
	begin, command, ok := strings.Cut(remedy, ": ")
	if !ok {
		return remedy
	}
	return begun(begin) + ": " + command
}

func begun(begin string) string {
	switch begin {
	case "run":
		return look.T("run")
	case "set it":
		return look.T("set it")
	case "see why":
		return look.T("see why")
	case "see each step":
		return look.T("see each step")
	case "start it with":
		return look.T("start it with")
	case "look at it, then run":
		return look.T("look at it, then run")
	case "end the pause with":
		return look.T("end the pause with")
	case "claim a name":
		return look.T("claim a name")
	case "claim another name":
		return look.T("claim another name")
	case "run as root":
		return look.T("run as root")
	case "see which ones there are":
		return look.T("see which ones there are")
	case "unlock the keyring, then set it":
		return look.T("unlock the keyring, then set it")
	case "begin with":
		return look.T("begin with")
	}
	return begin
}
