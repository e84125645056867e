package book

import "testing"

func TestSlipsInAListOfChaptersSayWhatToWrite(t *testing.T) {
	for catalog, want := range map[string]Diagnostic{
		"CHAPS:\n  - hon.re\n - soil.re\n":            {Severity: Error, Line: 3, Hint: `write "  - soil.re": the hyphens of a list stand below each other`},
		"CHAPS:\n  - hon.re\n  soil.re\n":             {Severity: Error, Line: 3, Hint: `write "  - soil.re": each entry of a list begins with a hyphen`},
		"CHAPS:\n - hon.re\n  - soil.re\n":            {Severity: Error, Line: 2, Hint: "let the hyphens stand below each other, that of the next line below that of hon.re"},
		"CHAP:\n  - hon.re\n":                         {Severity: Lax, Line: 1, Hint: "write CHAPS:", Message: `Re:VIEW knows no section "CHAP" and leaves it out, so that the book has no chapters`},
		"chaps:\n  - hon.re\n":                        {Severity: Lax, Line: 1, Hint: "write CHAPS:", Message: `Re:VIEW knows no section "chaps" and leaves it out, so that the book has no chapters`},
		"CHAPS:\n  - hon.re\nAPENDIX:\n  - soil.re\n": {Severity: Warning, Line: 3, Hint: "write APPENDIX:", Message: `Re:VIEW knows no section "APENDIX" and leaves it out`},
	} {
		found := readBook(t, map[string]string{"config.yml": "bookname: b\n", "catalog.yml": catalog, "hon.re": "= x\n", "soil.re": "= y\n"}).Check()
		if len(found) != 1 || found[0].Severity != want.Severity || found[0].Line != want.Line || found[0].Hint != want.Hint || want.Message != "" && found[0].Message != want.Message {
			t.Errorf("%s: %v", catalog, found)
		}
	}
}
