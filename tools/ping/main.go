// Command ping sends ICMP echo requests without privileges, over the datagram sockets that Linux opens to the
// groups in net.ipv4.ping_group_range. The scratch image has it in place of busybox's, which wants a raw
// socket and with it a capability.
//
// Exit status: 0 there was an answer, 1 there was none, 2 it could not ask.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

func main() {
	count := flag.Int("c", 0, "stop after `n` requests; 0 goes on for ever")
	interval := flag.Float64("i", 1, "`seconds` between requests")
	wait := flag.Float64("W", 2, "`seconds` to wait for an answer")
	size := flag.Int("s", 56, "`bytes` of data, 0 to 65000")
	quiet := flag.Bool("q", false, "print the summary only")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: ping [-q] [-c n] [-i seconds] [-W seconds] [-s bytes] host")
		flag.PrintDefaults()
	}
	if err := flag.CommandLine.Parse(detach(os.Args[1:])); err != nil {
		os.Exit(2)
	}
	if flag.NArg() != 1 || *size < 0 || *size > 65000 || *interval < 0 || *wait <= 0 {
		flag.Usage()
		os.Exit(2)
	}
	p, err := dial(flag.Arg(0), *size)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ping:", err)
		os.Exit(2)
	}
	fmt.Printf("PING %s (%s): %d data bytes\n", flag.Arg(0), p.to.IP, *size)
	for n := 0; *count == 0 || n < *count; n++ {
		if n > 0 {
			time.Sleep(seconds(*interval))
		}
		took, err := p.once(uint16(n), seconds(*wait)) //nolint:gosec // the number wraps, as in every ping
		switch {
		case *quiet:
		case err != nil:
			fmt.Fprintf(os.Stderr, "ping: seq=%d: %v\n", n, err)
		default:
			fmt.Printf("%d bytes from %s: seq=%d time=%.3f ms\n", *size+8, p.to.IP, n, took.Seconds()*1000)
		}
	}
	fmt.Printf("\n--- %s ping statistics ---\n%d packets transmitted, %d packets received\n", flag.Arg(0), p.sent, p.got)
	if p.got == 0 {
		os.Exit(1)
	}
}

// detach splits options that carry their value, such as -c1.
func detach(args []string) []string {
	var out []string
	for _, a := range args {
		if len(a) > 2 && a[0] == '-' && strings.ContainsRune("ciWs", rune(a[1])) && a[2] != '=' {
			out = append(out, a[:2], a[2:])
			continue
		}
		out = append(out, a)
	}
	return out
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// pinger has a socket for one peer.
type pinger struct {
	conn      net.PacketConn
	to        *net.UDPAddr
	request   []byte
	reply     byte // ICMP type of the answer
	sent, got int
}

func dial(host string, size int) (*pinger, error) {
	addr, err := net.ResolveIPAddr("ip", host)
	if err != nil {
		return nil, err
	}
	family, protocol, request, reply := syscall.AF_INET, syscall.IPPROTO_ICMP, byte(8), byte(0)
	if addr.IP.To4() == nil {
		family, protocol, request, reply = syscall.AF_INET6, syscall.IPPROTO_ICMPV6, 128, 129
	}
	fd, err := syscall.Socket(family, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, protocol)
	if err != nil {
		return nil, fmt.Errorf("%w; is this group in net.ipv4.ping_group_range?", err)
	}
	f := os.NewFile(uintptr(fd), "icmp")
	defer f.Close()
	conn, err := net.FilePacketConn(f)
	if err != nil {
		return nil, err
	}
	p := &pinger{conn: conn, to: &net.UDPAddr{IP: addr.IP, Zone: addr.Zone}, request: make([]byte, 8+size), reply: reply}
	p.request[0] = request
	return p, nil
}

// once asks and waits for the answer of the same number. The kernel fills in identifier and checksum.
func (p *pinger) once(seq uint16, wait time.Duration) (time.Duration, error) {
	binary.BigEndian.PutUint16(p.request[6:], seq)
	begun := time.Now()
	if _, err := p.conn.WriteTo(p.request, p.to); err != nil {
		return 0, err
	}
	p.sent++
	if err := p.conn.SetReadDeadline(begun.Add(wait)); err != nil {
		return 0, err
	}
	answer := make([]byte, len(p.request)+64)
	for {
		n, _, err := p.conn.ReadFrom(answer)
		if err != nil {
			return 0, fmt.Errorf("no answer within %v: %w", wait, err)
		}
		if n >= 8 && answer[0] == p.reply && binary.BigEndian.Uint16(answer[6:]) == seq {
			p.got++
			return time.Since(begun), nil
		}
	}
}
