package supervisors

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// The format of testdata/otp: scenarios recorded from the module supervisor of Erlang/OTP 25.
type (
	scenarioFile struct {
		Format    string
		OTP       string
		Scenarios []scenario
	}
	scenario struct {
		ID, Title, Topic string
		Supervisor       supJSON
		Steps            []stepJSON
	}
	supJSON struct {
		Flags    map[string]any
		Children []specJSON
		Init     *actJSON
	}
	specJSON struct {
		ID          *string
		Restart     string
		Significant any
		Shutdown    any
		Type        string
		Start       json.RawMessage
		Supervisor  *supJSON
		Starts      []actJSON
		OnShutdown  *actJSON `json:"on_shutdown"`
	}
	actJSON struct {
		Do, Reason, Value, Info string
		MS                      int
		During                  []stepJSON
	}
	stepJSON struct {
		Op, Sup, Target, ID, Process, Key, Reason string
		MS                                        int
		Spec                                      *specJSON
		Starts                                    []actJSON
		OnShutdown                                *actJSON `json:"on_shutdown"`
		AutoShutdown                              *string  `json:"auto_shutdown"`
		Children                                  []specJSON
		Result                                    *resultJSON
		Expect                                    *expectJSON
	}
	expectJSON struct {
		Result      resultJSON
		During      []stepJSON
		EventsOrder string `json:"events_order"`
		Events      []eventJSON
		Reports     []reportJSON
		State       stateJSON
	}
	resultJSON struct {
		Status, Reason, Term, Info, Child string
		Pid                               *string
		Spec                              *specJSON
		Children                          []childJSON
		Counts                            *Counts
	}
	eventJSON struct {
		Event, Path, Reason string
		Incarnation         int
	}
	reportJSON struct{ Sup, Context, Child, Reason string }
	stateJSON  struct {
		Alive       bool
		ExitReason  *string `json:"exit_reason"`
		Supervisors []supStateJSON
	}
	supStateJSON struct {
		Path     string
		Children []childJSON
		Counts   Counts
	}
	childJSON struct {
		ID          *string
		Child, Type string
	}
)

// readScenarios reads all files of the folder that ERLMCP_OTP_SCENARIOS names, or of testdata/otp.
func readScenarios(t *testing.T) []scenario {
	dir := os.Getenv("ERLMCP_OTP_SCENARIOS")
	if dir == "" {
		dir = filepath.Join("testdata", "otp")
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(names) == 0 && !filepath.IsAbs(dir) { // a path from the root of the repository
		names, err = filepath.Glob(filepath.Join("..", dir, "*.json"))
	}
	if err != nil || len(names) == 0 {
		t.Fatalf("no scenarios in %s: %v", dir, err)
	}
	var all []scenario
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var f scenarioFile
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if f.Format != "supervisor-scenarios/1" {
			t.Fatalf("%s: format %q, want supervisor-scenarios/1", name, f.Format)
		}
		all = append(all, f.Scenarios...)
	}
	return all
}
