package config

import "strings"

// Nearest is the candidate that name was probably meant to be, or "" if none is like it.
func Nearest(name string, candidates []string) string { return nearest(name, candidates) }

// nearest is the candidate with the smallest edit distance to name, or "" where none is near enough to be
// what was meant: a third of the letters may differ, at least two.
func nearest(name string, candidates []string) string {
	best, distance := "", max(2, len(name)/3)+1
	if len(name) > 200 {
		return ""
	}
	for _, c := range candidates {
		if d := editDistance(strings.ToLower(name), strings.ToLower(c)); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// didYouMean is the end of a message that suggests a candidate; empty if none is near.
func didYouMean(name string, candidates []string) string {
	if c := nearest(name, candidates); c != "" {
		return "; did you mean " + c + "?"
	}
	return ""
}

// editDistance counts insertions, deletions, substitutions, and swaps of neighbours (optimal string
// alignment).
func editDistance(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
