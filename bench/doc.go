// Command bench measures the bot beside what it could have been made of, and writes what it
// found into docs/performance.md. It is a module of its own, so that peers never enter the
// bot's go.mod.
//
//	go run .                every study, on this machine; tens of minutes
//	go run . -only ack,due  some of them
//	go run . -quick         all of them with next to no work, to see that they run
//	go run . -docs          only the document, from what was measured before
//
// A study is a package that measures one thing and answers with a [side.Report]. Reports are
// kept in results, the document is made of them alone.
package main
