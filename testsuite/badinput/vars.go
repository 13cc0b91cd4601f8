package badinput

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// vars gives placeholders their values for one run of a case.
type vars struct {
	values  map[string]string
	session func() (string, error) // makes the run's session on first use
	failed  error                  // first placeholder that has no value
}

var (
	placeholder = regexp.MustCompile(`\{\{([A-Z_0-9]+)\}\}`)
	repetition  = regexp.MustCompile(`\{\{REPEAT:(.+?):([0-9]+)\}\}`)
)

// expand replaces the placeholders of a text. An unknown one stays as it is and is reported by err.
func (v *vars) expand(s string) string {
	if !strings.Contains(s, "{{") {
		return s
	}
	s = repetition.ReplaceAllStringFunc(s, func(m string) string {
		part := repetition.FindStringSubmatch(m)
		n, err := strconv.Atoi(part[2])
		if err != nil {
			v.fail(err)
			return m
		}
		return strings.Repeat(part[1], n)
	})
	return placeholder.ReplaceAllStringFunc(s, func(m string) string {
		value, err := v.lookup(m[2 : len(m)-2])
		if err != nil {
			v.fail(err)
			return m
		}
		return value
	})
}

func (v *vars) lookup(name string) (string, error) {
	if value, ok := v.values[name]; ok {
		return value, nil
	}
	if !strings.HasPrefix(name, "SESSION") || v.session == nil {
		return "", fmt.Errorf("badinput: placeholder %s has no value in this setup", name)
	}
	id, err := v.session()
	if err != nil {
		return "", err
	}
	switch name {
	case "SESSION":
		return id, nil
	case "SESSION_HEADER":
		if id == "" {
			return "", nil
		}
		return "Mcp-Session-Id: " + id + "\r\n", nil
	case "SESSION_SWAPCASE":
		return strings.Map(swapCase, id), nil
	case "SESSION_TRUNCATED":
		return id[:len(id)-1], nil
	case "SESSION_LASTCHAR":
		last := "A"
		if strings.HasSuffix(id, last) {
			last = "B"
		}
		return id[:len(id)-1] + last, nil
	}
	return "", fmt.Errorf("badinput: placeholder %s is unknown", name)
}

func (v *vars) fail(err error) {
	if v.failed == nil {
		v.failed = err
	}
}

// err reports the first placeholder without a value since the last call.
func (v *vars) err() error {
	err := v.failed
	v.failed = nil
	return err
}

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}
