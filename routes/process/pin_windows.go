package process

import (
	"os"
	"time"
)

// fileState tells nothing here: the times of a file can be set, so it is read
// each time.
type fileState struct{}

func stateOf(path string) (fileState, time.Time, error) {
	_, err := os.Stat(path)
	return fileState{}, time.Now(), err
}
