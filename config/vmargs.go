package config

import (
	"fmt"
	"path/filepath"
	"strings"
)

// loadVMArgs reads the vm.args file at path, as a release of Erlang has it. Variables of environ replace
// ${NAME} where RELX_REPLACE_OS_VARS is true, as in such a release.
func loadVMArgs(path string, environ []string) layer {
	text, err := readFile(path, maxFileBytes)
	if err != nil {
		var l layer
		l.errs.add(path, "", "%v", err)
		return l
	}
	if variable(environ, "RELX_REPLACE_OS_VARS") != "true" {
		environ = nil
	}
	return parseVMArgs(path, string(text), environ)
}

// parseVMArgs reads the text of a vm.args file: flags that begin with + or -, each with the arguments up to
// the next flag, comments from # at the beginning of a word to the end of the line. Flags that mean nothing
// here are noted, never refused: an Erlang node has hundreds.
func parseVMArgs(name, text string, environ []string) layer {
	var l layer
	name = filepath.ToSlash(name)
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := vmWords(line)
		for len(words) > 0 {
			flag, rest := words[0], words[1:]
			end := 0
			for end < len(rest) && !isVMFlag(rest[end]) {
				end++
			}
			for i := range rest[:end] {
				rest[i] = replaceVariables(rest[i], environ)
			}
			l.vmFlag(flag, rest[:end], fmt.Sprintf("%s:%d", name, n))
			words = rest[end:]
		}
	}
	return l
}

// vmFlag notes one flag with its arguments.
func (l *layer) vmFlag(flag string, args []string, where string) {
	o := Origin{FromVMArgs, where + " " + quoteOdd(clip(flag))}
	switch {
	case flag == "-env" && len(args) == 2:
		if l.alias(args[0], args[1], Origin{FromVMArgs, where + " -env " + quoteOdd(clip(args[0]))}) {
			return
		}
	case aliasOf(flag) != nil && len(args) != 1:
		l.errs.add(o.Where, aliasOf(flag).key, "takes one argument")
		return
	case len(args) == 1 && l.alias(flag, args[0], o):
		return
	}
	// The arguments are left out: nobody knows whether they are meant to be seen.
	l.given = append(l.given, given{alias: &alias{why: "nothing corresponds to it in this runtime"}, name: flag, origin: o})
}

// isVMFlag tells flags from arguments; a negative number is an argument.
func isVMFlag(word string) bool {
	return len(word) > 1 && (word[0] == '+' || word[0] == '-') && (word[1] < '0' || word[1] > '9')
}

// vmWords splits a line at blanks outside of quotes, up to a comment.
func vmWords(line string) []string {
	var words []string
	var word strings.Builder
	quote, inWord := rune(0), false
	flush := func() {
		if inWord {
			words = append(words, word.String())
		}
		word.Reset()
		inWord = false
	}
	for _, r := range strings.TrimRight(line, "\r\n") {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, inWord = r, true
		case r == ' ' || r == '\t':
			flush()
		case r == '#' && !inWord:
			return words
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	flush()
	return words
}

// replaceVariables replaces each ${NAME}; nil replaces nothing.
func replaceVariables(word string, environ []string) string {
	if environ == nil {
		return word
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(word, "${")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return b.String() + "${" + rest
		}
		b.WriteString(variable(environ, name))
		word = after
	}
}
