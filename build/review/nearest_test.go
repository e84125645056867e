package review

import (
	"regexp"
	"strings"
	"testing"
)

// near reads a book of two chapters, the second of which the first is about.
func near(text string, files memory) *Book {
	all := memory{
		"ch01.re":              "= 一\n\n== 準備\n\n//list[hello][題]{\n//}\n\n//table[prices][題]{\nあ\n//}\n\n//image[plan][題]{\n//}\n\n//footnote[note1][注]\n\n//texequation[square][式]{\n//}\n\n" + text + "\n",
		"ch02.re":              "= 二\n\n== 手順\n\n//list[later][題]{\n//}\n\n//footnote[far][注]\n\n@<fn>{far}\n",
		"images/ch01-plan.png": "", "images/ch02-map.png": "", "images/ch01-Logo.png": "", "images/ch01-graph.svg": "", "images/ch01-photo.webp": "", "img/shot.png": "",
		"ch03.re": "= 三\n",
	}
	for name, text := range files {
		all[name] = text
	}
	return Read(&Manuscript{Dir: ".", Files: all, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}, {ID: "ch02", File: "ch02.re", Kind: Body}}})
}

// A hint that says what to write is done to the letter: then nothing is wrong.
func TestTheNearestRightNameIsTheHint(t *testing.T) {
	replaced := regexp.MustCompile(`^write (@<\w+>(?:\{[^}]*\})?|//\w+(?:\[[^\]]*\])?)`)
	for text, hint := range map[string]string{
		"@<list>{helo}":                     "write @<list>{hello}",
		"@<list>{later}":                    "write @<list>{ch02|later}",
		"@<list>{ch02|latr}":                "write @<list>{ch02|later}",
		"@<list>{ch2|later}":                "write @<list>{ch02|later}",
		"@<list>{prices}":                   "write @<table>{prices}",
		"@<table>{price}":                   "write @<table>{prices}",
		"@<img>{plan.png}":                  "write @<img>{plan}",
		"@<img>{Plan}":                      "write @<img>{plan}",
		"@<eq>{squar}":                      "write @<eq>{square}",
		"@<hd>{準美}":                         "",
		"@<hd>{手順}":                         "write @<hd>{ch02|手順}",
		"@<fn>{note}":                       "write @<fn>{note1}",
		"@<chap>{ch1}":                      "write @<chap>{ch01}",
		"@<chap>{ch02.re}":                  "write @<chap>{ch02}",
		"@<bold>{x}":                        "write @<b>",
		"@<cod>{x}":                         "write @<code>",
		"@<footnote>{note1}":                "write @<fn>",
		"//lst[a][b]{\n//}":                 "write //list",
		"//figure[plan][題]{\n//}":           "write //image",
		"//image[plan.png][題]{\n//}":        "write //image[plan]: an id is the name without the extension",
		"//image[images/plan][題]{\n//}":     "write //image[plan]: an id has no folder and no extension",
		"//image[images/plan.png][題]{\n//}": "write //image[plan]: an id has no folder and no extension",
		"//indepimage[logo]":                "write //indepimage[Logo]: the file is images/ch01-Logo.png",
		"//indepimage[plam]":                "write //indepimage[plan]",
	} {
		b := near(text, nil)
		var hints []string
		for _, f := range b.Faults {
			if f.Code != "review-unreferenced" && f.Code != "review-duplicate-label" {
				hints = append(hints, f.Hint)
			}
		}
		if len(hints) != 1 || hint != "" && hints[0] != hint {
			t.Errorf("%s: %q", text, hints)
			continue
		}
		m := replaced.FindStringSubmatch(hints[0])
		if m == nil {
			continue
		}
		wrong := regexp.MustCompile(`^@<\w+>\{[^}]*\}|^//\w+(?:\[[^\]]*\])?`)
		if !strings.ContainsAny(m[1], "{[") {
			wrong = regexp.MustCompile(`^@<\w+>|^//\w+`)
		}
		mended := wrong.ReplaceAllLiteralString(text, m[1])
		for _, f := range near(mended, nil).Faults {
			if f.Code != "review-unreferenced" && f.Code != "review-duplicate-label" {
				t.Errorf("%s: %s became %s: %v", text, hints[0], mended, f)
			}
		}
	}
}

