//go:build unix

package fsx

import "syscall"

// doNotWait opens a pipe at once, whether or not somebody writes to it.
const doNotWait = syscall.O_NONBLOCK
