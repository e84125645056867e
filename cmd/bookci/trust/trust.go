package trust

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/bookci/bookci/cmd/bookci/settings"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/text"
)

// Check refuses what bookci.yml asks for and the user has not allowed.
func Check(w *world.World, root string, asks []settings.Ask) error {
	if len(asks) == 0 || slices.EqualFunc(answers(w)[realRoot(root)], asks, func(x, y settings.Ask) bool {
		return x.Key == y.Key && x.Value == y.Value
	}) {
		return nil
	}
	k := asks[0]
	more := ""
	if len(asks) > 1 {
		more = fmt.Sprintf(" (and %d more)", len(asks)-1)
	}
	return fault.Usagef("`bookci trust` shows all that it asks for and lets it have that; for one run, say it yourself: "+k.Instead,
		"%s: %s: %s %s: that waits for your word%s", k.Place, k.Key, text.Printable(k.Value), k.Allows, more)
}

// answersLimit bounds the file of answers.
const answersLimit = 16 << 20

// answers are the answers so far, by root. A file that is not there or damaged
// holds none: the user is asked again.
func answers(w *world.World) map[string][]settings.Ask {
	all := map[string][]settings.Ask{}
	name, err := answersFile(w)
	if err != nil {
		return all
	}
	if data, err := fsx.ReadNamed(name, answersLimit); err != nil || json.Unmarshal(data, &all) != nil {
		return map[string][]settings.Ask{}
	}
	return all
}

// Keep keeps the user's word for what a root's settings ask for; nil takes it back.
func Keep(w *world.World, root string, asks []settings.Ask) error {
	name, err := answersFile(w)
	if err != nil {
		return err
	}
	all := answers(w)
	if delete(all, realRoot(root)); asks != nil {
		all[realRoot(root)] = asks
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o700)
	}
	if err == nil {
		err = fsx.WriteFile(name, append(data, '\n'), 0o600)
	}
	if err != nil {
		return &fault.Environment{Err: fmt.Errorf("keeping the answer: %w", err), Hint: "XDG_STATE_HOME names the folder that it is kept in"}
	}
	return nil
}

// answersFile is where they are kept: with the user's own state, which no
// book can write to.
func answersFile(w *world.World) (string, error) {
	dir := w.Getenv("XDG_STATE_HOME")
	switch home := w.Home(); {
	case dir != "":
	case runtime.GOOS == "windows":
		dir = w.Getenv("LOCALAPPDATA")
	case home != "":
		dir = filepath.Join(home, ".local", "state")
	}
	if dir == "" {
		return "", &fault.Environment{Err: errors.New("there is no folder to keep the answer in"), Hint: "set XDG_STATE_HOME"}
	}
	return filepath.Join(dir, "bookci", "trust.json"), nil
}

// realRoot is the root's name without links, so that one folder has one name.
func realRoot(root string) string {
	if real, err := filepath.EvalSymlinks(root); err == nil {
		return real
	}
	return root
}