// These hints are done by hand: to a file, or to another line.
func TestHintsAboutFilesAndOtherLinesMend(t *testing.T) {
	for _, c := range []struct {
		text, hint string
		mended     string // the text, when it changes
		files      memory
	}{
		{"@<fn>{far}", "move //footnote[far] here: it stands in ch02.re, and a note belongs into the chapter that refers to it", "@<fn>{far}\n\n//footnote[far][注]", memory{"ch02.re": "= 二\n"}},
		{"@<fn>{absent}", "write //footnote[absent][text] on a line of its own in this chapter", "@<fn>{absent}\n\n//footnote[absent][text]", nil},
		{"@<list>{entirely}", "give a listing of this chapter the id: //list[entirely][caption]{", "@<list>{entirely}\n\n//list[entirely][caption]{\n//}", nil},
		{"@<hd>{全く別の話}", "give the heading this title, or the label: =={全く別の話} title", "@<hd>{全く別の話}\n\n=={全く別の話} title", nil},
		{"//indepimage[graph]", "save images/ch01-graph.svg as images/ch01-graph.pdf too: the PDF shows no .svg", "", memory{"images/ch01-graph.pdf": ""}},
		{"//indepimage[photo]", "save images/ch01-photo.webp as images/ch01-photo.png too: the PDF shows no .webp", "", memory{"images/ch01-photo.png": ""}},
		{"//indepimage[map]", "copy images/ch02-map.png to images/ch01-map.png", "", memory{"images/ch01-map.png": ""}},
		{"//indepimage[shot]", "move img/shot.png to images/ch01-shot.png", "", memory{"images/ch01-shot.png": ""}},
		{"//indepimage[absent]", "put it into images/ as ch01-absent.png, .jpg or .pdf, or into images/ch01/", "", memory{"images/ch01/absent.jpg": ""}},
	} {
		if c.mended == "" {
			c.mended = c.text
		}
		loud := func(b *Book) (said []string) {
			for _, f := range b.Faults {
				if f.Code != "review-unreferenced" {
					said = append(said, f.Hint)
				}
			}
			return said
		}
		if said := loud(near(c.text, nil)); len(said) != 1 || said[0] != c.hint {
			t.Errorf("%s: %q", c.text, said)
		}
		if said := loud(near(c.mended, c.files)); len(said) > 0 {
			t.Errorf("%s, mended: %q", c.text, said)
		}
	}
	if said := near("@<chap>{ch03}", nil).Faults; said[len(said)-1].Hint != "list ch03.re in catalog.yml: the file is there" {
		t.Errorf("a chapter outside the catalog: %v", said)
	}
}

