package streamable

import (
	"net/netip"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/erlmcp/erlmcp/transport"
)

// BenchmarkParkedStream reports what an open GET stream costs the process. The clients are bare
// descriptors, so that all that is measured is ours.
func BenchmarkParkedStream(b *testing.B) {
	const streams = 2000
	for b.Loop() {
		var accepted sync.WaitGroup
		addr := listen(b, &owner{accept: func(transport.Conn) error { accepted.Done(); return nil }}, Options{})
		at := netip.MustParseAddrPort(addr)
		head := []byte(streamRequest(addr, "Mcp-Session-Id: 0123456789abcdef0123456789abcdef"))
		before := memory()
		fds := make([]int, 0, streams)
		accepted.Add(streams)
		for range streams {
			fds = append(fds, openStream(b, at, head))
		}
		accepted.Wait()
		after := memory()
		b.ReportMetric(float64(after.heap-before.heap)/streams, "heap-B/stream")
		b.ReportMetric(float64(after.stacks-before.stacks)/streams, "stack-B/stream")
		b.ReportMetric(float64(after.goroutines-before.goroutines)/streams, "goroutines/stream")
		for _, fd := range fds {
			unix.Close(fd)
		}
	}
}

// openStream connects, asks for a stream and reads the head of the answer.
func openStream(b *testing.B, at netip.AddrPort, head []byte) int {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()}); err != nil {
		b.Fatal(err)
	}
	if _, err := unix.Write(fd, head); err != nil {
		b.Fatal(err)
	}
	if n, err := unix.Read(fd, make([]byte, 512)); n <= 0 || err != nil {
		b.Fatalf("got %d bytes, %v", n, err)
	}
	return fd
}

type usage struct{ heap, stacks, goroutines int }

func memory() usage {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{int(m.HeapAlloc), int(m.StackInuse), runtime.NumGoroutine()}
}
