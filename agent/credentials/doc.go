// Package credentials keeps the agent's secrets: relay tokens and webhook
// signing secrets, each under a name that the configuration may mention.
//
// They are sealed in one file, each by itself, under a root key that is elsewhere:
// in the keyring of the operating system, with systemd, in a passphrase, or in a
// file beside it where there is nothing better. A [Store] may be open in several
// processes at once, as where the command line sets a token while the agent runs: a
// change is written whole or not at all, and the others see it at their next Get.
// What others could read or change is refused with the way to repair it, not used
// with a warning; what is spoiled is named, and leaves the rest readable.
//
// A value leaves the package only by [Store.Get] and [Store.All]. It is in no
// error, no log line and no listing; those have a name and a fingerprint. Nothing
// here protects secrets from the user's own programs or from root.
package credentials
