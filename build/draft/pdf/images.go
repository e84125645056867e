package pdf

import (
	"context"
	"errors"
	"fmt"

	"github.com/bookci/bookci/build/draft/picture"
)

// numberPictures gives each image file an object.
func (p *writer) numberPictures() {
	for _, s := range p.doc.Sheets {
		for _, pic := range s.Pictures {
			if _, ok := p.imageOf[pic.File]; !ok {
				p.imageOf[pic.File] = len(p.images)
				p.images = append(p.images, pic.File)
			}
		}
	}
	p.firstImage = p.last + 1
	p.last += len(p.images)
}

// pictures writes every image.
func (p *writer) pictures(ctx context.Context) error {
	type made struct {
		object *picture.Object
		err    error
	}
	return inOrder(ctx, p.jobs, len(p.images),
		func(i int) (made, error) {
			if p.doc.Picture == nil {
				return made{err: errors.New("nobody brings images")}, nil
			}
			object, err := p.doc.Picture(p.images[i])
			return made{object, err}, nil
		},
		func(i int, m made) error {
			if m.err != nil {
				if p.doc.Failed != nil {
					p.doc.Failed(p.images[i], m.err)
				}
				m.object = grayArea
			}
			for _, part := range m.object.Parts {
				p.hash(part)
			}
			entries := fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d %s", m.object.Width, m.object.Height, m.object.Entries)
			p.stream(p.firstImage+i, entries, m.object.Parts...)
			return p.err
		})
}

// grayArea stands where an image cannot be shown.
var grayArea = &picture.Object{Width: 1, Height: 1, Entries: "/ColorSpace /DeviceGray /BitsPerComponent 8", Parts: [][]byte{{0xDD}}}
