package transport

import "time"

// Limits bounds what one connection may cost. The zero value of a field means its default.
type Limits struct {
	MessageBytes      int           // largest incoming message, after reassembly; default 4 MiB
	FramesPerMessage  int           // WebSocket fragments of one message; default 1,024
	OutgoingBytes     int           // bytes waiting for one client; default 1 MiB
	OutgoingFrames    int           // messages waiting for one client; default 1,000
	WriteTimeout      time.Duration // a write that makes no progress for so long ends the connection; default 10 s
	PingInterval      time.Duration // heartbeat of an otherwise silent WebSocket, jittered; default 25 s
	PongTimeout       time.Duration // silence after a heartbeat that ends the connection; default 10 s
	HeaderBytes       int           // HTTP header block; default 32 KiB
	ReadHeaderTimeout time.Duration // default 5 s
	ReadBodyTimeout   time.Duration // whole body; default 30 s
	IdleTimeout       time.Duration // keep-alive connection between requests; default 120 s
}

// WithDefaults returns l with each zero field set to its default.
func (l Limits) WithDefaults() Limits {
	setDefault(&l.MessageBytes, 4<<20)
	setDefault(&l.FramesPerMessage, 1024)
	setDefault(&l.OutgoingBytes, 1<<20)
	setDefault(&l.OutgoingFrames, 1000)
	setDefault(&l.WriteTimeout, 10*time.Second)
	setDefault(&l.PingInterval, 25*time.Second)
	setDefault(&l.PongTimeout, 10*time.Second)
	setDefault(&l.HeaderBytes, 32<<10)
	setDefault(&l.ReadHeaderTimeout, 5*time.Second)
	setDefault(&l.ReadBodyTimeout, 30*time.Second)
	setDefault(&l.IdleTimeout, 120*time.Second)
	return l
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
