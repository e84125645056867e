package fsx

import "testing"

func TestVersionControlIsKnownByAnyNameThatAFileSystemFindsItBy(t *testing.T) {
	for _, name := range []string{".git", ".GIT", ".Git", ".git.", ".git ", ".git::$INDEX_ALLOCATION", "GIT~1", ".g\u200cit", ".bookci", "BOOKCI~1", ".texmf-var", "TEXMF-~1", ".hg"} {
		if !IsKept(name) {
			t.Errorf("%q is taken for a source", name)
		}
		if !LiesInKept("a/" + name + "/b") {
			t.Errorf("a/%s/b is taken for a source", name)
		}
	}
	for _, name := range []string{"git", ".github", ".gitignore", ".gitattributes", "ch01.re", "~1", "legit~1", ".", ""} {
		if IsKept(name) {
			t.Errorf("%q is taken for version control", name)
		}
	}
}
