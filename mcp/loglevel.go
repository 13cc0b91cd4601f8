package mcp

// level is the severity of a log message, RFC 5424 section 6.2.1 in reverse: a higher one is worse.
type level uint8

// levelNames has the levels in the order of severity.
//
// MCP 2025-11-25, server/utilities/logging.
var levelNames = [...]LoggingLevel{"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"}

// defaultLevel is the lowest level that a client gets before it has said what it wants.
const defaultLevel level = 1

func (l level) name() LoggingLevel { return levelNames[l] }

// levelOf finds the level with the name.
func levelOf(name string) (level, bool) {
	for i, n := range levelNames {
		if string(n) == name {
			return level(i), true
		}
	}
	return 0, false
}
