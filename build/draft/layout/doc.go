// Package layout sets a manuscript in pages, as horizontal Japanese is set.
//
// It is told a review.Book and how large its images are, and gives sheets: a
// chapter becomes a galley, one long column of lines, pictures and rows; the
// galley is parted into pages; pages are bound into a book with its contents,
// index and numbers. Sizes and distances follow review-jsbook, so that a draft
// has about as many pages as the book.
//
// It knows nothing of files, of PDF, or of time.
package layout
