package review

// indexes find what a chapter defines by its id, one index for each kind of
// command: an image and a list may share an id.
type indexes map[string]map[string]Node
