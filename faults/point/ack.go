//go:build !ackearly

package point

const ackEarly = false
