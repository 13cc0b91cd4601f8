package main

import (
	"context"
	"sync"

	"github.com/erlmcp/erlmcp"
	"github.com/erlmcp/erlmcp/config"
)

// operator is what an operator sees and changes of the process: log levels, configuration.
type operator struct {
	levels  *logLevels
	sources config.Sources

	mu      sync.Mutex
	running *config.Config // what the process has started with
	latest  *config.Config // what was read last
}

var _ erlmcp.Operator = (*operator)(nil)

func newOperator(c *config.Config, sources config.Sources, levels *logLevels) *operator {
	return &operator{levels: levels, sources: sources, running: c, latest: c}
}

// LogLevels implements erlmcp.Operator.
func (o *operator) LogLevels() map[string]string { return o.levels.all() }

// SetLogLevel implements erlmcp.Operator; all subsystems where none is named.
func (o *operator) SetLogLevel(subsystem, level string) error { return o.levels.set(subsystem, level) }

// applies are the keys that take effect with a reload.
var applies = map[string]bool{"log.level": true}

// Config implements erlmcp.Operator.
func (o *operator) Config() []erlmcp.ConfigValue {
	o.mu.Lock()
	defer o.mu.Unlock()
	var values []erlmcp.ConfigValue
	for _, k := range config.Keys() {
		if k.FileOf != "" {
			continue
		}
		from := o.running
		if applies[k.Path] {
			from = o.latest
		}
		values = append(values, erlmcp.ConfigValue{Key: k.Path, Value: from.Value(k.Path), Origin: from.Origin(k.Path).String()})
	}
	return values
}

// ReloadConfig implements erlmcp.Operator: it reads the sources again. A configuration that is wrong changes
// nothing. A secret that has another value is not noticed.
func (o *operator) ReloadConfig(context.Context) (applied, needsRestart []string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c, err := config.Load(o.sources)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range config.Keys() {
		switch value := c.Value(k.Path); {
		case applies[k.Path] && value != o.latest.Value(k.Path):
			applied = append(applied, k.Path)
		case !applies[k.Path] && value != o.running.Value(k.Path):
			needsRestart = append(needsRestart, k.Path)
		}
	}
	if c.Log.Level != o.latest.Log.Level {
		if err := o.levels.set(everything, c.Log.Level); err != nil {
			return nil, nil, err
		}
	}
	o.latest = c
	return applied, needsRestart, nil
}
