package service

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"strings"
	"unicode/utf16"
)

// taskTemplate describes the task of a user's agent to the task scheduler of
// Windows.
//
//go:embed templates/task.xml
var taskTemplate string

// taskArguments are what a task runs the program with. The scheduler starts no
// program again that has ended in error, so one of ours does.
const taskArguments = "run --service --supervise"

// taskXML is the task that runs program as the user with a security identifier.
// The scheduler keeps it in words of its own, so it has a mark to know it by.
func taskXML(program, user string) (text, mark string) {
	fill := func(digest string) string {
		return strings.NewReplacer(
			"@DIGEST@", digest, "@USER@", escapeXML(user),
			"@PROGRAM@", escapeXML(program), "@ARGUMENTS@", escapeXML(taskArguments),
		).Replace(taskTemplate)
	}
	sum := sha256.Sum256([]byte(fill("")))
	mark = hex.EncodeToString(sum[:16])
	return fill(mark), mark
}

// escapeXML is s as text of a document.
func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a builder takes everything
	return b.String()
}

// utf16File is the content of a file with text as the scheduler reads it.
func utf16File(text string) []byte {
	var b bytes.Buffer
	units := utf16.Encode([]rune("\ufeff" + strings.ReplaceAll(text, "\n", "\r\n")))
	_ = binary.Write(&b, binary.LittleEndian, units) // a buffer takes everything
	return b.Bytes()
}

// taskDisabled says whether a task, as the scheduler prints it, is kept from
// starting: the task as a whole, or its trigger.
func taskDisabled(text string) bool {
	return strings.Contains(text, "<Enabled>false</Enabled>")
}

// taskCommand is the program of a task as the scheduler prints it; "" if it is
// not found.
func taskCommand(text string) string {
	_, rest, ok := strings.Cut(text, "<Command>")
	value, _, closed := strings.Cut(rest, "</Command>")
	if !ok || !closed {
		return ""
	}
	var command string
	if err := xml.Unmarshal([]byte("<v>"+value+"</v>"), &command); err != nil {
		return value
	}
	return strings.Trim(command, `"`)
}
