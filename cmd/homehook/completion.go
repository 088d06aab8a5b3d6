package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd is "homehook completion".
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish,powershell" help:"The shell: ${enum}."`
}

// Help shows how each shell takes it.
func (*completionCmd) Help() string {
	return `Examples:

    homehook completion bash > ~/.local/share/bash-completion/completions/homehook
    homehook completion zsh > "${fpath[1]}/_homehook"
    homehook completion fish > ~/.config/fish/completions/homehook.fish
    homehook completion powershell >> $PROFILE`
}

// Run prints the script for a shell.
func (c *completionCmd) Run(a *app) error {
	k, err := newParser(&grammar{}, io.Discard, io.Discard, func(int) {})
	if err != nil {
		return err
	}
	places := completions(k.Model.Node, "")
	write := map[string]func([]place) string{
		"bash": bashScript, "zsh": zshScript, "fish": fishScript, "powershell": powershellScript,
	}[c.Shell]
	text := write(places)
	if a.json {
		return a.writeJSON(map[string]string{"shell": c.Shell, "script": text})
	}
	_, err = io.WriteString(a.out, text)
	return err
}

// place is one point of the command line and the words that may follow there.
type place struct {
	path    string // verbs so far, " relay add"; empty at the start
	words   []word
	choices []choice
}

// choice is a flag that takes one of a few values.
type choice struct {
	flag   string
	values []string
}

// word is a verb, a flag or a value, and what it means.
type word struct{ text, help string }

// completions lists node and all below it.
func completions(node *kong.Node, path string) []place {
	here := place{path: path}
	var below []place
	for _, child := range node.Children {
		if child.Hidden {
			continue // verbs that this program calls itself
		}
		here.words = append(here.words, word{child.Name, child.Help})
		below = append(below, completions(child, path+" "+child.Name)...)
	}
	for _, p := range node.Positional {
		for _, v := range values(p) {
			here.words = append(here.words, word{v, p.Help})
		}
	}
	for _, flags := range node.AllFlags(true) {
		for _, f := range flags {
			here.words = append(here.words, word{"--" + f.Name, f.Help})
			known := values(f.Value)
			if len(known) > 0 {
				here.choices = append(here.choices, choice{"--" + f.Name, known})
			}
			for _, v := range known {
				here.words = append(here.words, word{"--" + f.Name + "=" + v, f.Help})
			}
		}
	}
	return append([]place{here}, below...)
}

// values lists what a flag or an argument may be, if that is known.
func values(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return slices.DeleteFunc(strings.Split(v.Enum, ","), func(s string) bool { return s == "" })
}

// verbs are the paths of all places but the start.
func verbs(places []place) []string {
	var all []string
	for _, p := range places[1:] {
		all = append(all, p.path)
	}
	return all
}

// shellQuote quotes s for bash and zsh.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// shellQuoteAll makes the alternatives of a case of a shell.
func shellQuoteAll(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = shellQuote(s)
	}
	return strings.Join(quoted, "|")
}

// texts are the words of a place without their meaning, and without those that
// join a flag and its value.
func (p place) texts() string {
	var all []string
	for _, w := range p.words {
		if !strings.Contains(w.text, "=") {
			all = append(all, w.text)
		}
	}
	return strings.Join(all, " ")
}

// firstSentence is the part of a help text that fits beside a word.
func firstSentence(help string) string {
	s, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(s, ".")
}

// bashScript completes words, which bash also splits at "=".
func bashScript(places []place) string {
	var b strings.Builder
	b.WriteString("# bash completion for homehook\n_homehook() {\n" +
		"  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= words= w\n" +
		"  if [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n" +
		"  if [ \"$cur\" = = ]; then cur=; fi\n" +
		"  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n" +
		"    case \"$path $w\" in\n      " + shellQuoteAll(verbs(places)) + ") path+=\" $w\" ;;\n    esac\n  done\n" +
		"  case \"$path\" in\n")
	for _, p := range places {
		fmt.Fprintf(&b, "    %s) words=%s ;;\n", shellQuote(p.path), shellQuote(p.texts()))
	}
	b.WriteString("  esac\n  case \"$path $prev\" in\n")
	for _, p := range places {
		for _, c := range p.choices {
			fmt.Fprintf(&b, "    %s) words=%s ;;\n", shellQuote(p.path+" "+c.flag), shellQuote(strings.Join(c.values, " ")))
		}
	}
	b.WriteString("  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n" +
		"complete -o default -F _homehook homehook\n")
	return b.String()
}

