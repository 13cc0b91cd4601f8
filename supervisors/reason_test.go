package supervisors

import (
	"errors"
	"testing"
)

func TestExitReasonTerms(t *testing.T) {
	for _, c := range []struct {
		reason ExitReason
		want   string
		normal bool
	}{
		{ExitReason{}, "normal", true},
		{Shutdown, "shutdown", true},
		{ShutdownWith(Term("{a,1}")), "{shutdown,{a,1}}", true},
		{ShutdownWith("saved"), `{shutdown,"saved"}`, true},
		{Killed, "killed", false},
		{Crash(Term("{badmatch,1}")), "{badmatch,1}", false},
		{Crash(errors.New(`disk "a" full`)), `"disk \"a\" full"`, false},
		{Crash(&PanicError{Value: 7}), `{panic,"7"}`, false},
		{Crash(nil), "unknown", false},
	} {
		if got := c.reason.String(); got != c.want {
			t.Errorf("String() = %s, want %s", got, c.want)
		}
		if got := c.reason.IsNormal(); got != c.normal {
			t.Errorf("%s: IsNormal() = %v, want %v", c.want, got, c.normal)
		}
	}
}

func TestTupleSize(t *testing.T) {
	for term, want := range map[string]int{
		"{a}": 1, "{a,b}": 2, "{a,{b,c}}": 2, "{a,b,c}": 3, `{a,"x,y"}`: 2, `{a,'x,"y'}`: 2, `{a,"\",",b}`: 3, "{a,[b,c]}": 2,
	} {
		if got := tupleSize(term); got != want {
			t.Errorf("tupleSize(%s) = %d, want %d", term, got, want)
		}
	}
}

func TestErrorTerms(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{ErrNotFound, "not_found"},
		{ErrDynamic, "simple_one_for_one"},
		{&InitError{Child: "s", Reason: &InitError{Child: "x", Reason: Term("no_db")}},
			"{shutdown,{failed_to_start_child,s,{shutdown,{failed_to_start_child,x,no_db}}}}"},
		{&StartError{Child: "b", Reason: Term("no_db")}, "{no_db,<child:b>}"},
		{CheckChildSpecs([]ChildSpec{{}}, ""), "missing_id"},
		{CheckChildSpecs([]ChildSpec{{ID: "a"}}, ""), "missing_start"},
		{errors.New("x"), `"x"`},
	} {
		if got := TermOf(c.err); got != c.want {
			t.Errorf("TermOf(%v) = %s, want %s", c.err, got, c.want)
		}
	}
}
