// Package pdf reads PDFs as far as bookci looks into them: how many pages, which
// of them changed, what the preview shows of them. The files come from makers
// and are not trusted: the bounds in bounds.go hold for whatever a file says, and
// what cannot be read is a fault that is counted, never a panic. Libraries for
// all of PDF could be made to overflow the stack, to ask for terabytes and to
// spin.
package pdf
