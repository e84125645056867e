package engine_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/bookci/bookci/build/engine/docker"
	"github.com/bookci/bookci/build/engine/enginetest"
	"github.com/bookci/bookci/internal/standin"
)

// The real uplatex asks nobody for the size of an image that the real extractbb
// has measured, and gives it the room that it would give it otherwise.
func TestTheRealUplatexTakesTheSizesOfImages(t *testing.T) {
	api := standin.Docker(t)
	engine := enginetest.DockerEngine(t, api, api, standin.RealImage, docker.Copy)
	var drawn bytes.Buffer
	if err := png.Encode(&drawn, image.NewGray(image.Rect(0, 0, 70, 50))); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	enginetest.Put(t, root, map[string]string{
		"images/a.png": drawn.String(), "images/empty.png": "",
		"sizes.tex": `\documentclass{article}\usepackage[dvipdfmx]{graphicx}\begin{document}
\sbox0{\includegraphics{images/a.png}}\typeout{room \the\wd0 \the\ht0}\end{document}`,
	})
	s := enginetest.Open(t, engine, root)
	enginetest.Sync(t, s, root)
	run := func(script string) string {
		t.Helper()
		out, status := enginetest.Sh(t, s, script)
		if status != 0 {
			t.Fatalf("status %d: %s", status, out)
		}
		return out
	}
	room := func() string {
		t.Helper()
		_, room, _ := strings.Cut(run(`uplatex -interaction=nonstopmode -recorder sizes.tex`), "\nroom ")
		room, _, _ = strings.Cut(room, "\n")
		return room
	}
	plain := room()
	if strings.Count(plain, "pt") != 2 || strings.Contains(run("cat sizes.fls"), ".xbb") {
		t.Fatalf("plainly the image has the room %q", plain)
	}
	if got := run(`name=uplatex; . ` + s.Paths().Own + `/lib/tex/files.sh; write_boxes boxes; cat boxes; ls images`); !strings.Contains(got, "a.xbb\nempty.png\n") {
		t.Errorf("images were not measured: %s", got)
	}
	if got := room(); got != plain || !strings.Contains(run("cat sizes.fls"), "images/a.xbb\n") {
		t.Errorf("the image has the room %q, want %q, by its .xbb; it read\n%s", got, plain, run("cat sizes.fls"))
	}
}
