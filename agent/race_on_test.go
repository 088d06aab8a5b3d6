//go:build race

package agent

// raceEnabled: everything takes many times as long.
const raceEnabled = true
