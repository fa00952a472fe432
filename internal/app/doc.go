// Package app wires the bot: a configuration in, a running bot out. The
// program, the sandbox and the end-to-end tests all go this way.
package app
