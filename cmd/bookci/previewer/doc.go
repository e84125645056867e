// Package previewer shows a book while it is written: it gives package preview's
// page what only a project and an engine have.
//
// The page has a session of its own beside the builder's, as giving up a build ends
// every process of that one. A draft of what was saved a moment ago is shown where
// there is nothing better. The room is told by a watch what was read, saved and
// built, and knows nothing of the watch itself. The page is this machine's alone
// unless the user names an address for others.
package previewer
