package jsonrpc

import (
	"fmt"
	"strings"
	"testing"
)

// wide is an object of n members whose values alternate between numbers and inner.
func wide(n int, inner string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		value := "0"
		if i%2 == 1 && inner != "" {
			value = inner
		}
		fmt.Fprintf(&b, `"k%d":%s`, i, value)
	}
	return b.String() + "}"
}

func TestNamesMayRecurInOtherObjects(t *testing.T) {
	for _, size := range []int{1, linearNames, linearNames + 1, 200} {
		inner := wide(size, wide(linearNames+3, "{}"))
		text := `{"jsonrpc":"2.0","method":"m","params":` + wide(size, inner) + `}`
		if _, err := Scan([]byte(text), Limits{}); err != nil {
			t.Errorf("size %d: got %v, want a message", size, err)
		}
	}
}

func TestNameTwiceIsFoundAtAnyDistance(t *testing.T) {
	for _, size := range []int{2, linearNames, linearNames + 1, linearNames + 2, 64, 500} {
		for _, at := range []int{0, size / 2, size - 1} {
			object := wide(size, wide(linearNames+5, ""))
			twice := strings.TrimSuffix(object, "}") + fmt.Sprintf(`,"\u006b%d":1}`, at)
			text := `{"jsonrpc":"2.0","method":"m","params":` + twice + `}`
			if _, err := Scan([]byte(text), Limits{}); err == nil || !strings.Contains(err.Message, "twice") {
				t.Errorf("size %d, k%d twice: got %v, want an error", size, at, err)
			}
		}
	}
}

func TestSetsComeBackEmpty(t *testing.T) {
	half := []byte(`{"jsonrpc":"2.0","params":` + strings.TrimSuffix(wide(300, ""), "}"))
	whole := []byte(`{"jsonrpc":"2.0","method":"m","params":` + wide(300, "") + "}")
	for range 10 {
		if _, err := Scan(half, Limits{}); err == nil {
			t.Fatal("got a message, want an error")
		}
		if _, err := Scan(whole, Limits{}); err != nil {
			t.Fatalf("got %v, want a message", err)
		}
	}
}
