// Package crew runs a profile of load with as many worker processes and source addresses as the limits of
// the machine demand, merges what they say, and samples the nodes meanwhile. What was asked, what the limits
// allow and what was done are three things, and the results hold all of them.
//
// Plan is the arithmetic of limits, Profile the list of phases, Run does them, Results is what came out.
//
// Stability: a room; importable, no promise.
package crew
