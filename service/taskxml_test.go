package service

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf16"
)

// taskShape is what a task has to say, wherever it stands.
type taskShape struct {
	Source  string `xml:"RegistrationInfo>Source"`
	Trigger string `xml:"Triggers>LogonTrigger>UserId"`
	User    string `xml:"Principals>Principal>UserId"`
	Level   string `xml:"Principals>Principal>RunLevel"`
	Limit   string `xml:"Settings>ExecutionTimeLimit"`
	Battery string `xml:"Settings>DisallowStartIfOnBatteries"`
	Many    string `xml:"Settings>MultipleInstancesPolicy"`
	Command string `xml:"Actions>Exec>Command"`
	Args    string `xml:"Actions>Exec>Arguments"`
}

func TestTaskXML(t *testing.T) {
	program := `C:\Users\A & B's <new>\homehook.exe`
	text, mark := taskXML(program, "S-1-5-21-7")
	var got taskShape
	if err := xml.Unmarshal([]byte(strings.Replace(text, `encoding="UTF-16"`, "", 1)), &got); err != nil {
		t.Fatal(err)
	}
	want := taskShape{
		Source: "Homehook " + mark, Trigger: "S-1-5-21-7", User: "S-1-5-21-7", Level: "LeastPrivilege",
		Limit: "PT0S", Battery: "false", Many: "IgnoreNew", Command: program, Args: "run --service --supervise",
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if strings.Contains(text, "@") {
		t.Error("a name was not filled in")
	}
	if taskDisabled(text) {
		t.Error("it counts as disabled")
	}
	if got := taskCommand(text); got != program {
		t.Errorf("its command is %q", got)
	}
}

// TestTaskMark holds that tasks with different words have different marks, and
// the same have the same.
func TestTaskMark(t *testing.T) {
	_, one := taskXML("a", "b")
	if _, again := taskXML("a", "b"); again != one || len(one) != 32 {
		t.Errorf("marks are %q and %q", one, again)
	}
	for _, other := range [][2]string{{"c", "b"}, {"a", "c"}} {
		if _, mark := taskXML(other[0], other[1]); mark == one {
			t.Errorf("%v has the same mark", other)
		}
	}
}

func TestTaskOfScheduler(t *testing.T) {
	tests := []struct {
		name, text string
		disabled   bool
		command    string
	}{
		{"nothing", "", false, ""},
		{"disabled", "<Task>\r\n<Settings>\r\n<Enabled>false</Enabled>", true, ""},
		{"quoted", `<Command>"C:\Program Files\homehook.exe"</Command>`, false, `C:\Program Files\homehook.exe`},
		{"cut", `<Command>C:\x`, false, ""},
		{"no XML", `<Command>C:\a&b</Command>`, false, `C:\a&b`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := taskDisabled(tt.text); got != tt.disabled {
				t.Errorf("disabled is %v", got)
			}
			if got := taskCommand(tt.text); got != tt.command {
				t.Errorf("command is %q, want %q", got, tt.command)
			}
		})
	}
}

func TestUTF16File(t *testing.T) {
	data := utf16File("ä\n😀")
	units := make([]uint16, len(data)/2)
	if err := binary.Read(bytes.NewReader(data), binary.LittleEndian, units); err != nil {
		t.Fatal(err)
	}
	if got := string(utf16.Decode(units)); got != "\ufeffä\r\n😀" {
		t.Errorf("got %q", got)
	}
}
