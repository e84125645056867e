package layout

import (
	"testing"

	"github.com/bookci/bookci/build/review"
)

func TestLengthsOfTeX(t *testing.T) {
	for s, want := range map[string]float64{"10pt": 9.963, "72.27pt": 72, "1in": 72, "25.4mm": 72, "2zw": 20, "13Q": 9.213, "3": -1, "": -1, "pt": -1, "1e9pt": -1} {
		if got := parseLength(s, 10, -1); got < want-0.01 || got > want+0.01 {
			t.Errorf("%q is %v, not %v", s, got, want)
		}
	}
}

// The same manuscript gives the same bytes.
func TestOfSeveralPapersTheSameIsTaken(t *testing.T) {
	b := review.Read(&review.Manuscript{Dir: ".", Config: map[string]any{"texdocumentclass": []any{"review-jsbook", "a4paper,a5paper,b5paper,letterpaper"}}, Files: noFiles{}})
	first := ReadGeometry(b.Settings)
	for range 50 {
		if g := ReadGeometry(b.Settings); g != first {
			t.Fatalf("first %v, then %v", first.Paper, g.Paper)
		}
	}
}

func TestTheClassOptionsPlaceTheText(t *testing.T) {
	options := classSettings{"line_length": "35zw", "number_of_lines": "32", "head_space": "18mm", "gutter": "16mm", "baselineskip": "15.5pt"}
	g := Geometry{Em: 9.2, Lead: 15.44}
	g.Paper.Width, g.Paper.Height = 148*mm, 210*mm
	g.measureText(options)
	near := func(a, b float64) bool { return a-b < 0.001 && b-a < 0.001 }
	if !near(g.TextWidth, 35*9.2) || !near(g.Gutter, 16*mm) || !near(g.Head, 18*mm) {
		t.Errorf("width %v, gutter %v, head %v", g.TextWidth, g.Gutter, g.Head)
	}
	if lines := int((g.TextHeight-g.TopSkip)/g.Lead) + 1; lines != 32 {
		t.Errorf("%d lines fit", lines)
	}
	if !near(g.Left(1), 16*mm) || g.Left(2) <= g.Left(1)-20 || g.Left(2)+g.TextWidth > g.Paper.Width-16*mm+0.001 {
		t.Errorf("pages begin at %v and %v", g.Left(1), g.Left(2))
	}
}
