// Package lint holds the architecture tests of the project; it has no code of its own.
//
// The tests parse every Go file of the module and check what a compiler does not: the direction of
// imports between rooms and who may use which foreign module (imports_test.go), calls that some rooms
// must not make (calls_test.go), sizes (sizes_test.go), documentation (docs_test.go) and sleeping in
// tests (sleep_test.go). A rule about a room that does not exist has nothing to check and passes.
//
// Markers, each on the line of, or the line above, what it exempts:
//
//	//lint:dispatch-table          a function that is one long table or switch may exceed the size limit
//	//lint:sleep REASON            a sleep in a test that is not synchronisation
//	//lint:clock REASON            a clock read in a package that otherwise gets time as an argument
//
// Tier: hidden, tests only.
package lint
