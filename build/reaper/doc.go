// Package reaper clears away what bookci left on this machine when it was
// killed: a small process that outlives it, is told what to remove, and acts
// when its pipe closes.
package reaper
