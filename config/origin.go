package config

// Source is a kind of place that values come from.
type Source uint8

const (
	FromDefault Source = iota
	FromVMArgs
	FromFile
	FromEnvironment
	FromFlag
)

var sourceNames = [...]string{"default", "vm.args", "file", "environment", "flag"}

func (s Source) String() string { return sourceNames[s] }

// Origin is where a value came from.
type Origin struct {
	Source Source
	Where  string // file:line, variable or flag; empty for defaults
}

// String is the origin in words, such as "environment ERL_MAX_PORTS".
func (o Origin) String() string {
	if o.Where == "" {
		return o.Source.String()
	}
	return o.Source.String() + " " + o.Where
}

// assignment is one value for one key.
type assignment struct {
	key    *Key
	value  any
	origin Origin
}

// given is a variable or argument of an Erlang release as it was found.
type given struct {
	alias  *alias
	name   string // as written
	value  string // as written; *** for secrets
	origin Origin
}

// layer is what one source has to say.
type layer struct {
	assignments []assignment
	given       []given
	warnings    []string
	errs        Errors
}

// set parses text for a key.
func (l *layer) set(k *Key, text string, o Origin) {
	v, err := k.parse(text)
	if err != nil {
		l.errs.add(o.Where, k.Path, "%v", err)
		return
	}
	l.assign(k, v, o)
}

// assign notes a value. A later one for the same key wins.
func (l *layer) assign(k *Key, v any, o Origin) {
	for i := range l.assignments {
		if l.assignments[i].key == k {
			l.assignments[i] = assignment{k, v, o}
			return
		}
	}
	l.assignments = append(l.assignments, assignment{k, v, o})
}

func (l *layer) has(k *Key) bool {
	for i := range l.assignments {
		if l.assignments[i].key == k {
			return true
		}
	}
	return false
}
