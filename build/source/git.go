package source

import (
	"context"
	"os/exec"
	"strings"
	"time"

	"github.com/bookci/bookci/internal/text"
)

// Git is the git that may be asked about the sources.
type Git struct {
	Path string   // absolute path of the program, "" for none
	Env  []string // the user's environment; its GIT_ variables are not passed on
}

// ask returns the first 4096 bytes of what git answers about the repository in root.
func (g Git) ask(ctx context.Context, root string, args ...string) ([]byte, error) {
	const patience = 5 * time.Second // enough for git on a network file system
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, g.Path, append([]string{"-C", root, "-c", "core.fsmonitor=false", "--no-pager"}, args...)...)
	// GIT_DIR and its like, set when bookci is started by a hook, would name
	// another repository. What remains of the environment leads git to the
	// user's settings, which may declare the folder safe.
	for _, e := range g.Env {
		if name, _, _ := strings.Cut(e, "="); !strings.HasPrefix(strings.ToUpper(name), "GIT_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	// A partial clone must not go to the network, and nothing may ask questions.
	cmd.Env = append(cmd.Env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none")
	cmd.WaitDelay = time.Second
	out := &text.Head{Max: 4096}
	cmd.Stdout = out
	err := cmd.Run()
	return []byte(out.String()), err
}
