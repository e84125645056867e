package draft

import (
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/bookci/bookci/build/review"
)

// maxReadings bounds the dictionary of the index.
const maxReadings = 4 << 20

// readings reads the dictionary that tells how the index's terms are read, by term: a
// term and its reading on each line, parted by a tab or blanks. It is nil when the book
// has none.
func readings(files fs.FS, dir string, s *review.Settings) map[string]string {
	name := s.Text("pdfmaker.makeindex_dic", "")
	if name == "" || files == nil {
		return nil
	}
	f, err := files.Open(path.Join(dir, name))
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxReadings))
	if err != nil {
		return nil
	}
	found := map[string]string{}
	for line := range strings.SplitSeq(string(data), "\n") {
		if term, reading, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			found[term] = strings.TrimSpace(reading)
		} else if parts := strings.Fields(line); len(parts) == 2 {
			found[parts[0]] = parts[1]
		}
	}
	return found
}
