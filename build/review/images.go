package review

import (
	"path"
	"slices"
	"strings"
)

// imageFinder finds the file of an image by its id, in the order in which
// Re:VIEW looks.
type imageFinder struct {
	folder  string              // as the config names it
	builder string              // of the images of one kind of output alone
	types   []string            // extensions, the best first
	files   map[string][]string // by path without extension
}

// imageTypes are the extensions that a kind of output takes.
var imageTypes = map[string][]string{
	"latex": {".ai", ".eps", ".pdf", ".tif", ".tiff", ".png", ".bmp", ".jpg", ".jpeg", ".gif"},
	"html":  {".png", ".jpg", ".jpeg", ".gif", ".svg"},
	"":      {".ai", ".psd", ".eps", ".pdf", ".tif", ".tiff", ".png", ".bmp", ".jpg", ".jpeg", ".gif", ".svg"},
}

func newImageFinder(m *Manuscript, s *Settings, builder string) *imageFinder {
	f := &imageFinder{builder: builder, types: imageTypes[builder], files: map[string][]string{}}
	if f.types == nil {
		f.types = imageTypes[""]
	}
	f.folder = path.Join(m.Dir, s.Text("imagedir", "images"))
	files := slices.Clone(m.Files.Images(f.folder))
	slices.Sort(files)
	for _, file := range files {
		if ext := path.Ext(file); len(ext) > 1 {
			stem := strings.TrimSuffix(file, ext)
			f.files[stem] = append(f.files[stem], file)
		}
	}
	return f
}

// find returns the slash path of an image's file, "" when there is none.
func (f *imageFinder) find(chapter, id string) string {
	for _, stem := range []string{
		f.builder + "/" + chapter + "/" + id,
		f.builder + "/" + chapter + "-" + id,
		f.builder + "/" + id,
		chapter + "/" + id,
		chapter + "-" + id,
		id,
	} {
		found := f.files[f.folder+"/"+stem]
		if len(found) == 0 {
			continue
		}
		for _, ext := range f.types {
			for _, file := range found {
				if strings.ToLower(path.Ext(file)) == ext {
					return file
				}
			}
		}
	}
	return ""
}
