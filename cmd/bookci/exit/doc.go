// Package exit is whose fault an error is, as the status that bookci ends with.
//
// It is told an error, however deep the cause lies in it, and knows nothing of the
// command that met it. Of several causes in one error the one that Code asks for
// first gives the status.
package exit
