package mcp

// Revision is one revision of the protocol as a table of what it has. Code asks the flags and never compares
// versions, so that a further revision is a further row.
type Revision struct {
	Version string // such as "2025-11-25"

	Sessions            bool // handshake with initialize; session ids; server-initiated requests; GET streams
	Batches             bool // JSON-RPC batches
	VersionHeader       bool // MCP-Protocol-Version is sent with every HTTP request after initialize
	Priming             bool // each event stream starts with an event that has an id and no data
	EarlyClose          bool // the server may end an event stream before the answer; the client comes back
	Completions         bool // capability completions
	CompletionContext   bool // completion/complete carries the arguments that are known already
	Audio               bool // audio content
	ResourceLinks       bool // resource_link content
	StructuredOutput    bool // outputSchema and structuredContent
	Titles              bool // title beside name; _meta on listed features
	Icons               bool // icons; description and websiteUrl of an implementation
	Elicitation         bool // elicitation/create
	URLElicitation      bool // elicitation in URL mode
	ElicitationDefaults bool // the requested schema may carry defaults; titled and multiple-choice enums
	SamplingTools       bool // tools in sampling/createMessage
	InputErrorsInResult bool // arguments that break the input schema give a result with isError, no error

	// ResourceNotFound is the code for reading a resource that does not exist.
	ResourceNotFound int
}

// revisions has the revisions this server speaks, oldest first.
//
// MCP, specification/<version>/changelog of each.
var revisions = []*Revision{
	{
		Version:  "2025-03-26",
		Sessions: true, Batches: true,
		Completions: true, Audio: true,
		ResourceNotFound: CodeResourceNotFound,
	},
	{
		Version:  "2025-06-18",
		Sessions: true, VersionHeader: true,
		Completions: true, CompletionContext: true, Audio: true, ResourceLinks: true, StructuredOutput: true, Titles: true,
		Elicitation:      true,
		ResourceNotFound: CodeResourceNotFound,
	},
	{
		Version:  "2025-11-25",
		Sessions: true, VersionHeader: true, Priming: true, EarlyClose: true,
		Completions: true, CompletionContext: true, Audio: true, ResourceLinks: true, StructuredOutput: true, Titles: true,
		Icons: true, Elicitation: true, URLElicitation: true, ElicitationDefaults: true, SamplingTools: true,
		InputErrorsInResult: true,
		ResourceNotFound:    CodeResourceNotFound,
	},
}

// Revisions lists the revisions this server speaks, oldest first. Nobody changes the rows.
func Revisions() []*Revision { return append([]*Revision(nil), revisions...) }

// LatestRevision is the newest revision with a handshake: the one offered to a client that asks for a
// revision this server does not speak.
func LatestRevision() *Revision {
	for i := len(revisions) - 1; ; i-- {
		if revisions[i].Sessions {
			return revisions[i]
		}
	}
}

// RevisionOf finds a revision by its version; nil if this server does not speak it.
func RevisionOf(version string) *Revision {
	for _, r := range revisions {
		if r.Version == version {
			return r
		}
	}
	return nil
}

// negotiate is the revision to use with a client that asks for version.
//
// MCP 2025-11-25, basic/lifecycle, version negotiation.
func negotiate(version string) *Revision {
	if r := RevisionOf(version); r != nil && r.Sessions {
		return r
	}
	return LatestRevision()
}
