package jsonrpc

import "strconv"

// ID is the raw JSON text of an id: an integer or a string with its quotes, such as 1 or "a". The empty ID
// means that there is none. "null" occurs only in an error response that the peer could not attribute. IDs
// are compared byte by byte: 1 and "1" differ.
type ID string

// Null is the id of an error response that belongs to no request.
const Null ID = "null"

// Kind says what a message is.
type Kind uint8

const (
	Request      Kind = iota // method and id
	Notification             // method without id
	Result                   // response with a result
	Failure                  // response with an error
)

var kindNames = [...]string{"request", "notification", "result", "failure"}

// String is the name of k in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Message is one valid envelope. The byte slices alias the scanned text; the strings do not.
type Message struct {
	Kind   Kind
	ID     ID     // empty in a notification
	Method string // decoded; empty in responses
	Params []byte // nil if absent, else an object or an array
	Result []byte // any value; set in a Result only
	Error  []byte // an object; set in a Failure only
}

// Limits bounds one text. The zero value of a field means its default.
type Limits struct {
	Depth       int // nesting of objects and arrays, the outermost counted; default 128
	IDBytes     int // raw id with its quotes; default 256
	MethodBytes int // decoded method; default 128
	Members     int // members of one object; default 10,000
}

func (l Limits) withDefaults() Limits {
	if l.Depth == 0 {
		l.Depth = 128
	}
	if l.IDBytes == 0 {
		l.IDBytes = 256
	}
	if l.MethodBytes == 0 {
		l.MethodBytes = 128
	}
	if l.Members == 0 {
		l.Members = 10_000
	}
	return l
}

// Error codes of JSON-RPC 2.0, section 5.1.
const (
	CodeParse          = -32700
	CodeInvalidRequest = -32600
	CodeMethodNotFound = -32601
	CodeInvalidParams  = -32602
	CodeInternal       = -32603
)

// Error is why a text is refused, and what an error response carries.
type Error struct {
	Code    int
	Message string
	Data    []byte // encoded JSON; nil if there is none
	// ID is the id of the refused request where it could be read, else empty. It stays empty for a text
	// that is not JSON and for a response, whose id names a request of ours.
	ID ID
	// Bound is the bound that the text exceeds, if that is why.
	Bound Bound
}

// Bound is a configured bound of a text.
type Bound uint8

const (
	NoBound    Bound = iota
	DepthBound       // Limits.Depth
	BatchBound       // the messages of a batch
)

func (e *Error) Error() string {
	return "jsonrpc: " + strconv.Itoa(e.Code) + ": " + e.Message
}

// Entry is one element of a batch: exactly one of Message and Err counts, Err if it is not nil.
type Entry struct {
	Message Message
	Err     *Error
}
