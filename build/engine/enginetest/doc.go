// Package enginetest has what tests of engines share: the engines that this
// machine can run (Contenders), and short words for what a session does.
package enginetest
