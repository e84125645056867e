//go:build wine

package fsx

import _ "unsafe" // for the name below

// Wine 8 cannot remove a file in the way of Windows 10, and does not say so in
// the words that Go waits for. Go's own way for older systems does, which its
// tests ask for by this variable. Only programs for tests under Wine have this
// file: -tags wine -ldflags=-checklinkname=0.
//
//go:linkname deleteAsOlderSystems internal/syscall/windows.TestDeleteatFallback
var deleteAsOlderSystems bool

func init() { deleteAsOlderSystems = true }
