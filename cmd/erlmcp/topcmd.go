package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
	"github.com/erlmcp/erlmcp/cmd/erlmcp/internal/top"
)

const (
	minRefresh = 200 * time.Millisecond
	topRows    = 50 // that are read of a page
)

// topTabs are the pages of top.
var topTabs = []top.Tab{
	{Name: "actors", Sorts: []string{"reductions", "memory", "message_queue_len"}},
	{Name: "sessions", Sorts: []string{"in_flight", "waiting", "memory"}},
	{Name: "tree"},
	{Name: "cluster"},
}

// topFlags are the flags of top.
type topFlags struct {
	once    bool
	tab     string
	sort    string
	limit   int
	refresh time.Duration
}

func (p *program) topCommand() *cobra.Command {
	var t target
	var f topFlags
	names := make([]string, len(topTabs))
	for i, tab := range topTabs {
		names[i] = tab.Name
	}
	cmd := &cobra.Command{
		Use:     "top",
		GroupID: groupInspect,
		Short:   "Watch what the node is busy with",
		Long: `Shows, again and again, the actors that are busiest, the sessions, the supervision tree and the
cluster. Keys: tab and 1-4 turn to another page, s orders by something else, p pauses, r reads at
once, arrows scroll, q leaves.

Actors are ordered by reductions (of the last half second), memory or message_queue_len; sessions by
in_flight, waiting or memory. --once prints one page and ends, for scripts.`,
		Example: `  erlmcp top
  erlmcp top --tab sessions --refresh 5s --node node2@127.0.0.2
  erlmcp top --once -o json --sort memory --limit 5`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			page := slices.Index(names, f.tab)
			if page < 0 {
				return fail(exitUsage, "--tab is %.40q, want %s", f.tab, oneOf(names))
			}
			if sorts := topTabs[page].Sorts; f.sort != "" && !slices.Contains(sorts, f.sort) {
				return fail(exitUsage, "--sort is %.40q, want one of %s", f.sort, strings.Join(sorts, ", "))
			}
			if f.limit < 1 || f.refresh < minRefresh {
				return fail(exitUsage, "--limit is at least 1, --refresh at least %v", minRefresh)
			}
			stdout, isFile := p.stdout.(*os.File)
			if !f.once && !(isFile && isTerminal(stdout) && isTerminal(p.stdin)) {
				return fail(exitUsage, "top needs a terminal; without one: erlmcp top --once")
			}
			return p.onTarget(&t, exitNotRunning, func(ctx context.Context, c controlled) error {
				if f.once {
					return c.topOnce(ctx, f)
				}
				if err := c.client.Ping(ctx); err != nil {
					return err
				}
				return c.topView(page, f)
			})(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&f.once, "once", false, "print one page and end")
	cmd.Flags().StringVar(&f.tab, "tab", names[0], "first page: "+oneOf(names))
	cmd.Flags().StringVar(&f.sort, "sort", "", "what --once orders by (default the first of the page)")
	cmd.Flags().IntVar(&f.limit, "limit", topRows, "rows of a page")
	cmd.Flags().DurationVar(&f.refresh, "refresh", 2*time.Second, "time between readings")
	t.forms(cmd, "table", "json", "term")
	t.flags(p, cmd, evalTimeout, "how long to wait for an answer")
	return cmd
}

// topText is the expression whose value is a page.
func topText(tab, sort string, limit int) string {
	switch tab {
	case "sessions":
		return fmt.Sprintf("lists:sublist([S || {_, S} <- lists:reverse(lists:keysort(1, [{maps:get(%s, S, 0), S} || S <- erlmcp:sessions()]))], %d).", sort, limit)
	case "tree":
		return "erlmcp:tree()."
	case "cluster":
		return "erlmcp:members()."
	}
	busiest := fmt.Sprintf("recon:proc_count(%s, %d)", sort, limit)
	if sort == "reductions" {
		busiest = fmt.Sprintf("recon:proc_window(reductions, %d, 500)", limit)
	}
	return "[maps:from_list([{pid, P}, {" + sort + "_now, V} | I]) || {P, V, _} <- " + busiest + ", " +
		"I <- [erlang:process_info(P, [registered_name, reductions, memory, message_queue_len, initial_call])], is_list(I)]."
}

// topOnce prints one page.
func (c controlled) topOnce(ctx context.Context, f topFlags) error {
	sort := f.sort
	for _, t := range topTabs {
		if t.Name == f.tab && sort == "" && len(t.Sorts) > 0 {
			sort = t.Sorts[0]
		}
	}
	return c.show(ctx, topText(f.tab, sort, f.limit), func(w io.Writer, text json.RawMessage) error {
		if f.tab == "tree" {
			return writeTree(w, text)
		}
		rows, err := decodeRows(text)
		if err != nil {
			return err
		}
		return writeRows(w, rows, columnsOf(f.tab, sort)...)
	})
}

// columnsOf are the columns of a page that is ordered by sort.
func columnsOf(tab, sort string) []string {
	switch tab {
	case "sessions":
		return withColumn(sessionColumns, sort)
	case "cluster":
		return []string{"name", "state", "address", "boot", "version"}
	default:
		return []string{"pid", "registered_name", sort + "_now", "reductions", "memory", "message_queue_len", "initial_call"}
	}
}

// topView shows pages until it is left.
func (c controlled) topView(page int, f topFlags) error {
	o := top.Options{
		Tabs: topTabs, Source: topSource{c}, Refresh: f.refresh, Timeout: c.timeout, Limit: f.limit,
		In: c.stdin, Out: c.stdout, Environ: c.environ, First: page,
	}
	return asFailure(top.Run(context.Background(), o))
}

// topSource reads the pages of a node.
type topSource struct{ c controlled }

var _ top.Source = topSource{}

// headText is the expression of the line about the node.
const headText = `[{node, maps:get(name, erlmcp:status())}, {processes, erlang:system_info(process_count)}, {memory, erlang:memory(total)}, {run_queue, erlang:statistics(run_queue)}].`

// Page implements top.Source.
func (s topSource) Page(ctx context.Context, tab, sort string, limit int) (top.Page, error) {
	var page top.Page
	head, err := s.read(ctx, headText)
	if err != nil {
		return page, err
	}
	if about, ok := head.(fields); ok {
		page.Head = cell(about)
	}
	value, err := s.read(ctx, topText(tab, sort, limit))
	if err != nil {
		return page, err
	}
	if tab == "tree" {
		return treePage(page, value)
	}
	page.Columns, page.Rows = arrange(rowsOf(value), columnsOf(tab, sort)...)
	return page, nil
}

// read is the value of an expression.
func (s topSource) read(ctx context.Context, expr string) (any, error) {
	e, err := s.c.client.Eval(ctx, expr, admin.EvalOptions{Node: s.c.node, Role: s.c.role, JSON: true})
	if err != nil {
		return nil, err
	}
	if e.Class != admin.ClassValue {
		return nil, fmt.Errorf("%s", printable(e.Error))
	}
	return decode(e.JSON)
}

// treePage is a tree as rows of one column.
func treePage(page top.Page, value any) (top.Page, error) {
	var b strings.Builder
	if err := writeRoots(&b, value); err != nil {
		return page, err
	}
	page.Columns = []string{"SUPERVISION TREE"}
	for line := range strings.Lines(b.String()) {
		page.Rows = append(page.Rows, []string{strings.TrimSuffix(line, "\n")})
	}
	return page, nil
}
