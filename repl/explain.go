package repl

// explain gives notes on the arguments of a call that a native refused.
func explain(f mfa, args []Term) map[int]string { return nil }
