package syntax

import "github.com/erlmcp/erlmcp/repl/internal/term"

// Node is an expression, a pattern or a guard.
type Node interface{ Pos() Pos }

// At is the place of a node in the text.
type At struct{ Place Pos }

// Pos implements Node.
func (a At) Pos() Pos { return a.Place }

// The nodes. Exprs are sequences of at least one expression.
type (
	// Literal is a number, an atom, a character, or a constant built by the parser.
	Literal struct {
		At
		Value term.Term
	}
	// Str is a string literal.
	Str struct {
		At
		Text  string
		Value term.Term
	}
	// Var is a variable; _ is the anonymous one.
	Var struct {
		At
		Name string
	}
	// Tuple is a tuple constructor or pattern.
	Tuple struct {
		At
		Elems []Node
	}
	// Cons is a list cell.
	Cons struct {
		At
		Head, Tail Node
	}
	// MapExpr is a map constructor, update (Base not nil) or pattern.
	MapExpr struct {
		At
		Base   Node
		Fields []MapField
	}
	// MapField is an association; Exact is one with :=.
	MapField struct {
		At
		Key, Value Node
		Exact      bool
	}
	// Binary is a bit string constructor or pattern.
	Binary struct {
		At
		Segments []Segment
	}
	// Segment is one segment of a bit string. Size is nil when not given.
	Segment struct {
		At
		Value, Size Node
		Type        string // integer float binary utf8 utf16 utf32, "" is the default
		Unit        int    // 0 is the default
		Signed      bool
		Little      bool // also native: this interpreter's machine is little endian
	}
	// Unary is an operator with one operand: + - not bnot.
	Unary struct {
		At
		Op string
		X  Node
	}
	// Binop is an operator with two operands, andalso and orelse included.
	Binop struct {
		At
		Op   string
		L, R Node
	}
	// Match is Pattern = Expr; in a pattern, both sides are patterns.
	Match struct {
		At
		L, R Node
	}
	// Catch is catch Expr.
	Catch struct {
		At
		X Node
	}
	// Block is begin ... end.
	Block struct {
		At
		Body []Node
	}
	// Case is case ... end.
	Case struct {
		At
		X       Node
		Clauses []Clause
	}
	// If is if ... end.
	If struct {
		At
		Clauses []Clause
	}
	// Receive is receive ... end.
	Receive struct {
		At
		Clauses []Clause
		After   Node
		Then    []Node
	}
	// Try is try ... end. Handlers have three patterns: class, reason, stack trace.
	Try struct {
		At
		Body     []Node
		Clauses  []Clause
		Handlers []Clause
		After    []Node
	}
	// Fun is a fun with clauses; Name is its own name or "".
	Fun struct {
		At
		Name    string
		Clauses []Clause
	}
	// FunRef is fun Name/Arity, or fun Module:Name/Arity when Module is not nil.
	FunRef struct {
		At
		Module, Name, Arity Node
	}
	// Call is a call; Module is nil in a local one.
	Call struct {
		At
		Module, Func Node
		Args         []Node
	}
	// Comp is a comprehension: list, binary or map by Kind.
	Comp struct {
		At
		Kind  CompKind
		Elem  Node
		Value Node // of a map comprehension
		Quals []Qual
	}
	// Qual is a generator or, with a nil Pattern, a filter.
	Qual struct {
		At
		Pattern Node
		Key     Node // key pattern of a map generator
		Bits    bool // <=
		X       Node
	}
	// Clause is a clause of a case, a fun, and so on. Guard is a disjunction of
	// conjunctions; nil is true.
	Clause struct {
		At
		Patterns []Node
		Guard    [][]Node
		Body     []Node
	}
	// Remote is M:F outside of a call, which is an error.
	Remote struct {
		At
		Module, Name Node
	}
)

// CompKind is what a comprehension builds.
type CompKind uint8

// The kinds of comprehensions.
const (
	ListComp CompKind = iota
	BinaryComp
	MapComp
)
