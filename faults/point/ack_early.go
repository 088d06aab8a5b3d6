//go:build ackearly

package point

const ackEarly = true
