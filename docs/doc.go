// Package docs holds the documents to what they say: its tests run their commands, follow
// their links, and look for what they leave out.
//
// A fenced block of commands (sh) is run by `make docs-check`, in a copy of the repository as
// it would be cloned, one block after the other. A comment right before it can say otherwise:
//
//	<!-- docs-check: not here, it needs a cluster -->
//	<!-- docs-check: TestAuditDocument runs it -->
//	<!-- docs-check: terminal one, until it says ready -->
//
// The first gives the reason why a block cannot be run, the second names the test that runs
// it, and the third leaves it running, as in a terminal of that name, while the next blocks
// go on: at once, or when it has said something. A comment `docs-check: step ask`, before a block or alone, has a test do what no
// command does, such as what people do in Slack.
package docs
