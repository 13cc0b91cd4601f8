package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker (-X main.version=1.2.3).
var version string

// versionName is the version that was linked in, else that of the module, else dev.
func versionName() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

// versionLine is the program, its Go, and its platform.
func versionLine() string {
	return fmt.Sprintf("erlmcp %s (%s, %s/%s)\n", versionName(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		GroupID: groupInspect,
		Short:   "Print the version",
		Long:    "Prints the version of the program, of Go, and the platform.",
		Example: `  erlmcp version
  erlmcp version | cut -d' ' -f2`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return p.show(func(w io.Writer) error {
				_, err := io.WriteString(w, versionLine())
				return err
			})
		},
	}
}
