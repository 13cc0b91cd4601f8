package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// scripted is a shell that answers what it is asked with.
type scripted struct {
	asked []string
	gone  chan struct{}
}

func (s *scripted) Eval(_ context.Context, text string, out io.Writer) (Result, error) {
	text = strings.TrimSpace(text)
	s.asked = append(s.asked, text)
	switch text {
	case "q().":
		return Result{Quit: true}, nil
	case "gone.":
		return Result{}, errGone
	case "wrong.":
		return Result{Error: "** exception", Status: 6}, nil
	default:
		fmt.Fprintf(out, "printed\n")
		return Result{Value: "<" + text + ">"}, nil
	}
}

func (s *scripted) Complete(_ context.Context, line string) ([]string, int, error) {
	switch {
	case strings.HasSuffix(line, "lists:ma"):
		return []string{"lists:map/2", "lists:mapfoldl/3", "lists:max/1"}, len("lists:ma"), nil
	case strings.HasSuffix(line, "X"):
		return []string{"Xs"}, 1, nil
	default:
		return nil, 0, errors.New("no words")
	}
}

func (s *scripted) Prompt() string        { return fmt.Sprintf("(n@h)%d> ", len(s.asked)+1) }
func (s *scripted) Done() <-chan struct{} { return s.gone }
func (s *scripted) Err() error            { return errGone }

var errGone = errors.New("the node has gone")

func TestPlain(t *testing.T) {
	for _, c := range []struct {
		name, in    string
		asked       []string
		out, errors string
		status      int
		err         error
	}{
		{"nothing", "\n \n", nil, "", "", 0, nil},
		{"two", "1.\n2.\n", []string{"1.", "2."}, "printed\n<1.>\nprinted\n<2.>\n", "", 0, nil},
		{"several lines", "[1,\n 2].\n", []string{"[1,\n 2]."}, "printed\n<[1,\n 2].>\n", "", 0, nil},
		{"a full stop in a string", "\"a.\n\".\n", []string{"\"a.\n\"."}, "printed\n<\"a.\n\".>\n", "", 0, nil},
		{"no full stop", "nodes()", []string{"nodes()\n."}, "printed\n<nodes()\n.>\n", "", 0, nil},
		{"an error is last", "1.\nwrong.\n", []string{"1.", "wrong."}, "printed\n<1.>\n", "** exception\n", 6, nil},
		{"an error is not last", "wrong.\n1.\n", []string{"wrong.", "1."}, "printed\n<1.>\n", "** exception\n", 0, nil},
		{"leave", "q().\n1.\n", []string{"q()."}, "", "", 0, nil},
		{"the node goes", "gone.\n1.\n", []string{"gone."}, "", "", 0, errGone},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			s := &scripted{}
			status, err := Run(t.Context(), s, Options{In: strings.NewReader(c.in), Out: &out, Err: &errs})
			if status != c.status || !errors.Is(err, c.err) || out.String() != c.out || errs.String() != c.errors || !slices.Equal(s.asked, c.asked) {
				t.Errorf("got status %d, %v, output %q, errors %q, asked %q\nwant %d, %v, %q, %q, %q",
					status, err, &out, &errs, s.asked, c.status, c.err, c.out, c.errors, c.asked)
			}
		})
	}
}

func TestLineTooLong(t *testing.T) {
	if _, err := Run(t.Context(), &scripted{}, Options{In: strings.NewReader(strings.Repeat("1", maxLine+1)), Out: io.Discard, Err: io.Discard}); err == nil {
		t.Error("got no error for a line that is too long")
	}
}

func TestComplete(t *testing.T) {
	c := &console{shell: &scripted{}}
	for _, tc := range []struct {
		line       string
		pos        int
		head, tail string
		words      []string
	}{
		{"1 + lists:ma", 12, "1 + ", "", []string{"lists:map(", "lists:mapfoldl(", "lists:max("}},
		{"é + X, 2", 5, "é + ", ", 2", []string{"Xs"}},
		{"nothing", 7, "nothing", "", nil},
	} {
		head, words, tail := c.complete(t.Context(), tc.line, tc.pos)
		if head != tc.head || tail != tc.tail || !slices.Equal(words, tc.words) {
			t.Errorf("%q: got %q %q %q, want %q %q %q", tc.line, head, words, tail, tc.head, tc.words, tc.tail)
		}
	}
}
