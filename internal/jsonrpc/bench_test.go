package jsonrpc

import "testing"

// toolsCall is a tools/call of about 150 bytes, as clients write it.
const toolsCall = `{"jsonrpc":"2.0","id":12345,"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello, wide world of tools and calls"},"_meta":{"k":1}}}`

var (
	sinkMessage Message
	sinkError   *Error
	sinkBytes   []byte
)

func BenchmarkScanToolsCall(b *testing.B) {
	text := []byte(toolsCall)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		sinkMessage, sinkError = Scan(text, Limits{})
	}
	if sinkError != nil {
		b.Fatal(sinkError)
	}
}
