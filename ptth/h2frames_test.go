package ptth

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
)

func frameOf(kind, flags byte, stream uint32, payload string) string {
	n := len(payload)
	b := []byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}
	return string(binary.BigEndian.AppendUint32(b, stream)) + payload
}

// TestFrames feeds the same frames in pieces of every size.
func TestFrames(t *testing.T) {
	long := make([]byte, 1000)
	input := "preface" + frameOf(frameSettings, 0, 0, "\x00\x03\x00\x00\x00\x09") + frameOf(frameSettings, flagAck, 0, "") +
		frameOf(frameHeaders, 4, 1, "block") + frameOf(0, 0, 1, string(long)) + frameOf(frameSettings, 0, 0, string(long)) +
		frameOf(frameGoAway, 0, 1<<31, "\x00\x00\x00\x01\x00\x00\x00\x00bye") + frameOf(frameReset, 0, 1, "\x00\x00\x00\x08")
	want := []string{
		"4 0 0 000300000009", "4 1 0 ", "1 4 1 ", "0 0 1 ", fmt.Sprintf("4 0 0 %x", long[:payloadKept]),
		"7 0 0 0000000100000000627965", "3 0 1 00000008",
	}
	for size := 1; size <= len(input); size++ {
		var got []string
		f := frames{skip: len("preface"), see: func(kind, flags byte, stream uint32, payload []byte) {
			got = append(got, fmt.Sprintf("%d %d %d %x", kind, flags, stream, payload))
		}}
		for chunk := range slices.Chunk([]byte(input), size) {
			f.feed(chunk)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("in pieces of %d: got %q, want %q", size, got, want)
		}
	}
}

func TestStreamLimit(t *testing.T) {
	tests := []struct {
		payload string
		want    uint32
		found   bool
	}{
		{"", 0, false},
		{"\x00\x04\x00\x00\xff\xff", 0, false},
		{"\x00\x04\x00\x00\xff\xff\x00\x03\x00\x00\x00\x20", 32, true},
		{"\x00\x03\x00\x00\x00\x20\x00\x03\x00\x00\x00\x10", 16, true},
		{"\x00\x03\x00\x00", 0, false},
		{"\x00\x03\xff\xff\xff\xff", 1<<32 - 1, true},
	}
	for _, tt := range tests {
		if got, found := streamLimit([]byte(tt.payload)); got != tt.want || found != tt.found {
			t.Errorf("%x: got %d, %t", tt.payload, got, found)
		}
	}
}

// FuzzFrames makes sure that pieces do not matter, and that no input does harm.
func FuzzFrames(f *testing.F) {
	f.Add([]byte(frameOf(frameSettings, 0, 0, "\x00\x03\x00\x00\x00\x09")+frameOf(frameGoAway, 0, 0, "12345678")), 3)
	f.Add([]byte("\xff\xff\xff\x07\xff\xff\xff\xff\xff123"), 1)
	f.Fuzz(func(t *testing.T, input []byte, size int) {
		var whole, parts []string
		note := func(list *[]string) func(byte, byte, uint32, []byte) {
			return func(kind, flags byte, stream uint32, payload []byte) {
				if len(payload) > payloadKept {
					t.Fatalf("kept %d bytes", len(payload))
				}
				*list = append(*list, fmt.Sprintf("%d %d %d %x", kind, flags, stream, payload))
				c := newH2Conn(nil, nil)
				c.received(kind, flags, stream, payload)
				c.sent(kind, flags, stream, payload)
			}
		}
		one := frames{see: note(&whole)}
		one.feed(input)
		other := frames{see: note(&parts)}
		for chunk := range slices.Chunk(input, max(1, size%64)) {
			other.feed(chunk)
		}
		if !slices.Equal(whole, parts) {
			t.Fatalf("whole %q, in parts %q", whole, parts)
		}
	})
}
