package relay

// Keys of log attributes.
const (
	keyAddr       = "addr"
	keyBytes      = "bytes"
	keyClaim      = "claim"
	keyDelivery   = "delivery"
	keyDeliveries = "deliveries" // how many
	keyDuration   = "duration"
	keyError      = "error"
	keyLink       = "link"
	keyDialect    = "dialect"
	keyLinks      = "links"
	keyMethod     = "method"
	keyPath       = "path"
	keyStatus     = "status"
	keyToken      = "token" // its name
)
