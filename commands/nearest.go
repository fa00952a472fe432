package commands

import (
	"strings"
	"unicode/utf8"
)

// longestTypo is how long a word may be to be taken for a mistyped one, in
// characters; it bounds the work.
const longestTypo = 40

// Nearest is the one of words that was probably meant by what was typed, or
// nothing. A beginning of at least three letters counts as meant.
func Nearest(typed string, words []string) string {
	if utf8.RuneCountInString(typed) > longestTypo {
		return ""
	}
	best, least := "", longestTypo
	for _, w := range words {
		d := distance(typed, w)
		if len(typed) >= 3 && strings.HasPrefix(w, typed) {
			d = 0
		}
		if d < least && d <= max(1, len(w)/3) {
			best, least = w, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range y {
		rows[0][j+1] = j + 1
	}
	for i := range x {
		for j := range y {
			d := min(rows[i][j+1], rows[i+1][j]) + 1
			if x[i] == y[j] {
				d = min(d, rows[i][j])
			} else {
				d = min(d, rows[i][j]+1)
			}
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				d = min(d, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = d
		}
	}
	return rows[len(x)][len(y)]
}