// zshScript shows what each word means. It works as a file in fpath, which zsh
// calls as a function, and when it is sourced.
func zshScript(places []place) string {
	var b strings.Builder
	b.WriteString("#compdef homehook\n# zsh completion for homehook\n_homehook() {\n" +
		"  local path_= w\n  local -a words_\n" +
		"  for w in \"${(@)words[2,CURRENT-1]}\"; do\n" +
		"    case \"$path_ $w\" in\n      " + shellQuoteAll(verbs(places)) + ") path_+=\" $w\" ;;\n    esac\n  done\n" +
		"  case \"$path_\" in\n")
	for _, p := range places {
		fmt.Fprintf(&b, "    %s) words_=(\n", shellQuote(p.path))
		for _, w := range p.words {
			fmt.Fprintf(&b, "      %s\n", shellQuote(strings.ReplaceAll(w.text, ":", `\:`)+":"+firstSentence(w.help)))
		}
		b.WriteString("    ) ;;\n")
	}
	b.WriteString("  esac\n  _describe homehook words_ || _files\n}\n" +
		"if [ \"$funcstack[1]\" = _homehook ]; then _homehook \"$@\"; else compdef _homehook homehook; fi\n")
	return b.String()
}

// fishQuote quotes s for fish.
func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// fishScript lists one word a line, each with the verbs it goes with.
func fishScript(places []place) string {
	var b strings.Builder
	b.WriteString("# fish completion for homehook\nfunction __homehook_at\n" +
		"  set -l path ''\n  for w in (commandline -opc)[2..-1]\n" +
		"    if contains -- \"$path $w\"")
	for _, v := range verbs(places) {
		b.WriteString(" " + fishQuote(v))
	}
	b.WriteString("\n      set path \"$path $w\"\n    end\n  end\n  test \"$path\" = \"$argv[1]\"\nend\n")
	for _, p := range places {
		for _, w := range p.words {
			fmt.Fprintf(&b, "complete -c homehook -n %s -a %s -d %s\n",
				fishQuote("__homehook_at "+fishQuote(p.path)), fishQuote(w.text), fishQuote(firstSentence(w.help)))
		}
	}
	return b.String()
}

// powershellQuote quotes s for PowerShell.
func powershellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// powershellScript keeps the words in a table by the verbs before them.
func powershellScript(places []place) string {
	var b strings.Builder
	b.WriteString("# PowerShell completion for homehook\n" +
		"Register-ArgumentCompleter -Native -CommandName homehook -ScriptBlock {\n" +
		"  param($wordToComplete, $commandAst, $cursorPosition)\n  $places = @{\n")
	for _, p := range places {
		fmt.Fprintf(&b, "    %s = @(\n", powershellQuote(p.path))
		for _, w := range p.words {
			fmt.Fprintf(&b, "      ,@(%s, %s)\n", powershellQuote(w.text), powershellQuote(firstSentence(w.help)))
		}
		b.WriteString("    )\n")
	}
	b.WriteString("  }\n  $path = ''\n" +
		"  foreach ($e in $commandAst.CommandElements | Select-Object -Skip 1) {\n" +
		"    if ($e.Extent.EndOffset -lt $cursorPosition -and $places.ContainsKey(\"$path $e\")) { $path = \"$path $e\" }\n  }\n" +
		"  foreach ($w in $places[$path]) {\n    if ($w[0] -like \"$wordToComplete*\") {\n" +
		"      [System.Management.Automation.CompletionResult]::new($w[0], $w[0], 'ParameterValue', $w[1])\n    }\n  }\n}\n")
	return b.String()
}
