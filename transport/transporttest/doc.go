// Package transporttest is the contract of transport.Conn, transport.Listener and transport.Receiver as
// tests, to be run against each medium, like testing/slogtest for log handlers.
//
// A medium's test says how to listen and how to be a client, and calls Run:
//
//	func TestContract(t *testing.T) {
//		transporttest.Run(t, transporttest.Harness{
//			Mode: transport.Duplex,
//			Listen: func(t testing.TB, l transport.Limits, grace time.Duration) transporttest.Medium {
//				listener := tcp.New(tcp.Options{Limits: l, Grace: grace, Address: "127.0.0.1:0"})
//				return transporttest.Medium{
//					Listener: listener,
//					Dial: func(ctx context.Context) (transporttest.Client, error) {
//						return dial(ctx, listener.Addr())
//					},
//				}
//			},
//		})
//	}
//
// Listen is called for each rule, so that each has a listener of its own; Dial once for each connection,
// after Serve has been called but perhaps before it listens, so Dial waits for that. A Client sends and
// receives whole texts in the medium's framing and may buffer nothing that it was not asked for: where a
// rule needs a client that does not read, the kit does not call Recv.
//
// What the modes mean for a Client:
//
//   - Duplex: Dial connects. Send and Recv may be called any number of times.
//   - Exchange: Dial prepares. Send, called once, makes the request; Recv returns the texts of the answer
//     one by one, whether it is plain JSON or an event stream, and an error after the last.
//   - Stream: Dial connects to a stream that only goes out. Send is not called.
//
// Rules that a medium cannot break because it lacks the capability are left out by mode; the flags of
// Harness cover the rest. All waiting is for events; deadlines only end tests that have failed.
package transporttest
