// Package side is what studies share: servers and programs to measure, arithmetic, and the
// report in which a study says what it found.
package side
