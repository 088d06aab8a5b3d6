package history

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// A cursor stands for the seq of the last delivery seen. Its text is base64url
// of a version byte and the seq, and nobody but this package should read it.
const (
	cursorVersion = 1
	cursorSize    = 9
)

func encodeCursor(seq int64) string {
	raw := binary.BigEndian.AppendUint64([]byte{cursorVersion}, uint64(seq))
	return base64.RawURLEncoding.EncodeToString(raw)
}

func decodeCursor(s string) (int64, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != cursorSize || raw[0] != cursorVersion {
		return 0, fmt.Errorf("%w: cursor %.40q is not one that a listing gave; begin without a cursor", ErrQuery, s)
	}
	seq := int64(binary.BigEndian.Uint64(raw[1:]))
	if seq < 0 || encodeCursor(seq) != s { // the decoder skips line ends
		return 0, fmt.Errorf("%w: cursor %.40q points nowhere; begin without a cursor", ErrQuery, s)
	}
	return seq, nil
}
