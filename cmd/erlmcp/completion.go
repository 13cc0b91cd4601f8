package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/erlmcp/erlmcp/admin"
)

// completionTime bounds how long a Tab in a shell may take.
const completionTime = time.Second

func (p *program) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:     "completion SHELL",
		GroupID: groupConfig,
		Short:   "Print a script that completes commands in a shell",
		Long: `Prints a script for bash, zsh, fish or powershell. It completes commands and flags, and from
the node that runs: names of members and sessions.`,
		Example: `  source <(erlmcp completion bash)
  erlmcp completion zsh > "${fpath[1]}/_erlmcp"
  erlmcp completion fish > ~/.config/fish/completions/erlmcp.fish`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fail(exitUsage, "completion needs the shell: %s", oneOf(shells))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(p.stdout, true)
			case "zsh":
				return root.GenZshCompletion(p.stdout)
			case "fish":
				return root.GenFishCompletion(p.stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(p.stdout)
			default:
				return fail(exitUsage, "completion for %.40q is not known, want %s", args[0], oneOf(shells))
			}
		},
	}
}

// completing is a function that completes words of a command from the node that its flags lead to. Without
// a node there are none.
func (p *program) completing(words func(context.Context, admin.Client) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		socket, err := p.socketOf(cmd)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(context.Background(), completionTime)
		defer cancel()
		return words(ctx, admin.Client{Socket: socket}), cobra.ShellCompDirectiveNoFileComp
	}
}

// memberNames are the nodes in the view of a node.
func memberNames(ctx context.Context, client admin.Client) []string {
	view, err := client.Nodes(ctx)
	if err != nil {
		return nil
	}
	names := make([]string, len(view.Members))
	for i, m := range view.Members {
		names[i] = m.Name
	}
	return names
}

// sessionIDs are the ids of some sessions.
func sessionIDs(ctx context.Context, client admin.Client) []string {
	e, err := client.Eval(ctx, "[maps:get(id, S) || S <- lists:sublist(erlmcp:sessions(), 100)].", admin.EvalOptions{Role: "viewer", JSON: true})
	var ids []string
	if err != nil || json.Unmarshal(e.JSON, &ids) != nil {
		return nil
	}
	return ids
}
