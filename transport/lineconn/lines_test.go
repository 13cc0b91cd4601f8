package lineconn

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
)

// FuzzLines compares the reader of lines with a split of the whole stream.
func FuzzLines(f *testing.F) {
	f.Add([]byte("{1}\n\r\n{2}\r\n \t\n" + "0123456789012345678901234567890123456789\nend"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		const most = 30
		var want []string
		for line := range bytes.SplitSeq(stream, []byte{'\n'}) {
			line = bytes.TrimSuffix(line, []byte{'\r'})
			switch {
			case len(line) > most:
				want = append(want, "too long")
			case len(bytes.TrimSpace(line)) > 0:
				want = append(want, string(line))
			}
		}
		var got []string
		l := lines{r: bufio.NewReaderSize(bytes.NewReader(stream), 16), most: most}
		for {
			text, err := l.next()
			if errors.Is(err, errTooLong) {
				got = append(got, "too long")
				_ = l.skip()
				continue
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Fatalf("got error %v", err)
				}
				break
			}
			got = append(got, string(text))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: got %q, want %q", stream, got, want)
		}
	})
}
