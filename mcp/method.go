package mcp

// Method is a method that a client may use, as a closed set: a metric label, never the client's own text.
type Method uint8

// The methods. MethodOther stands for every method that is not in the table.
const (
	MethodOther Method = iota
	MethodInitialize
	MethodPing
	MethodToolsList
	MethodToolsCall
	MethodResourcesList
	MethodTemplatesList
	MethodResourcesRead
	MethodSubscribe
	MethodUnsubscribe
	MethodPromptsList
	MethodPromptsGet
	MethodComplete
	MethodSetLevel
	MethodInitialized
	MethodCancelled
	MethodProgress
	MethodRootsListChanged
)

// methodRow is what the session knows about a method. Exactly one of request and notice is set, except in
// row 0.
type methodRow struct {
	name string
	// early says that the method may come before initialize.
	early bool
	// in says whether a revision has the method; nil means that all have it.
	in func(*Revision) bool
	// request handles a request and appends what is to be done: it answers it or starts a call for it.
	request func(*Session, request, []Effect) []Effect
	// notice handles a notification with its params. What is wrong with them is ignored.
	notice func(*Session, []byte, []Effect) []Effect
}

// methods is the dispatch table. Handlers never read it, so that it can name them.
//
// MCP, specification/<version>/schema, ClientRequest and ClientNotification.
var methods = [...]methodRow{
	MethodOther:            {name: "other"},
	MethodInitialize:       {name: "initialize", early: true, in: hasSessions, request: (*Session).initialize},
	MethodPing:             {name: "ping", early: true, in: hasSessions, request: (*Session).ping},
	MethodToolsList:        {name: "tools/list", request: (*Session).toolsList},
	MethodToolsCall:        {name: "tools/call", request: (*Session).toolsCall},
	MethodResourcesList:    {name: "resources/list", request: (*Session).resourcesList},
	MethodTemplatesList:    {name: "resources/templates/list", request: (*Session).templatesList},
	MethodResourcesRead:    {name: "resources/read", request: (*Session).resourcesRead},
	MethodSubscribe:        {name: "resources/subscribe", in: hasSessions, request: (*Session).subscribe},
	MethodUnsubscribe:      {name: "resources/unsubscribe", in: hasSessions, request: (*Session).unsubscribe},
	MethodPromptsList:      {name: "prompts/list", request: (*Session).promptsList},
	MethodPromptsGet:       {name: "prompts/get", request: (*Session).promptsGet},
	MethodComplete:         {name: "completion/complete", in: hasCompletions, request: (*Session).complete},
	MethodSetLevel:         {name: "logging/setLevel", in: hasSessions, request: (*Session).setLevel},
	MethodInitialized:      {name: "notifications/initialized", in: hasSessions, notice: (*Session).becomeInitialized},
	MethodCancelled:        {name: "notifications/cancelled", notice: (*Session).cancelled},
	MethodProgress:         {name: "notifications/progress", in: hasSessions, notice: ignore},
	MethodRootsListChanged: {name: "notifications/roots/list_changed", in: hasSessions, notice: ignore},
}

func hasSessions(r *Revision) bool    { return r.Sessions }
func hasCompletions(r *Revision) bool { return r.Completions }

// ignore takes a notification that the session has no use for.
func ignore(_ *Session, _ []byte, out []Effect) []Effect { return out }

var methodByName = func() map[string]Method {
	m := make(map[string]Method, len(methods))
	for i, row := range methods {
		if Method(i) != MethodOther {
			m[row.name] = Method(i)
		}
	}
	return m
}()

// MethodOf is the method with the name; MethodOther for any name that is not in the table.
func MethodOf(name string) Method { return methodByName[name] }

// String is the method's name on the wire, or "other".
func (m Method) String() string {
	if int(m) < len(methods) {
		return methods[m].name
	}
	return methods[MethodOther].name
}

// Methods lists all methods, MethodOther included.
func Methods() []Method {
	all := make([]Method, len(methods))
	for i := range all {
		all[i] = Method(i)
	}
	return all
}

// inRevision reports whether r has the method.
func (row *methodRow) inRevision(r *Revision) bool {
	return row.in == nil || row.in(r)
}