// Done to the letter, what a hint says takes the fault away.
func TestHintsOfErrorsMendThem(t *testing.T) {
	for _, c := range []struct{ text, hint, mended string }{
		{"//list[a]{\nx\n//}", "write //list[a][...]{", "//list[a][...]{\nx\n//}"},
		{"//footnote[a]\n\n@<fn>{a}", "write //footnote[a][...]", "//footnote[a][...]\n\n@<fn>{a}"},
		{"//list[a][b][c][d]{\nx\n//}", "write //list[a][b][c]{", "//list[a][b][c]{\nx\n//}"},
		{"//list[a][b\\]c]\n", "write //list[a][b\\]c]{ and below its last line //}", "//list[a][b\\]c]{\n//}"},
		{"//label[a]{\nx\n//}", "write //label[a] and take out the lines down to //}", "//label[a]"},
		{" * 一\n **** 二", "write ** here: one * more than the item above", " * 一\n ** 二"},
		{"//table[a][b]{\n//}", "write a row above //}, its cells divided by tabs", "//table[a][b]{\nあ\tい\n//}"},
		{"//list[a][b]{\n//}\n\n//list[a][c]{\n//}", "write another id here, or in line 3", "//list[a][b]{\n//}\n\n//list[c][c]{\n//}"},
		{"//footnote[a][b]", "refer to it with @<fn>{a}, or take the line out", "@<fn>{a}\n\n//footnote[a][b]"},
		{": 用語\n    説明", "write a space before the :", " : 用語\n    説明"},
		{"======= 深い", "take some = away", "====== 深い"},
		{"===[/column]", "take it out, or open it with ===[column]", "===[column] 題\n\n===[/column]"},
		{"//}", "take it out, or see whether the block's first line ends in {", "本文"},
		{"//emlist{\nx", "put //} on a line of its own at its end", "//emlist{\nx\n//}"},
		{"@<b>{太い@<i>{斜体}}", "close the outer command first; text with a } needs @<b>$...$ instead of @<b>{...}", "@<b>{太い}@<i>{斜体}"},
		{"== ", "write the title after the = signs", "== 題"},
		{"// 注", "write @<embed>{//} for the text itself", "@<embed>{//} 注"},
		{"あ\x07い", "delete it: your editor can show invisible characters", "あい"},
		{"//endnote[a][b]\n\n@<endnote>{a}", "put //printendnotes at its end", "//endnote[a][b]\n\n@<endnote>{a}\n\n//printendnotes"},
		{"@<pageref>{x}", "check the spelling of the label", "@<pageref>{x}\n\n//label[x]"},
		{"//label[x]\n\n//label[x]", "give each its own name", "//label[x]\n\n//label[y]"},
		{" * 一\n\n//beginchild\n\n二", "//beginchild stands right after an item list and is closed with //endchild", " * 一\n\n//beginchild\n\n二\n\n//endchild"},
		{"本文\n\n//endchild", "//beginchild stands right after an item list and is closed with //endchild", " * 一\n\n//beginchild\n\n//endchild"},
		{"@<hd>{手順}\n\n== 一\n\n=== 手順\n\n== 二\n\n=== 手順", "write chapter|id, and give every heading a label of its own with =={label}", "@<hd>{a}\n\n== 一\n\n==={a} 手順\n\n== 二\n\n==={b} 手順"},
		{"@<sec>{深}\n\n==== 深", "use @<title> or @<sectitle>, or raise secnolevel in the config", "@<sectitle>{深}\n\n==== 深"},
	} {
		b := readOne("= 章\n\n" + c.text + "\n")
		found := false
		for _, f := range b.Faults {
			found = found || f.Hint == c.hint
		}
		if !found {
			t.Errorf("%q: %v", c.text, b.Faults)
		}
		if b := readOne("= 章\n\n" + c.mended + "\n"); len(b.Faults) > 0 {
			t.Errorf("%q: %v", c.mended, b.Faults)
		}
	}
}

// What follows from a line that is not what it is meant to be points to that line.
func TestWhatFollowsNamesTheLineToMend(t *testing.T) {
	for text, hints := range map[string]string{
		"@<list>{a}\n\n //list[a][題]{\nx\n//}":       "mend line 5, which is meant to give this id; take the space away: //list[a][題]{; mend line 5, which is meant to begin this block",
		"@<list>{a}\n\n//lst[a][題]{\nx\n//}":         "mend line 5, which is meant to give this id; write //list",
		"@<list>{a}\n\n//list[a][題]\nx\n//}":         "write //list[a][題]{ and below its last line //}; mend line 5, which is meant to begin this block",
		"@<img>{logo}\n\n//image[Logo.png][題]{\n//}": "mend line 5, which is meant to give this id; write //image[logo]: the file is images/ch01-logo.png",
	} {
		files := memory{"images/ch01-logo.png": "", "ch01.re": "= 章\n\n" + text + "\n"}
		b := Read(&Manuscript{Dir: ".", Files: files, Chapters: []Entry{{ID: "ch01", File: "ch01.re", Kind: Body}}})
		var said []string
		for _, f := range b.Faults {
			said = append(said, f.Hint)
		}
		if got := strings.Join(said, "; "); got != hints {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// Whatever looks through a chapter for what may be meant asks mayGuess before, so
// that a chapter of nothing but mistakes takes time in proportion to its length.
func TestGuessesAreBounded(t *testing.T) {
	for _, line := range []string{"//note{", "@<list>{x}", "//indepimage[x]", "@<nosuch>{x}", "//nosuch{", " //list[a][b]{"} {
		r := &reader{manuscript: &Manuscript{Dir: ".", Files: memory{}}, settings: &Settings{}}
		r.prepare()
		p := &parser{reader: r, chapter: &Chapter{ID: "ch01"}, lostIDs: map[string]bool{}, meant: map[string]Place{}}
		p.src = readSource("ch01.re", []byte(strings.Repeat(line+"\n\n", 3000)), &p.room, p.add)
		p.parse()
		if len(p.faults) > 3*maxFaults || line == "//note{" && p.guesses < 2000 {
			t.Errorf("%s: %d faults, %d guesses", line, len(p.faults), p.guesses)
		}
	}
}
