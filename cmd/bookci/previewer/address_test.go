package previewer

import (
	"testing"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/cmd/bookci/exit"
)

func TestAnAddressWithoutAHostIsThisMachinesAlone(t *testing.T) {
	for in, want := range map[string]string{
		":9000": "localhost:9000", "9000": "localhost:9000", "localhost": "localhost:8000", "localhost:0": "localhost:0",
		"127.0.0.1:1": "127.0.0.1:1", "0.0.0.0:80": "0.0.0.0:80", "[::1]:80": "[::1]:80", "::1": "[::1]:8000",
	} {
		if got, err := loopbackAddr(in); err != nil || got != want {
			t.Errorf("--serve %q listens at %q, %v; want %q", in, got, err, want)
		}
	}
	if _, err := loopbackAddr("book.example:80"); err == nil || exit.Code(err) != 2 {
		t.Errorf("a name that anyone may give out: %v", err)
	}
}

func TestATitleIsTextOrAMap(t *testing.T) {
	for want, title := range map[string]any{"本": "本", "名": map[string]any{"name": "名", "file-as": "ナ"}, "": 3} {
		if got := titleOf(&book.Book{Settings: map[string]any{"booktitle": title}}); got != want {
			t.Errorf("%v has the title %q", title, got)
		}
	}
}
