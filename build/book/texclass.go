package book

// defaultClass is the document class of a book that names none.
const defaultClass = "review-jsbook"

// TeXClass is the document class of the book's PDF. Where the book lacks its
// file, the work tree gets the one that the image's Re:VIEW came with.
func (b *Book) TeXClass() string {
	switch v := b.Setting(PDF, "texdocumentclass").(type) {
	case string:
		return v
	case []any:
		if len(v) > 0 {
			if name, ok := v[0].(string); ok {
				return name
			}
		}
	}
	return defaultClass
}
