package reaper

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The sweeper of the test below is this test itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "sweep" {
		if err := os.WriteFile(os.Args[2], nil, 0o644); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

func TestServeRemovesWhatIsLeft(t *testing.T) {
	for containers, swept := range map[string]bool{"container 1\n": true, "container 1\ncontainer -1\n": false} {
		dir := t.TempDir()
		gone, kept, mark := filepath.Join(dir, "a b"), filepath.Join(dir, "kept"), filepath.Join(dir, "swept")
		for _, name := range []string{gone, kept} {
			if err := os.MkdirAll(filepath.Join(name, "sub"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		sweeper, err := json.Marshal([]string{os.Args[0], "sweep", mark})
		if err != nil {
			t.Fatal(err)
		}
		err = Serve(strings.NewReader("sweeper " + string(sweeper) + "\n" + containers + "remove " + gone + "\nremove " + kept + "\nkeep " + kept + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]bool{gone: false, kept: true, mark: swept} {
			if _, err := os.Lstat(name); (err == nil) != want {
				t.Errorf("after %q: %s is there: %t", containers, name, err == nil)
			}
		}
	}
}
