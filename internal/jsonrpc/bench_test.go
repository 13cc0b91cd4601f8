package jsonrpc

import (
	"strings"
	"testing"
)

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

// BenchmarkScanLongText is dominated by one string: a file or an answer of a model as an argument.
func BenchmarkScanLongText(b *testing.B) {
	text := []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":"` +
		strings.Repeat("a line of text, as long as such lines are\\n", 1500) + `"}}}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		sinkMessage, sinkError = Scan(text, Limits{})
	}
}

// BenchmarkScanWide is the worst case of the search for names that occur twice.
func BenchmarkScanWide(b *testing.B) {
	text := []byte(`{"jsonrpc":"2.0","method":"m","params":` + wide(9999, "") + `}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		sinkMessage, sinkError = Scan(text, Limits{})
	}
	if sinkError != nil {
		b.Fatal(sinkError)
	}
}

func BenchmarkFields(b *testing.B) {
	m, err := Scan([]byte(toolsCall), Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, raw := range Fields(m.Params) {
			sinkBytes = raw
		}
	}
}

func BenchmarkAppendResult(b *testing.B) {
	result := []byte(`{"content":[{"type":"text","text":"hello"}]}`)
	b.ReportAllocs()
	for b.Loop() {
		sinkBytes = AppendResult(sinkBytes[:0], "12345", result)
	}
}

func BenchmarkAppendString(b *testing.B) {
	text := strings.Repeat("a line of text, as long as such lines are\n", 25)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		sinkBytes = AppendString(sinkBytes[:0], text)
	}
}
