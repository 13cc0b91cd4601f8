package config

import (
	"regexp"
	"slices"
	"strings"
)

// Environment names with the prefix that are no keys: where the sources are.
const (
	EnvFile   = "ERLMCP_CONFIG"  // path of the configuration file
	EnvVMArgs = "ERLMCP_VM_ARGS" // path of a vm.args file
	// EnvVMArgsRelease is the name that the start script of an Erlang release has for it.
	EnvVMArgsRelease = "VMARGS_PATH"
)

// serviceLink matches the variables that Kubernetes and Docker links make from the name of a service such
// as erlmcp or erlmcp-http.
var serviceLink = regexp.MustCompile(`^ERLMCP_(?:[A-Z0-9_]*_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$`)

func isServiceLink(name, value string) bool {
	return serviceLink.MatchString(name) ||
		strings.HasSuffix(name, "PORT") && (strings.HasPrefix(value, "tcp://") || strings.HasPrefix(value, "udp://"))
}

// loadEnviron reads the environment, as os.Environ has it. Names of an Erlang release count less than the
// names of keys. A variable that is empty counts as absent, since container tools pass those on.
func loadEnviron(environ []string) layer {
	var l layer
	environ = slices.Sorted(slices.Values(environ))
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && value != "" {
			l.alias(name, value, Origin{FromEnvironment, name})
		}
	}
	for _, e := range environ {
		name, value, ok := strings.Cut(e, "=")
		if !ok || value == "" || !strings.HasPrefix(name, EnvPrefix) || isServiceLink(name, value) {
			continue
		}
		if k := table().byEnv[name]; k != nil {
			l.set(k, value, Origin{FromEnvironment, name})
		} else if name != EnvFile && name != EnvVMArgs && aliasOf(name) == nil {
			l.errs.add(quoteOdd(clip(name)), "", "unknown variable%s", didYouMean(name, envNames()))
		}
	}
	return l
}

// envNames are all names with the prefix that have a meaning.
func envNames() []string {
	names := []string{EnvFile, EnvVMArgs}
	for _, k := range table().keys {
		if k.Env != "" {
			names = append(names, k.Env)
		}
	}
	for _, a := range aliases {
		for _, n := range a.names {
			if strings.HasPrefix(n, EnvPrefix) {
				names = append(names, n)
			}
		}
	}
	return names
}

// variable is the value of a variable in an environment; the last one counts.
func variable(environ []string, name string) string {
	for _, e := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}
