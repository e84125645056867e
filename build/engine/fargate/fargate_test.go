package fargate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/engine/enginetest"
	"github.com/bookci/bookci/build/engine/fargate"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/ecsstandin"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/s3server"
)

func stand(t *testing.T) (*fargate.Engine, *ecsstandin.Server, *s3server.Server) {
	t.Helper()
	return enginetest.FargateEngine(t, "stand-in")
}

// fast is a clock on which minutes pass in seconds, but for what a task sees.
type fast struct {
	begun  time.Time
	factor time.Duration
}

func (f fast) Now() time.Time { return f.begun.Add(time.Since(f.begun) * f.factor) }
func (f fast) After(d time.Duration) <-chan time.Time {
	return time.After(max(d/f.factor, 5*time.Millisecond))
}

// book is a root with one file, and an open session that has it.
func book(t *testing.T, e *fargate.Engine) engine.Session {
	t.Helper()
	root := t.TempDir()
	enginetest.Put(t, root, map[string]string{"ch01.re": "= One\n"})
	s := enginetest.Open(t, e, root)
	enginetest.Sync(t, s, root)
	return s
}

func TestATaskHoldsNothingThatItNeedNot(t *testing.T) {
	t.Parallel()
	e, _, _ := stand(t)
	s := book(t, e)
	out, status := enginetest.Sh(t, s, `env | grep -E 'AWS|BOOKCI_DESK|X-Amz'; grep CapEff /proc/self/status; touch /usr/x 2>/dev/null && echo writable; id -u; grep NoNewPrivs /proc/self/status`)
	if out != "CapEff:\t0000000000000000\n0\nNoNewPrivs:\t1\n" || status != 0 {
		t.Errorf("%q, status %d", out, status)
	}
}

func TestOutputIsSeenWhileACommandRuns(t *testing.T) {
	t.Parallel()
	e, cloud, _ := stand(t)
	cloud.Set(func(f *ecsstandin.Faults) { f.Denied = map[string]bool{"GetLogEvents": true} })
	s := book(t, e)
	begun := time.Now()
	var seen time.Duration
	var all bytes.Buffer
	out := writer(func(p []byte) (int, error) {
		if seen == 0 {
			seen = time.Since(begun)
		}
		return all.Write(p)
	})
	status, err := s.Run(t.Context(), engine.Command{
		Argv: []string{"sh", "-c", "echo one; sleep 6; echo two; echo three >&2; sleep 1; printf four"}, Stdout: out, Stderr: out,
	})
	took := time.Since(begun)
	if status != 0 || err != nil || seen == 0 || seen > took-2*time.Second {
		t.Errorf("the first line was seen after %v of %v; %d, %v", seen, took, status, err)
	}
	if got := all.String(); strings.Count(got, "one\n") != 1 || strings.Count(got, "two\n") != 1 || strings.Count(got, "three\n") != 1 || strings.Count(got, "four") != 1 {
		t.Errorf("got %q", got)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// What AWS does wrong in passing costs time, and nothing else.
func TestWhatPassesIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*ecsstandin.Faults){
		"throttling": func(f *ecsstandin.Faults) { f.Throttle = 4 },
		"no capacity": func(f *ecsstandin.Faults) {
			f.RunFailures = []string{"RESOURCE:MEMORY", "Capacity is unavailable at this time."}
		},
		"tasks that ECS does not know yet": func(f *ecsstandin.Faults) { f.Missing = 6 },
		"no right to read logs":            func(f *ecsstandin.Faults) { f.Denied = map[string]bool{"GetLogEvents": true} },
		"no right to list tasks":           func(f *ecsstandin.Faults) { f.Denied = map[string]bool{"ListTasks": true} },
		"logs that come late":              func(f *ecsstandin.Faults) { f.LogDelay = 10 * time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, cloud, _ := stand(t)
			e.Clock = fast{time.Now(), 10}
			cloud.Set(set)
			s := book(t, e)
			if out, status := enginetest.Sh(t, s, "cat ch01.re"); out != "= One\n" || status != 0 {
				t.Errorf("%q, %d", out, status)
			}
			if n := cloud.Started(); n != 1 {
				t.Errorf("%d tasks were started", n)
			}
		})
	}
}

