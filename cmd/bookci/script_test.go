//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/client"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bookci/bookci/cmd/bookci/workshop"
	"github.com/bookci/bookci/cmd/bookci/world"
	"github.com/bookci/bookci/internal/standin"
)

// The scripts below testdata run bookci as a whole: this test binary, started
// again under that name, is the program. Each script has a work folder, a HOME
// and a TMPDIR of its own, and reaches Docker through a proxy of its own, which
// knows every container that was made for it. When a script ends, however it
// ends, nothing of those may be left.

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == workshop.SweepContainersWord || os.Args[1] == workshop.SweepTasksWord) {
		// The reaper of a test that ran bookci within this process and was killed.
		os.Exit(Main())
	}
	testscript.Main(m, map[string]func(){"bookci": func() { os.Exit(Main()) }})
}

// TestScripts are those that need neither Docker nor a maker.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:       "testdata/alone",
		Setup:     func(env *testscript.Env) error { return (&scene{t: t}).setup(env) },
		Cmds:      scriptCommands,
		Condition: scriptCondition(nil),
	})
}

// TestDockerScripts need a Docker Engine.
func TestDockerScripts(t *testing.T) {
	api := standin.Docker(t)
	image := standin.Image(t, api)
	// Containers that were made and never attached to are in no proxy's account.
	t.Cleanup(func() { noOrphans(t, api, image) })
	testscript.Run(t, testscript.Params{
		Dir:       "testdata/script",
		Setup:     func(env *testscript.Env) error { return (&scene{t: t, api: api, image: image}).setup(env) },
		Cmds:      scriptCommands,
		Condition: scriptCondition(api),
	})
}

// TestHostScripts run the stand-in's makers on this machine, without Docker.
func TestHostScripts(t *testing.T) {
	bins := standin.Programs(t)
	testscript.Run(t, testscript.Params{
		Dir:       "testdata/host",
		Setup:     func(env *testscript.Env) error { return (&scene{t: t, bins: bins}).setup(env) },
		Cmds:      scriptCommands,
		Condition: scriptCondition(nil),
	})
}

// scene is where one script plays.
type scene struct {
	t     *testing.T
	api   *client.Client // nil without Docker
	image string
	bins  []string // folders that come first on PATH: makers, or a bookci for Windows
	tcp   bool     // Docker is reached by TCP

	work     string // the script's own folder
	dir      string // HOME, TMPDIR and what the harness keeps
	proxy    *proxy
	engine   *dockerd // a Docker Engine of the script's own
	own      string   // the name of a book that builds its own image
	started  map[string]*background
	snapshot map[string]string // what the sources were like
	sources  string            // the folder that snapshot is of
	without  []string          // names of folders that are bookci's
}

type sceneKey struct{}

func sceneOf(ts *testscript.TestScript) *scene { return ts.Value(sceneKey{}).(*scene) }

func (s *scene) setup(env *testscript.Env) error {
	s.work = env.WorkDir
	s.started = map[string]*background{}
	env.Values[sceneKey{}] = s
	// Beside the work folder, which often is the book's; and short, for sockets.
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		return err
	}
	s.dir = dir
	env.Defer(func() { s.end(env.T()) })
	for _, name := range []string{"home", "tmp", "bg"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	env.Setenv("HOME", filepath.Join(dir, "home"))
	env.Setenv("TMPDIR", filepath.Join(dir, "tmp"))
	env.Setenv("BG", filepath.Join(dir, "bg"))
	env.Setenv("NOWHERE", "unix://"+filepath.Join(dir, "nowhere.sock"))
	if len(s.bins) > 0 {
		env.Setenv("PATH", strings.Join(slices.Concat(s.bins, filepath.SplitList(env.Getenv("PATH"))), string(os.PathListSeparator)))
	}
	env.Setenv("DOCKER_HOST", env.Getenv("NOWHERE"))
	if s.api != nil {
		socket := filepath.Join(dir, "docker.sock")
		if s.tcp {
			socket = ""
		}
		p, err := startProxy(s.api.DaemonHost(), socket)
		if err != nil {
			return err
		}
		s.proxy = p
		env.Setenv("DOCKER_HOST", p.host())
		env.Setenv("IMAGE", s.image)
		env.Setenv("BOOKCI_IMAGE", s.image)
		// A book of this name may build an image of its own: it is removed at the end.
		s.own = strings.ToLower("own-" + rand.Text())
		env.Setenv("OWN", s.own)
	}
	return nil
}

// end says what the script left behind.
func (s *scene) end(t testscript.T) {
	for _, b := range s.started {
		b.kill()
	}
	failures := s.leftovers(15 * time.Second)
	s.removeContainers()
	if err := s.removeImages(); err != nil {
		failures = append(failures, err.Error())
	}
	if s.proxy != nil {
		s.proxy.close()
	}
	if s.engine != nil {
		failures = append(failures, s.engine.close()...)
	}
	if err := os.RemoveAll(s.dir); err != nil {
		failures = append(failures, err.Error())
	}
	for _, f := range failures {
		t.Log("LEFT BEHIND: " + f)
	}
	if len(failures) > 0 {
		t.FailNow()
	}
}

// scriptCondition answers [docker], [root], [real] and the like.
func scriptCondition(api *client.Client) func(string) (bool, error) {
	return func(cond string) (bool, error) {
		name, arg, _ := strings.Cut(cond, ":")
		switch name {
		case "root":
			return os.Geteuid() == 0, nil
		case "program":
			_, err := exec.LookPath(arg)
			return err == nil, nil
		case "local":
			// The daemon shares this machine's files.
			return api != nil && strings.HasPrefix(api.DaemonHost(), "unix://"), nil
		case "command":
			a := &app{World: &world.World{Env: func() []string { return nil }}}
			found, _, err := a.newRootCmd().Find([]string{arg})
			return err == nil && found.Name() == arg, nil
		case "real":
			if api == nil {
				return false, nil
			}
			_, err := api.ImageInspect(context.Background(), standin.RealImage)
			return err == nil, nil
		}
		return false, os.ErrInvalid
	}
}
