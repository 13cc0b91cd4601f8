package badinput

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// checkNever says whether a word of expect.never is one that forbidden judges.
func checkNever(rule string) error {
	name, arg, _ := strings.Cut(rule, ":")
	switch name {
	case "text", "log_contains", "log_raw_control", "raw_escape":
		return nil
	case "effect":
		if slices.Contains([]string{"tool", "admin", "file", "outbound"}, arg) {
			return nil
		}
	case "reply_over", "log_line_over", "metric_label_over", "stderr_over":
		_, err := strconv.Atoi(arg)
		return err
	case "reply_id":
		return nil
	}
	return fmt.Errorf("rule %s", rule)
}

// evidence is what the rules of expect.never are judged by.
type evidence struct {
	seen    *observation
	log     []byte // what the server logged while the case ran
	metrics string // URL of the metrics, "" if none
	canary  bool   // the canary listener was called
	newFile string // a file that the input names and that appeared, "" if none
	admin   bool   // the admin surface was reached
}

// forbidden says how a rule of expect.never was broken, "" if it was not.
func forbidden(rule string, e *evidence) string {
	name, arg, _ := strings.Cut(rule, ":")
	n, _ := strconv.Atoi(arg) // checked when the case was loaded
	e.seen.mu.Lock()
	defer e.seen.mu.Unlock()
	said := slices.Concat(e.seen.text.Bytes(), e.seen.stdout.Bytes(), e.seen.stderr.Bytes())
	broken := false
	switch name {
	case "text":
		broken = bytes.Contains(said, []byte(arg))
	case "raw_escape":
		broken = bytes.IndexByte(said, 0x1b) >= 0
	case "reply_over":
		broken = e.seen.largest > n
	case "reply_id":
		broken = slices.ContainsFunc(e.seen.replies, func(r reply) bool { return strings.Trim(r.id, `"`) == arg })
	case "stderr_over":
		broken = e.seen.stderr.Len() > n
	case "log_contains":
		broken = bytes.Contains(e.log, []byte(arg)) || bytes.Contains(e.seen.stderr.Bytes(), []byte(arg))
	case "log_raw_control":
		broken = bytes.ContainsFunc(e.log, func(r rune) bool { return (r < ' ' && r != '\n' && r != '\t') || r == 0x7f })
	case "log_line_over":
		broken = slices.ContainsFunc(bytes.Split(e.log, []byte("\n")), func(l []byte) bool { return len(l) > n })
	case "metric_label_over":
		return longLabel(e.metrics, n)
	case "effect":
		broken = e.effect(arg)
	}
	if broken {
		return "never " + rule
	}
	return ""
}

// effect says whether the input did what it should not. That a tool ran shows in the content of an
// answer; the caller holds the lock of the observation.
func (e *evidence) effect(what string) bool {
	switch what {
	case "tool":
		return slices.ContainsFunc(e.seen.replies, func(r reply) bool {
			return r.ran() || slices.ContainsFunc(r.batch, reply.ran)
		})
	case "admin":
		return e.admin
	case "file":
		return e.newFile != ""
	case "outbound":
		return e.canary
	}
	return false
}

var labelValue = regexp.MustCompile(`[a-z_]+="((?:[^"\\]|\\.)*)"`)

// longLabel reads the metrics and reports the first label value longer than n bytes.
func longLabel(url string, n int) string {
	if url == "" {
		return ""
	}
	resp, err := oneShot.Get(url)
	if err != nil {
		return fmt.Sprintf("metrics: %v", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, keepBytes))
	if err != nil {
		return fmt.Sprintf("metrics: %v", err)
	}
	for _, m := range labelValue.FindAllSubmatch(text, -1) {
		if len(m[1]) > n {
			return fmt.Sprintf("never metric_label_over:%d: a label of %d bytes", n, len(m[1]))
		}
	}
	return ""
}

var temporaryFile = regexp.MustCompile(`/tmp/[A-Za-z0-9._-]+`)

// filesNamed lists the files below /tmp that an input names and that do not exist yet.
func filesNamed(input []byte) []string {
	var names []string
	for _, m := range temporaryFile.FindAll(input, 16) {
		if _, err := os.Stat(string(m)); err != nil {
			names = append(names, string(m))
		}
	}
	return names
}

// firstExisting returns the first of the files that exists, "" if none.
func firstExisting(names []string) string {
	for _, n := range names {
		if _, err := os.Stat(n); err == nil {
			return n
		}
	}
	return ""
}
