package supervisors

import (
	"fmt"
	"time"
)

// CheckChildSpecs checks child specifications as OTP's check_childspecs does. With an empty auto
// whether Significant fits the supervisor is not checked. The error is a *SpecError that names the first
// problem.
func CheckChildSpecs(children []ChildSpec, auto AutoShutdown) error {
	switch auto {
	case "", Never, AnySignificant, AllSignificant:
	default:
		return &SpecError{"AutoShutdown", "{badarg," + string(auto) + "}"}
	}
	return checkChildren(children, auto)
}

func checkChildren(children []ChildSpec, auto AutoShutdown) error {
	seen := make(map[string]bool, len(children))
	for i, c := range children {
		if err := checkChild(c, auto); err != nil {
			err.Field = fmt.Sprintf("Children[%d].%s", i, err.Field)
			return err
		}
		if seen[c.ID] {
			return &SpecError{fmt.Sprintf("Children[%d].ID", i), "{duplicate_child_name," + c.ID + "}"}
		}
		seen[c.ID] = true
	}
	return nil
}

// checkChild finds the first problem in OTP's order. auto is empty where it is not known.
func checkChild(c ChildSpec, auto AutoShutdown) *SpecError {
	if c.ID == "" {
		return &SpecError{"ID", "missing_id"}
	}
	if c.Start.kind == startMissing {
		return &SpecError{"Start", "missing_start"}
	}
	c = c.withDefaults()
	switch c.Restart {
	case Permanent, Transient, Temporary:
	default:
		return &SpecError{"Restart", "{invalid_restart_type," + string(c.Restart) + "}"}
	}
	if err := checkSignificant(c, auto); err != nil {
		return err
	}
	if c.Type != Worker && c.Type != SupervisorType {
		return &SpecError{"Type", "{invalid_child_type," + string(c.Type) + "}"}
	}
	if v, ok := c.odd["shutdown"]; ok {
		return &SpecError{"Shutdown", "{invalid_shutdown," + v + "}"}
	}
	if c.Shutdown < 0 && c.Shutdown != BrutalKill && c.Shutdown != AtOnce {
		return &SpecError{"Shutdown", "{invalid_shutdown," + itoa(time.Duration(c.Shutdown).Milliseconds()) + "}"}
	}
	return nil
}

func checkSignificant(c ChildSpec, auto AutoShutdown) *SpecError {
	if v, ok := c.odd["significant"]; ok {
		return &SpecError{"Significant", "{invalid_significant," + v + "}"}
	}
	switch {
	case !c.Significant:
		return nil
	case auto == Never:
		return &SpecError{"Significant", "{bad_combination,[{auto_shutdown,never},{significant,true}]}"}
	case c.Restart == Permanent:
		return &SpecError{"Significant", "{bad_combination,[{restart,permanent},{significant,true}]}"}
	}
	return nil
}

// checkSpec checks the flags and the children of s, which has its defaults.
func checkSpec(s Spec) error {
	if err := checkFlags(s); err != nil {
		err.term = "{supervisor_data," + err.term + "}"
		return err
	}
	if s.Strategy == SimpleOneForOne && len(s.Children) != 1 {
		return &SpecError{"Children", fmt.Sprintf("{bad_start_spec,<%d specs>}", len(s.Children))}
	}
	if err := checkChildren(s.Children, s.AutoShutdown); err != nil {
		bad := err.(*SpecError)
		bad.term = "{start_spec," + bad.term + "}"
		return bad
	}
	return nil
}

func checkFlags(s Spec) *SpecError {
	switch s.Strategy {
	case OneForOne, OneForAll, RestForOne, SimpleOneForOne:
	default:
		return &SpecError{"Strategy", "{invalid_strategy," + string(s.Strategy) + "}"}
	}
	if v, ok := s.odd["intensity"]; ok {
		return &SpecError{"Intensity", "{invalid_intensity," + v + "}"}
	}
	if s.Intensity < 0 {
		return &SpecError{"Intensity", "{invalid_intensity," + itoa(s.Intensity) + "}"}
	}
	if v, ok := s.odd["period"]; ok {
		return &SpecError{"Period", "{invalid_period," + v + "}"}
	}
	if s.Period <= 0 || s.Period%time.Second != 0 {
		return &SpecError{"Period", fmt.Sprintf("{invalid_period,%v}", s.Period.Seconds())}
	}
	switch s.AutoShutdown {
	case Never, AnySignificant, AllSignificant:
		return nil
	}
	return &SpecError{"AutoShutdown", "{invalid_auto_shutdown," + string(s.AutoShutdown) + "}"}
}
