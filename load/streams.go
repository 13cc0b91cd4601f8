//go:build linux

package load

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// OpenStreams opens a GET event stream for each session of an HTTP fleet and waits until all are open.
// They stay open as long as the fleet; what comes on them is not looked at.
func (f *Fleet) OpenStreams(ctx context.Context) error {
	var ids []string
	for _, c := range f.clients {
		ids = append(ids, c.sessions...)
	}
	for len(ids) > 0 || f.waiting > 0 {
		for len(ids) > 0 && f.waiting < f.opts.Dialing {
			if err := f.connect(len(f.clients), 0); err != nil {
				return err
			}
			f.clients[len(f.clients)-1].sessions = ids[:1:1]
			ids = ids[1:]
		}
		if err := f.poll(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("load: event stream: %w", err)
		}
	}
	return nil
}

func (f *Fleet) openStream(c *client) {
	c.stage = stageStreamHead
	f.send(c, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nMcp-Session-Id: %s\r\nMCP-Protocol-Version: %s\r\n\r\n",
		f.opts.Path, f.opts.Addr, c.sessions[0], f.opts.Revision))
}

// streamHead takes the head of a GET stream when it is complete.
func (f *Fleet) streamHead(c *client) {
	head, _, whole := bytes.Cut(c.rest, []byte("\r\n\r\n"))
	if !whole {
		return
	}
	c.rest = nil
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		f.fail(fmt.Errorf("event stream: %.100q", head))
		return
	}
	c.stage = stageStream
	f.waiting--
}
