package export

// The objects of an HTTP Archive 1.2. Names that begin with an underscore are
// ours, as the format allows.

type harCreator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type harEntry struct {
	Started  string      `json:"startedDateTime"` // ISO 8601
	Time     float64     `json:"time"`            // milliseconds: the sum of the timings
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
	Comment  string      `json:"comment,omitempty"`

	ID     string `json:"_id"`
	Claim  string `json:"_claim"`
	Route  string `json:"_route"`
	State  string `json:"_state"`
	Remote string `json:"_remote"` // the sender's address
	// SenderStatus is what the sender got, which need not be what a handler
	// answered; 0 is nothing yet.
	SenderStatus int  `json:"_sender_status"`
	Redacted     bool `json:"_redacted"`
}

type harRequest struct {
	Method      string      `json:"method"`
	URL         string      `json:"url"`
	Version     string      `json:"httpVersion"`
	Cookies     []harCookie `json:"cookies"`
	Headers     []harPair   `json:"headers"`
	Query       []harPair   `json:"queryString"`
	Post        *harPost    `json:"postData,omitempty"`
	HeadersSize int64       `json:"headersSize"`
	BodySize    int64       `json:"bodySize"`
}

type harResponse struct {
	Status      int         `json:"status"` // that a handler answered; 0 is none
	StatusText  string      `json:"statusText"`
	Version     string      `json:"httpVersion"`
	Cookies     []harCookie `json:"cookies"`
	Headers     []harPair   `json:"headers"`
	Content     harContent  `json:"content"`
	Redirect    string      `json:"redirectURL"`
	HeadersSize int64       `json:"headersSize"`
	BodySize    int64       `json:"bodySize"`
	Comment     string      `json:"comment,omitempty"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harCookie struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	Path     string `json:"path,omitempty"`
	Domain   string `json:"domain,omitempty"`
	Expires  string `json:"expires,omitempty"`
	HTTPOnly bool   `json:"httpOnly,omitempty"`
	Secure   bool   `json:"secure,omitempty"`
}

type harPost struct {
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
	Encoding string `json:"_encoding,omitempty"` // "base64" for what is no text
	Comment  string `json:"comment,omitempty"`
}

type harContent struct {
	Size     int64  `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

// harTimings are in milliseconds. What the history knows is the whole time.
type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}