// What does not pass is told, with what to do, and leaves nothing.
func TestWhatDoesNotPassIsTold(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	full := make([]string, 1000)
	for i := range full {
		full[i] = "RESOURCE:CPU"
	}
	for name, c := range map[string]struct {
		set       func(*fargate.Engine, *ecsstandin.Faults)
		say, hint string
	}{
		"an image that cannot be pulled": {func(_ *fargate.Engine, f *ecsstandin.Faults) { f.CannotPull = true }, "CannotPullContainerError", "registry"},
		"no capacity for long":           {func(_ *fargate.Engine, f *ecsstandin.Faults) { f.RunFailures = full }, "no room for 5m0s: RESOURCE:CPU", "fargate.cpu"},
		"PENDING for long":               {func(_ *fargate.Engine, f *ecsstandin.Faults) { f.Pending = forever }, "the task is pending and has not answered for 5m", "try again"},
		"another failure":                {func(_ *fargate.Engine, f *ecsstandin.Faults) { f.RunFailures = []string{"ATTRIBUTE"} }, "ATTRIBUTE", "doctor"},
		"no right to run tasks":          {func(_ *fargate.Engine, f *ecsstandin.Faults) { f.Denied = map[string]bool{"RunTask": true} }, "not authorized", "credentials"},
		"another cluster":                {func(e *fargate.Engine, _ *ecsstandin.Faults) { e.Place.Cluster = "none" }, "Cluster not found", "fargate.cluster"},
		"another bucket":                 {func(e *fargate.Engine, _ *ecsstandin.Faults) { e.Place.Bucket = "none" }, "no such bucket", "fargate.bucket"},
		"an image without a shell":       {func(e *fargate.Engine, _ *ecsstandin.Faults) { e.Image = "no-such-image:1" }, "No such image", "doctor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, cloud, _ := stand(t)
			e.Clock = fast{time.Now(), 40}
			cloud.Set(func(f *ecsstandin.Faults) { c.set(e, f) })
			right := e.Bucket
			if err := e.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			s, err := e.Open(t.Context(), engine.SessionOptions{Root: t.TempDir()})
			if err == nil {
				s.Close()
				t.Fatal("it opened")
			}
			var told *fault.Environment
			if !errors.As(err, &told) || !strings.Contains(err.Error(), c.say) || !strings.Contains(told.Hint, c.hint) {
				t.Errorf("%v\nhint: %v", err, told)
			}
			if left := cloud.Running(); len(left) > 0 {
				t.Errorf("tasks are left: %q", left)
			}
			e.Bucket = right
		})
	}
}

func TestASpotTaskThatIsTakenAwayIsToldApart(t *testing.T) {
	t.Parallel()
	e, cloud, _ := stand(t)
	e.Size.Spot = true
	s := book(t, e)
	var out bytes.Buffer
	go func() {
		time.Sleep(3 * time.Second)
		for _, arn := range cloud.Running() {
			cloud.Interrupt(arn)
		}
	}()
	status, err := s.Run(t.Context(), engine.Command{Argv: []string{"sh", "-c", `trap 'echo told; exit 3' TERM; echo begun; while :; do sleep 0.1; done`}, Stdout: &out})
	// The maker had its TERM, and what it said came back; or the end was seen first.
	if got := out.String(); got != "begun\ntold\n" && got != "begun\n" {
		t.Errorf("%d, %q", status, got)
	}
	if !errors.Is(err, engine.ErrTakenAway) {
		t.Errorf("%v", err)
	}
}

func TestABucketThatIsOutOfReachForAWhileIsWaitedFor(t *testing.T) {
	t.Parallel()
	e, _, bucket := stand(t)
	s := book(t, e)
	back := make(chan struct{})
	go func() {
		defer close(back)
		time.Sleep(2 * time.Second)
		bucket.Stop()
		time.Sleep(4 * time.Second)
		bucket.Resume(t)
	}()
	out, status := enginetest.Sh(t, s, "sleep 4; cat ch01.re")
	<-back
	if out != "= One\n" || status != 0 {
		t.Errorf("%q, %d", out, status)
	}
}

// However early bookci is told to end, nothing is left (the engine's own test
// helper looks).
func TestNothingIsLeftWhenBookciIsToldToEnd(t *testing.T) {
	t.Parallel()
	e, cloud, _ := stand(t)
	root := t.TempDir()
	enginetest.Put(t, root, map[string]string{"ch01.re": "= One\n"})
	why := errors.New("enough")
	for range 12 {
		after := time.Duration(rand.IntN(4000)) * time.Millisecond
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(after, func() { cancel(why) })
		s, err := e.Open(ctx, engine.SessionOptions{Root: root})
		if err == nil {
			err = s.Sync(ctx, enginetest.List(t, root))
			if err == nil {
				_, err = s.Run(ctx, engine.Command{Argv: []string{"sh", "-c", "trap '' TERM; sleep 1000"}})
			}
			if cerr := s.Close(); cerr != nil {
				t.Error(cerr)
			}
		}
		if !errors.Is(err, why) {
			t.Errorf("told to end after %v: %v", after, err)
		}
		if left := cloud.Running(); len(left) > 0 {
			t.Errorf("told to end after %v: tasks are left: %q", after, left)
		}
	}
}

