package poll

import (
	"golang.org/x/sys/unix"

	"github.com/erlmcp/erlmcp/transport"
)

// Traffic is what the kernel has counted on the socket, which costs nothing until it is asked for. It is false
// without a socket, and where the kernel does not count (before Linux 4.19, and for sockets that are not TCP).
func (d *Desc) Traffic() (transport.Traffic, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != open && d.state != draining {
		return transport.Traffic{}, false
	}
	i, err := unix.GetsockoptTCPInfo(int(d.fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil || i.Bytes_sent == 0 && i.Bytes_received == 0 {
		return transport.Traffic{}, false
	}
	return transport.Traffic{
		ReceivedBytes: i.Bytes_received, SentBytes: i.Bytes_sent,
		ReceivedPackets: uint64(i.Data_segs_in), SentPackets: uint64(i.Data_segs_out),
	}, true
}
