package review

import (
	"slices"
	"testing"
)

func TestSettingsReadWhatYAMLGives(t *testing.T) {
	s := &Settings{map[string]any{
		"secnolevel": 3, "toclevel": "2", "booktitle": map[string]any{"name": "題名", "file-as": "ダイメイ"},
		"aut": []any{"甲", map[string]any{"name": "乙"}}, "pbl": "版元", "makeindex": true, "chapterlink": nil,
		"pdfmaker": map[string]any{"makeindex": false},
	}}
	if n := s.Int("secnolevel", 2); n != 3 {
		t.Errorf("secnolevel is %d", n)
	}
	if n := s.Int("toclevel", 1); n != 2 {
		t.Errorf("toclevel is %d", n)
	}
	if n := s.Int("none", 7); n != 7 {
		t.Errorf("a missing number is %d", n)
	}
	if got := s.Text("booktitle", ""); got != "題名" {
		t.Errorf("booktitle is %q", got)
	}
	if got := s.List("aut"); !slices.Equal(got, []string{"甲", "乙"}) {
		t.Errorf("aut is %q", got)
	}
	if got := s.List("pbl"); !slices.Equal(got, []string{"版元"}) {
		t.Errorf("pbl is %q", got)
	}
	if !s.Bool("makeindex", false) || s.Bool("pdfmaker.makeindex", true) || !s.Bool("chapterlink", true) {
		t.Error("a flag is read wrongly")
	}
	if s.Value("pdfmaker.makeindex.deeper") != nil {
		t.Error("a value is taken for a section")
	}
}