// A bookci that is gone without a word: the next one on its machine tidies, and
// touches nothing of anyone else's.
func TestWhatADeadBookciLeftIsSwept(t *testing.T) {
	t.Parallel()
	e, cloud, bucket := stand(t)
	open := func(machine, token string) {
		clock := &stopped{Clock: e.Clock}
		other := &fargate.Engine{Place: e.Place, Size: e.Size, Image: e.Image, Mount: e.Mount, Clock: clock, Patience: e.Patience, TempDir: t.TempDir(),
			Owner: fargate.Owner{Machine: machine, Token: token}}
		if err := other.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		s, err := other.Open(t.Context(), engine.SessionOptions{Root: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		clock.stop.Store(true) // it beats no more
		t.Cleanup(func() {
			clock.stop.Store(false)
			if err := errors.Join(s.Close(), other.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	open("conformance", "dead")
	open("conformance", "living")
	open("elsewhere", "dead")
	e.Owner.Alive = func(token string) bool { return token != "dead" }
	var notes []string
	s, err := e.Open(t.Context(), engine.SessionOptions{Root: t.TempDir(), Note: func(f string, args ...any) { notes = append(notes, fmt.Sprintf(f, args...)) }})
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); len(cloud.Running()) != 3 && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
	if n := len(cloud.Running()); n != 3 {
		t.Errorf("%d tasks run, not those of the living, of elsewhere and our own", n)
	}
	owners := map[string]bool{}
	for _, name := range bucket.List("books") {
		parts := strings.Split(name, "/")
		owners[parts[1]+"/"+parts[2]] = true
	}
	if len(owners) != 3 {
		t.Errorf("objects of %d owners are left", len(owners))
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "stopped a task") {
		t.Errorf("told: %q", notes)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A machine that is gone for good: the lease runs out, and the task ends by itself.
func TestATaskThatNobodyHearsOfEndsByItself(t *testing.T) {
	t.Parallel()
	e, cloud, _ := stand(t)
	e.Lease = 5 * time.Second
	clock := &stopped{Clock: fargate.RealClock{}}
	e.Clock = clock
	s := book(t, e)
	if _, status := enginetest.Sh(t, s, "sleep 7"); status != 0 {
		t.Fatal("a lease that is renewed ran out")
	}
	clock.stop.Store(true) // no beat any more, as if the machine had gone
	for end := time.Now().Add(40 * time.Second); len(cloud.Running()) > 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the task lives on")
		}
	}
	clock.stop.Store(false)
}

// Addresses run out. Those of a task that works are renewed long before; one whose
// machine comes too late ends by itself, and that is told.
func TestAddressesThatRunOutAreRenewedOrTold(t *testing.T) {
	t.Parallel()
	e, cloud, _ := stand(t)
	e.Lease, e.AddressLife = 9*time.Second, 10*time.Second
	s := book(t, e)
	if out, status := enginetest.Sh(t, s, "sleep 13; cat ch01.re"); out != "= One\n" || status != 0 {
		t.Errorf("%q, %d", out, status)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}

	late := make(chan struct{})
	cloud.Set(func(f *ecsstandin.Faults) { f.Pending = late })
	go func() {
		time.Sleep(e.AddressLife + 2*time.Second)
		close(late)
	}()
	root := t.TempDir()
	enginetest.Put(t, root, map[string]string{"ch01.re": "= One\n"})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	opened, err := e.Open(ctx, engine.SessionOptions{Root: root})
	if err == nil {
		err = opened.Sync(ctx, enginetest.List(t, root))
		_ = opened.Close() // the task has ended
	}
	var environment *fault.Environment
	if !errors.As(err, &environment) {
		t.Errorf("a task that came too late: %v", err)
	}
}

// stopped is a clock that can be held.
type stopped struct {
	fargate.Clock
	stop atomic.Bool
}

func (s *stopped) After(d time.Duration) <-chan time.Time {
	if s.stop.Load() {
		d = time.Hour
	}
	return s.Clock.After(d)
}

// What lies in the bucket is not believed: others may write there.
func TestAnAnswerThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ answer, say string }{
		"garbage":             {"GIF89a", "does not begin as an answer does"},
		"another's answer":    {"bookci 1 0 0 0 0 0\n", "it is that of command 1"},
		"less than announced": {"bookci 2 0 9 1000 0 0\nx", "EOF"},
		"negative lengths":    {"bookci 2 0 9 -5 5 0\nxxxxx", "does not begin"},
		"a line for ever":     {strings.Repeat("bookci ", 100000), "does not begin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _, bucket := stand(t)
			root := t.TempDir()
			s := enginetest.Open(t, e, root)
			session := ""
			for _, name := range bucket.List("books") {
				if strings.HasSuffix(name, "/desk") {
					session = filepath.Dir(name)
				}
			}
			// The answer is there before the command is asked for.
			if err := os.WriteFile(filepath.Join(bucket.Dir, "books", session, "out-2"), []byte(c.answer), 0o644); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			_, err := s.Run(t.Context(), engine.Command{Argv: []string{"sleep", "3"}, Stdout: &out})
			if err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A task that goes over to other code has nothing of what was before.
func TestARenewedTaskHasNothingOfWhatWasBefore(t *testing.T) {
	t.Parallel()
	e, cloud, _ := stand(t)
	root := t.TempDir()
	enginetest.Put(t, root, map[string]string{"ch01.re": "= One\n"})
	s := enginetest.Open(t, e, root)
	enginetest.Sync(t, s, root)
	if out, status := enginetest.Sh(t, s, `cp /bookci/bin/bookci-run /tmp/before
(trap '' TERM HUP; while :; do echo on >/tmp/lives; sleep 0.05; done) >/dev/null 2>&1 </dev/null &
echo planted >ch99.re; echo planted >/bookci/bin/bookci-run; mkdir -p /bookci/home/a/b /tmp/a/b; chmod 0 /bookci/home/a /tmp/a`); status != 0 {
		t.Fatal(out)
	}
	if err := s.(engine.Renewer).Renew(t.Context(), engine.SessionOptions{Root: root, Env: []string{"NEW=1"}}); err != nil {
		t.Fatal(err)
	}
	enginetest.Sync(t, s, root)
	out, status := enginetest.Sh(t, s, `ls; ls -A /tmp; grep -c planted /bookci/bin/bookci-run; ls /bookci/home; echo "$NEW"; sleep 0.3; ls -A /tmp`)
	if out != "ch01.re\n0\n1\n" || status != 0 {
		t.Errorf("%d: %q", status, out)
	}
	if n := cloud.Started(); n != 1 {
		t.Errorf("%d tasks were started", n)
	}
}

// What a shelf's books have in common goes up once, and so does each book's own.
func TestBooksOfARootShareWhatIsNobodys(t *testing.T) {
	t.Parallel()
	e, _, bucket := stand(t)
	root := t.TempDir()
	enginetest.Put(t, root, map[string]string{"styles/x.sty": "% shared", "a/ch01.re": "= A\n", "b/ch01.re": "= B\n"})
	files := enginetest.List(t, root)
	shared := func() (n int) {
		for _, name := range bucket.List("books") {
			if strings.Contains(name, "/shared/") {
				n++
			}
		}
		return n
	}
	var before int
	for i, dir := range []string{"a", "b", "a"} {
		s, err := e.Open(t.Context(), engine.SessionOptions{Root: root, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		if i == 0 {
			before = shared()
		}
		tree := slices.DeleteFunc(slices.Clone(files), func(f source.File) bool {
			return !strings.HasPrefix(f.Path, dir+"/") && !strings.HasPrefix(f.Path, "styles/")
		})
		if err := s.Sync(t.Context(), tree); err != nil {
			t.Fatal(err)
		}
		enginetest.WantTree(t, s, map[string]string{"styles/x.sty": "% shared", dir + "/ch01.re": "= " + strings.ToUpper(dir) + "\n"})
	}
	if n := shared() - before; n != 3 {
		t.Errorf("%d objects hold the sources, not one for the styles and one for each of two books", n)
	}
}

// What sessions share lies in the bucket longer than any of their tasks: a bookci
// that is killed in between has its reaper look for it.
func TestTheReaperLooksForWhatSessionsShared(t *testing.T) {
	t.Parallel()
	for name, tidy := range map[string]bool{"killed after the last task": false, "ended": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _, _ := stand(t)
			swept := filepath.Join(t.TempDir(), "swept")
			r, err := reaper.Start("", []string{"touch", swept})
			if err != nil {
				t.Fatal(err)
			}
			e.Reaper = r
			if err := book(t, e).Close(); err != nil {
				t.Fatal(err)
			}
			if tidy {
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Close(); err != nil { // the reaper sees the end of this process
				t.Fatal(err)
			}
			e.Reaper = nil
			if _, err := os.Stat(swept); (err == nil) == tidy {
				t.Errorf("swept: %v", err == nil)
			}
		})
	}
}
