// Package pdf reads PDFs as far as bookci looks into them: how many pages, and
// which of them changed. The files come from makers and are not trusted.
package pdf
