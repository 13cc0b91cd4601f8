package load

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestLedgerCountsEachCallOnce drives a ledger with a made-up clock: whatever comes in whatever order, each
// call has one outcome, and each further answer is told apart.
func TestLedgerCountsEachCallOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLedger()
		outcome := map[uint64]string{}
		now := time.Duration(0)
		lost := func(id uint64, _ call) {
			if outcome[id] != "" {
				t.Fatalf("call %d: lost, was %s", id, outcome[id])
			}
			outcome[id] = "lost"
		}
		var total uint64
		t.Repeat(map[string]func(*rapid.T){
			"call": func(t *rapid.T) {
				for range rapid.IntRange(1, 300).Draw(t, "n") {
					now++
					total++
					if id := l.add(call{due: now, sent: now, session: int32(total % 7)}); id != total {
						t.Fatalf("id: got %d, want %d", id, total)
					}
				}
			},
			"answer": func(t *rapid.T) {
				id := rapid.Uint64Range(0, total+2).Draw(t, "id")
				_, got := l.settle(id)
				want := verdictFirst
				switch {
				case id == 0 || id > total:
					want = verdictUnknown
				case outcome[id] == "answered":
					want = verdictDoubled
				case outcome[id] == "lost":
					want = verdictLate
				}
				if got != want {
					t.Fatalf("answer %d (%q): got verdict %d, want %d", id, outcome[id], got, want)
				}
				if want != verdictUnknown {
					outcome[id] = "answered"
				}
			},
			"expire":  func(t *rapid.T) { l.expire(now-time.Duration(rapid.IntRange(0, 500).Draw(t, "age")), lost) },
			"abandon": func(t *rapid.T) { l.abandon(int32(rapid.IntRange(0, 7).Draw(t, "session")), lost) },
			"": func(t *rapid.T) {
				if l.open+len(outcome) != int(total) {
					t.Fatalf("got %d open and %d with an outcome, want %d in all", l.open, len(outcome), total)
				}
			},
		})
	})
}

func TestLedgerExpiresInOrderOfDueTimes(t *testing.T) {
	l := newLedger()
	for i := range 10 {
		l.add(call{due: time.Duration(i) * time.Second, sent: 1})
	}
	l.settle(2)
	var got []uint64
	l.expire(5*time.Second, func(id uint64, _ call) { got = append(got, id) })
	if want := []uint64{1, 3, 4, 5}; len(got) != len(want) || got[0] != 1 || got[3] != 5 || l.open != 5 {
		t.Errorf("got %v and %d open, want %v and 5", got, l.open, want)
	}
}
