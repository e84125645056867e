package review

import (
	"strings"
	"testing"

	"github.com/bookci/bookci/build/book"
)

func TestAForgottenEndIsToldAtWhatTheBlockSwallows(t *testing.T) {
	const code = "= 章\n\n//list[a][題]{\nx = 1\n%s\n表は@<table>{t}です。\n\n//table[t][表]{\nあ\tい\n------------\n1\t2\n//}\n\nおわり。\n"
	for end, hint := range map[string]string{
		"":     "put //} on a line of its own above line 8",
		" //}": "write //} in line 5, at the beginning of the line and in half-width letters",
		"}":    "write //} in line 5, at the beginning of the line and in half-width letters",
		"／／｝":  "write //} in line 5, at the beginning of the line and in half-width letters",
	} {
		text := strings.Replace(code, "%s", end, 1)
		b := readOne(text)
		if len(b.Faults) != 1 {
			t.Errorf("%q: the faults are %v", end, b.Faults)
			continue
		}
		f := b.Faults[0]
		if f.Code != "markup-swallowed" || f.Severity != book.Lax || f.Line != 8 || f.Message != "//list of line 3 is probably never closed: //table begins inside it" || f.Hint != hint {
			t.Errorf("%q: %v", end, f)
		}
		// The hint, done to the letter.
		lines := strings.Split(text, "\n")
		if end == "" {
			lines[6] = "//}"
		} else {
			lines[4] = "//}"
		}
		if b := readOne(strings.Join(lines, "\n")); len(b.Faults) > 0 {
			t.Errorf("%q: mended, the faults are %v", end, b.Faults)
		}
	}
}

func TestMarkupThatIsQuotedIsNotTakenForSwallowed(t *testing.T) {
	for _, text := range []string{
		"= 章\n\n//emlist{\n//list[a][題]{\nx = 1\n//@<b>{\\}}\n//}\n",
		"= 章\n\n//emlist{\n//list[a][題]{\nx = 1\n @<embed>{//\\}}\n//}\n",
		"= 章\n\n//emlist{\n//list[a][題]{\nx = 1\n //}\n//}\n",
		"= 章\n\n//emlist{\n//list[a][題]{\nx = 1\n／／}\n//}\n",
		"= 章\n\n//emlist{\nif (x) {\n  y();\n}\n  //}\n// list {\n//for(;;){\n//}\n",
	} {
		if b := readOne(text); len(b.Faults) > 0 {
			t.Errorf("%s: %v", text, b.Faults)
		}
	}
}

func TestAnUnclosedBlockSaysWhereItsEndIsMissing(t *testing.T) {
	for text, hint := range map[string]string{
		"= 章\n\n//note[題]{\n本文です。\n //}\n\nおわり。\n":                 "write //} in line 5, at the beginning of the line and in half-width letters",
		"= 章\n\n//list[a][題]{\nx\n}\n\nおわり。\n":                     "write //} in line 5, at the beginning of the line and in half-width letters",
		"= 章\n\n//list[a][題]{\nx\n\n//emlist{\ny\n":                "put //} on a line of its own above line 6",
		"= 章\n\n//note{\n一\n\n//note{\n二\n//}\n":                   "put //} on a line of its own above this line: the first begins in line 3",
		"= 章\n\n//note{\n一\n//｝\n\n//note{\n二\n//}\n\n== 節\n\n三\n": "write //} in line 5, at the beginning of the line and in half-width letters",
	} {
		b := readOne(text)
		if len(b.Faults) != 1 || b.Faults[0].Hint != hint {
			t.Errorf("%s: %v", text, b.Faults)
		}
	}
}

func TestAMissingEndIsToldAtABlockBehindAWideSpaceAndAboveAHeading(t *testing.T) {
	for text, want := range map[string]string{
		"//list[a][題]{\nx\n\n本文です。\n\n　//list[b][題]{\ny\n//}": "lax put //} on a line of its own above line 8",
		"//list[a][題]{\nx\n\n== 節\n\n本文\n":                    "error put //} on a line of its own above the heading in line 6",
		"//list[a][題]{\nx\n\n== 節\n\n本文\n\n//emlist{\ny\n//}": "lax put //} on a line of its own above the heading in line 6",
		"//emlist{\n== 節\n\n本文\n//}":                          "",
		"//emlist{\nx\n\n== 節\n\n本文\n//}":                     "",
		"//emlist{\n　//list[b][題]{\n　//}\n//}":                "",
		"//emlist{\n  //list[b][題]{\n//}":                     "",
	} {
		if got := saying(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
