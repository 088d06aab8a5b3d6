// Package imports reads the configuration of other webhook tools and makes
// routes of it: hooks files of adnanh/webhook, a smee-client command line, and
// gosmee's configuration file.
//
// It gives a [Report]: what each hook becomes, and in which of its behaviours
// Homehook is different. Nothing is left out silently. A command line that a
// shell reads comes switched off, for a person to approve; what has no
// counterpart is refused with the reason. Secrets are taken out of what is
// imported, for the credential store; the routes only name them.
//
// The package evaluates nothing that it reads: no template, no command. It
// writes nothing either but through [Report.Write]. The command line calls it.
package imports
