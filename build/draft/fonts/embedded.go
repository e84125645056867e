package fonts

import (
	"embed"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

//go:embed *.ttf.zst
var packed embed.FS

// License is that of the embedded typefaces. It must come with them, so each binary
// has it.
//
//go:embed OFL.txt
var License string

// Style names one of the embedded typefaces.
type Style int

// The embedded typefaces. Those for Latin are proportional and hold no kana or
// kanji; the others hold all of JIS X 0208 and give Latin half an em, which is
// what code is set in.
const (
	Mincho Style = iota
	Gothic
	GothicBold
	MinchoLatin
	GothicLatin
	GothicBoldLatin
	styles
)

var files = [styles]string{"mincho", "gothic", "gothic-bold", "mincho-latin", "gothic-latin", "gothic-bold-latin"}

// Styles returns all embedded typefaces.
func Styles() []Style {
	return []Style{Mincho, Gothic, GothicBold, MinchoLatin, GothicLatin, GothicBoldLatin}
}

var loaded [styles]struct {
	once sync.Once
	face *Face
	err  error
}

// Load returns an embedded typeface. It is unpacked at the first call, in some
// 3 ms; a Face is immutable and serves any number of goroutines.
func Load(style Style) (*Face, error) {
	if style < 0 || style >= styles {
		return nil, fmt.Errorf("there is no typeface %d", style)
	}
	l := &loaded[style]
	l.once.Do(func() {
		l.face, l.err = unpack(files[style] + ".ttf.zst")
	})
	return l.face, l.err
}

func unpack(name string) (*Face, error) {
	data, err := packed.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("typeface %s: %w", name, err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("typeface %s: %w", name, err)
	}
	defer decoder.Close()
	font, err := decoder.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("typeface %s: %w", name, err)
	}
	face, err := Parse(font)
	if err != nil {
		return nil, fmt.Errorf("typeface %s: %w", name, err)
	}
	return face, nil
}

// LoadAll unpacks every embedded typeface on as many cores as there are.
func LoadAll() error {
	var wait sync.WaitGroup
	for s := range styles {
		wait.Go(func() { Load(s) })
	}
	wait.Wait()
	for s := range styles {
		if _, err := Load(s); err != nil {
			return err
		}
	}
	return nil
}
