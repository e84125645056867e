package review

// Locale holds the words that Re:VIEW itself puts into a book, "図" and
// "第%d章", in the book's language and as its locale.yml has them.
type Locale struct{ words map[string]string }

// Word returns the words for a key as they are written, "" for a key that
// Re:VIEW does not have.
func (l *Locale) Word(key string) string { return l.words[key] }
