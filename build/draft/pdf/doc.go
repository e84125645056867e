// Package pdf writes the draft's sheets as a PDF: embedded subsets of TrueType
// fonts, text that can be searched and copied, images, links, nested bookmarks,
// page labels, title and language.
//
// It is a writer of bookci's own. The best library for this, gopdf, maps
// characters beyond U+FFFF to wrong ones when text is read back, links nested
// bookmarks wrongly, knows neither page labels nor a language, compresses pages
// one after the other, and needs 57 ms for each image with transparency; a
// pull parser of ours would have had to mend its output. What a draft needs of
// PDF is little, and is all here.
//
// The same document gives the same bytes. Pages and images are compressed on
// all cores; no more than a few of them are in memory at a time.
package pdf
