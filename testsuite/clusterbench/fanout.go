//go:build linux

package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// fanOut opens an event stream for each of a number of sessions, evenly over the nodes, changes the tools
// of one node, and measures until the last session has heard of it.
func (c *cluster) fanOut(sessions int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	before := metric(1, "process_resident_memory_bytes")
	held := metric(2, "erlmcp_cluster_snapshot_bytes") + metric(3, "erlmcp_cluster_snapshot_bytes") + metric(4, "erlmcp_cluster_snapshot_bytes")
	owned := metric(1, "erlmcp_cluster_sessions_owned")
	streams := make([]net.Conn, sessions)
	readers := make([]*bufio.Reader, sessions)
	var wg sync.WaitGroup
	limit := make(chan struct{}, 64)
	for i := range sessions {
		wg.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			node := i%nodes + 1
			streams[i], readers[i] = openStream(node, initialize(client, node))
		})
	}
	wg.Wait()
	toggler := initialize(client, 1)
	var last time.Time
	var mu sync.Mutex
	heard := 0
	begun := time.Now()
	for i := range sessions {
		wg.Go(func() {
			check(streams[i].SetReadDeadline(begun.Add(30 * time.Second)))
			for {
				line, err := readers[i].ReadSlice('\n')
				if err != nil {
					return
				}
				if len(line) > 6 && string(line[:6]) == "data: " && len(line) > 10 {
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			heard++
			last = time.Now()
		})
	}
	if status, body := post(client, 1, toggler, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"toggle","arguments":{}}}`); status != 200 {
		log.Fatalf("clusterbench: toggle: %d %s", status, body)
	}
	wg.Wait()
	fmt.Printf("\n### One `list_changed` to %d sessions with open event streams on four nodes\n\n%d of %d heard of it, the last %.0f ms after the call\n",
		sessions, heard, sessions, last.Sub(begun).Seconds()*1000)
	grown := metric(1, "erlmcp_cluster_sessions_owned") - owned
	kept := metric(2, "erlmcp_cluster_snapshot_bytes") + metric(3, "erlmcp_cluster_snapshot_bytes") + metric(4, "erlmcp_cluster_snapshot_bytes") - held
	all := metric(1, "erlmcp_cluster_sessions_owned") + metric(2, "erlmcp_cluster_sessions_owned") + metric(3, "erlmcp_cluster_sessions_owned") + metric(4, "erlmcp_cluster_sessions_owned")
	kept += metric(1, "erlmcp_cluster_snapshot_bytes")
	fmt.Printf("\n### Snapshots\n\n%.0f bytes of snapshot a session at its keeper; %.1f KB of resident memory a session on node 1, stream, ownership and its share of others' snapshots included (%.0f sessions)\n",
		kept/all, (metric(1, "process_resident_memory_bytes")-before)/grown/1024, grown)
	for _, s := range streams {
		_ = s.Close()
	}
}

func openStream(node int, session string) (net.Conn, *bufio.Reader) {
	conn, err := net.Dial("tcp", address(node)+":8080")
	check(err)
	_, err = fmt.Fprintf(conn, "GET /mcp HTTP/1.1\r\nHost: %s:8080\r\nAccept: text/event-stream\r\nMcp-Session-Id: %s\r\nMCP-Protocol-Version: 2025-11-25\r\n\r\n", address(node), session)
	check(err)
	r := bufio.NewReaderSize(conn, 512)
	for {
		line, err := r.ReadSlice('\n')
		check(err)
		if string(line) == "\r\n" {
			return conn, r
		}
	}
}
