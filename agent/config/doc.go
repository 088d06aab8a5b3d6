// Package config is the agent's configuration file: it loads, checks, edits
// and watches one YAML file.
//
// Loading is strict and reports everything at once. An unknown or repeated
// key, a value of the wrong kind, a claim that names no relay: each becomes a
// [Problem] with file, line and column, a sentence that says what is wrong and,
// where there is one, the remedy. A file either gives a complete, checked
// [Config] or a list of problems, never half of each.
//
// Editing changes the lines it must and no others, so comments, order and
// layout of a file written by hand survive. The result is checked before it
// replaces the old file. [Look] and [Make] are for programs that show a file, and
// change it as people fill in forms: a file that does not load is shown too, and a
// change that does not is told and not written.
//
// The package holds no secret: a relay's token is named here and kept by the
// agent's credential store. It does not run routes either, it only has them
// compiled. The agent loads and watches; the command line and the agent's
// control API edit.
package config
