package book

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// URN is the identifier of a book whose config has none: "urn:uuid:" and a UUID that
// follows from bookname, title and author, so that a reader knows a new edition for
// the same book. Re:VIEW would make up another one at each build.
func (b *Book) URN() string {
	// Maps are encoded in the order of their keys.
	text, err := json.Marshal([]any{b.Bookname, b.Settings["booktitle"], b.Settings["aut"]})
	if err != nil {
		text = []byte(b.Bookname)
	}
	sum := sha256.Sum256(text)
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80 // RFC 9562: version 8, made by a rule of one's own
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:])
}
