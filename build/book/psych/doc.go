// Package psych reads YAML as Ruby's Psych does, which is how Re:VIEW reads its
// config and catalog.
//
// It promises the same scalars and the same merging, with the line of each
// value, in bounded memory. It knows nothing of what the keys mean.
package psych
