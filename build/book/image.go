package book

// imageTags are the tags of vvakame/review that hold the newest release of each
// major version, after the image's own list.
var imageTags = map[int]string{2: "2.5", 3: "3.2", 4: "4.2", 5: "5.9"}

const newestMajor = 5

// DefaultImage returns the image that suits a config's review_version, as it is
// written. Re:VIEW asks for the same major version and takes every newer minor
// one, so the newest known of that major version is right, whatever the minor.
func DefaultImage(reviewVersion string) string {
	tag, ok := imageTags[reviewMajor(reviewVersion)]
	if !ok {
		tag = imageTags[newestMajor]
	}
	return "vvakame/review:" + tag
}

// oldMajor is the version whose image builds the books that Re:VIEW 1 and 2 built.
const oldMajor = 2

// Image returns the image that suits the book, and why it is not the newest,
// "" where no reason need be given.
func (b *Book) Image() (ref, why string) {
	if b.IsOld() {
		return "vvakame/review:" + imageTags[oldMajor], "the book has a CHAPS file and no review_version, as those of Re:VIEW 1 and 2 do"
	}
	return DefaultImage(b.ReviewVersion), ""
}

// IsOld tells a book of the time of Re:VIEW 1 and 2: its chapters stand in
// CHAPS, and it does not say for which version it is. A newer Re:VIEW reads it,
// but its style files load none of the macros that a newer one writes, and
// review-update refuses it.
func (b *Book) IsOld() bool { return b != nil && b.ReviewVersion == "" && b.oldLists }
