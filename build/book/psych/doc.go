// Package psych reads YAML as Ruby's Psych does, which is how Re:VIEW reads its
// config and catalog.
//
// Psych is YAML 1.1 with habits of its own: "yes" and "on" are booleans, 1:30 is a
// number, the last of two equal keys wins, and << overrides what stands above it. A
// reader with other habits would see another book than the maker does. So scalars
// and merging are resolved here as Psych 4 does it, from the nodes that the YAML
// library parses.
//
// It promises the line of each value, and bounded time and memory. It knows nothing
// of what the keys mean.
package psych
