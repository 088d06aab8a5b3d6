package main

import (
	"errors"
	"fmt"
	"strings"

	"homehook/agent/config"
	"homehook/agent/credentials"
)

// given checks what the command line says about a relay or a claim before the
// file comes into it, so that wrong usage is told from a file that does not
// allow the change. text is a configuration with nothing else in it.
func given(text string) error {
	cfg, err := config.Parse("", []byte(text))
	if err == nil {
		cfg.Table.Close()
		return nil
	}
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		return err
	}
	p := asFlags(problems)[0]
	return &failure{error: errors.New(p.Message), next: p.Remedy, code: exitUsage}
}

// checkRelay checks name, address, token and proxy of a relay. What else may be wrong
// with it is a matter of this machine and of the file.
func checkRelay(r config.Relay) error {
	if r.Token != "" {
		if err := checkCredential("--token", r.Token); err != nil {
			return err
		}
	}
	return given(fmt.Sprintf("relays: [{name: %s, url: %s, token: %s, proxy: %s, proxy_password: %s, plain: true}]",
		quoted(r.Name), quoted(r.URL), quoted(r.Token), quoted(r.Proxy), quoted(r.ProxyPassword)))
}

// checkClaim checks name, answer mode, sender and, if it has one, silence of a claim,
// on a relay that stands for any.
func checkClaim(c config.Claim, silence bool) error {
	text := fmt.Sprintf("name: %s, answer: %s, sender: %s", quoted(c.Name), quoted(c.Answer), quoted(c.Sender))
	if silence {
		text += fmt.Sprintf(", silence: %s", quoted(c.Silence.String()))
	}
	return given("relays: [{name: any, url: https://any.example}]\nclaims: [{" + text + "}]")
}

// checkCredential checks the name of a credential, given as what. The value is
// not repeated: it may be the secret itself, of which relay tokens are known by
// their beginning.
func checkCredential(what, name string) error {
	if strings.HasPrefix(name, "hh_") {
		return &failure{
			error: fmt.Errorf("%s is the name of a credential, but the value given begins with hh_, as relay tokens do", what),
			next:  "give a name such as relay/mine; the token itself comes from stdin, since other programs can read a command line",
			code:  exitUsage,
		}
	}
	if err := credentials.CheckName(name); err != nil {
		return misused("%w", err)
	}
	return nil
}

// flagRemedies says with which flags problems of an entry are put right that
// the command line makes. Other errors stay as they are.
func flagRemedies(err error) error {
	if problems, ok := errors.AsType[config.Problems](err); ok {
		return asFlags(problems)
	}
	return err
}

// asFlags puts flags where remedies name keys of the file. Problems with a
// place are in the file already, and are put right there.
func asFlags(problems config.Problems) config.Problems {
	out := make(config.Problems, len(problems))
	for i, p := range problems {
		if p.Line == 0 || p.File == "" {
			p.Remedy = strings.Replace(p.Remedy, "add plain: true if", "add --plain if", 1)
			p.Remedy = strings.Replace(p.Remedy, "add relay: and one of", "add --relay and one of", 1)
			p.Remedy = strings.Replace(p.Remedy, ", and write token: ", ", and add --token ", 1)
			p.Remedy = strings.Replace(p.Remedy, ", and write proxy_password: ", ", and add --proxy-password ", 1)
		}
		out[i] = p
	}
	return out
}
