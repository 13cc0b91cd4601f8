package supervisors

import "time"

// addRestart counts a restart now and reports whether the intensity allows it. As in OTP, times are
// whole seconds, and a restart is forgotten when it is more than the period old.
func (c *core) addRestart() bool {
	second := int64(c.now.Sub(c.epoch) / time.Second)
	oldest := second - int64(c.spec.Period/time.Second)
	keep := 0
	for keep < len(c.restarts) && c.restarts[keep] < oldest {
		keep++
	}
	c.restarts = append(c.restarts[:0], c.restarts[keep:]...)
	c.restarts = append(c.restarts, second)
	return len(c.restarts) <= c.spec.Intensity
}
