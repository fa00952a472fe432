// Package charttest holds the Helm chart to what it promises: that each way of using
// it renders what Kubernetes takes and the bot understands, that what cannot work is
// refused before anything is installed, and that its README and its schema say what its
// values say. It is a module of its own, so that Kubernetes' types never enter the bot's go.mod.
package charttest
