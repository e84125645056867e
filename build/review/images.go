package review

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/bookci/bookci/internal/text"
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
	for _, stem := range f.stems(chapter, id) {
		found := f.files[stem]
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

// elsewhereFolders are where images lie when they lie in the wrong place.
var elsewhereFolders = []string{"image", "images", "Images", "img", "imgs", "fig", "figs", "figures", "pictures", "assets", "static", "media"}

// missingHint says what is to be done for an image whose file was not found, at the
// place at. Where another id is meant, it is put down in p.meant that at means it.
func (p *parser) missingHint(at Place, command, id string) string {
	f := p.images
	own := f.folder + "/" + p.chapter.ID + "-" + path.Base(id) // where the chapter's image would lie, without extension
	otherwise := fmt.Sprintf("put it into %s/ as %s.png, .jpg or .pdf, or into %s/%s/", path.Base(f.folder), path.Base(own), path.Base(f.folder), p.chapter.ID)
	if !p.mayGuess() {
		return otherwise
	}
	write := func(id string) string {
		if command == "icon" {
			return "write @<icon>{" + id + "}"
		}
		p.meant[id] = at
		return "write //" + command + "[" + id + "]"
	}
	if below, found := strings.CutPrefix(strings.TrimPrefix(id, "./"), path.Base(f.folder)+"/"); found {
		if stem := strings.TrimSuffix(below, path.Ext(below)); f.find(p.chapter.ID, stem) != "" {
			return write(f.idOf(f.folder+"/"+stem, p.chapter.ID)) + ": an id has no folder and no extension"
		}
	}
	if ext := path.Ext(id); ext != "" {
		if stem := strings.TrimSuffix(id, ext); f.find(p.chapter.ID, stem) != "" {
			return write(stem) + ": an id is the name without the extension"
		}
	}
	for _, stem := range f.stems(p.chapter.ID, id) {
		for _, file := range f.files[stem] {
			return fmt.Sprintf("save %s as %s too: %s shows no %s", file, strings.TrimSuffix(file, path.Ext(file))+f.preferred(file), f.target(), path.Ext(file))
		}
	}
	var known []string
	for stem := range f.files {
		known = append(known, stem)
	}
	slices.Sort(known)
	known = known[:min(len(known), maxKnown)]
	for _, wanted := range append(f.stems(p.chapter.ID, id), f.stems(p.chapter.ID, strings.TrimSuffix(id, path.Ext(id)))...) {
		for _, stem := range known {
			if norm.NFC.String(stem) == norm.NFC.String(wanted) && f.takes(stem) {
				file := f.files[stem][0]
				return fmt.Sprintf("rename %s to %s: the names look alike, but the file's is in another Unicode form, as Macs write it", file, wanted+path.Ext(file))
			}
			if strings.EqualFold(stem, wanted) && f.takes(stem) {
				if f.find(p.chapter.ID, f.idOf(stem, p.chapter.ID)) != "" {
					return write(f.idOf(stem, p.chapter.ID)) + ": the file is " + f.files[stem][0]
				}
				return fmt.Sprintf("rename %s to %s", f.files[stem][0], wanted+path.Ext(f.files[stem][0]))
			}
		}
	}
	for _, stem := range known {
		if base := path.Base(stem); (base == id || strings.HasSuffix(base, "-"+id)) && f.takes(stem) {
			return fmt.Sprintf("copy %s to %s", f.files[stem][0], own+path.Ext(f.files[stem][0]))
		}
	}
	if file := p.imageElsewhere(id); file != "" {
		return fmt.Sprintf("move %s to %s", file, own+path.Ext(file))
	}
	var near []string
	for _, stem := range known {
		if other := f.idOf(stem, p.chapter.ID); f.find(p.chapter.ID, other) != "" {
			near = append(near, other)
		}
	}
	if n := text.Nearest(id, near); n != "" {
		return write(n)
	}
	return otherwise
}

// imageElsewhere looks for an image beside the chapter and in folders that are
// not the book's folder of images.
func (p *parser) imageElsewhere(id string) string {
	name := strings.TrimSuffix(path.Base(id), path.Ext(id))
	is := func(file string) bool {
		stem := strings.TrimSuffix(path.Base(file), path.Ext(file))
		return (stem == name || stem == p.chapter.ID+"-"+name) && p.images.shows(file)
	}
	for _, dir := range []string{p.manuscript.Dir, path.Dir(p.chapter.File)} {
		for _, ext := range []string{".png", ".jpg", ".jpeg", ".pdf"} {
			for _, file := range []string{name + ext, p.chapter.ID + "-" + name + ext} {
				if _, err := p.manuscript.Files.Read(path.Join(dir, file)); err == nil {
					return path.Join(dir, file)
				}
			}
		}
		for _, folder := range elsewhereFolders {
			if folder = path.Join(dir, folder); folder == p.images.folder {
				continue
			}
			images := p.manuscript.Files.Images(folder)
			if i := slices.IndexFunc(images, is); i >= 0 {
				return images[i]
			}
		}
	}
	return ""
}

// stems are the paths, without extension, at which an image is looked for.
func (f *imageFinder) stems(chapter, id string) []string {
	var list []string
	for _, name := range []string{
		f.builder + "/" + chapter + "/" + id,
		f.builder + "/" + chapter + "-" + id,
		f.builder + "/" + id,
		chapter + "/" + id,
		chapter + "-" + id,
		id,
	} {
		list = append(list, f.folder+"/"+name)
	}
	return list
}

// idOf is the id by which a chapter shows the image at a path without extension.
func (f *imageFinder) idOf(stem, chapter string) string {
	id := strings.TrimPrefix(strings.TrimPrefix(stem, f.folder+"/"), f.builder+"/")
	return strings.TrimPrefix(strings.TrimPrefix(id, chapter+"/"), chapter+"-")
}

// shows tells whether the kind of output takes a file.
func (f *imageFinder) shows(file string) bool {
	return slices.Contains(f.types, strings.ToLower(path.Ext(file)))
}

// takes tells whether the kind of output takes any file of a path without extension.
func (f *imageFinder) takes(stem string) bool { return slices.ContainsFunc(f.files[stem], f.shows) }

// preferred is the extension to save an image with that cannot be shown.
func (f *imageFinder) preferred(file string) string {
	if strings.EqualFold(path.Ext(file), ".svg") && f.builder == "latex" {
		return ".pdf"
	}
	return ".png"
}

// target names the kind of output.
func (f *imageFinder) target() string {
	switch f.builder {
	case "latex":
		return "the PDF"
	case "html":
		return "an EPUB"
	}
	return "this kind of output"
}
