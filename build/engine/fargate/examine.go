package fargate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/source"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/objects"
)

// Finding is one thing that Examine has looked at. Err says what is wrong with
// it, and by its hint what to do.
type Finding struct {
	Check, Text string
	Err         error
}

// Examine tries all that a build needs, in a build's order; the last is a whole
// task. It tells each finding at once and leaves nothing behind. note is told what
// Examine waits for.
func (e *Engine) Examine(ctx context.Context, tell func(Finding), note func(format string, args ...any)) {
	sound := true
	check := func(name string, look func(context.Context) (string, error)) {
		text, err := look(ctx)
		if err != nil {
			sound = false
			err = e.advise(ctx, err)
		}
		tell(Finding{name, text, err})
	}
	check("credentials", e.examineCredentials)
	if !sound {
		return // every other answer would be the same
	}
	var clock *time.Duration
	check("cluster", func(ctx context.Context) (text string, err error) {
		text, clock, err = e.examineCluster(ctx)
		return text, err
	})
	check("clock", func(context.Context) (string, error) { return examineClock(clock) })
	check("bucket", e.examineBucket)
	check("definition", func(ctx context.Context) (string, error) {
		arn, err := e.defined(ctx)
		return "tasks are defined as " + arn[strings.LastIndexByte(arn, '/')+1:], err
	})
	check("left over", func(ctx context.Context) (string, error) {
		err := e.sweepTasks(ctx, func(string) bool { return false }, note)
		return "tasks of this machine can be listed", needs("ecs:ListTasks", err)
	})
	if !sound {
		tell(Finding{Check: "task", Err: faultf("mend what is named above, then run this again", "no task was tried")})
		return
	}
	e.examineTask(ctx, check, note)
}

// needs names the right that a call takes, for advise.
func needs(action string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", action, err)
}

// advise is fault without the hint to run the doctor.
func (e *Engine) advise(ctx context.Context, err error) error {
	var known *fault.Environment
	if !errors.As(e.fault(ctx, "", err), &known) {
		return context.Cause(ctx)
	}
	hint := known.Hint
	if c := code(err); notAccepted[c] {
		hint = "sign in anew, or set the credentials anew: AWS does not accept these"
	} else if denied[c] || errors.Is(err, objects.ErrDenied) {
		hint = "attach the policy CallerPolicy of `bookci fargate init` to these credentials"
	} else if strings.Contains(hint, "fargate doctor") {
		hint = "docs/fargate.md lists what to look at"
	}
	return faultf(hint, "%w", err)
}

// notAccepted are AWS's words for credentials that are wrong or out of date.
var notAccepted = map[string]bool{
	"UnrecognizedClientException": true, "ExpiredTokenException": true, "InvalidSignatureException": true, "InvalidClientTokenId": true,
	"MissingAuthenticationTokenException": true, "ExpiredToken": true, "InvalidToken": true, "SignatureDoesNotMatch": true, "InvalidAccessKeyId": true,
}

func (e *Engine) examineCredentials(ctx context.Context) (string, error) {
	found, err := e.Credentials.Retrieve(ctx)
	if err != nil {
		return "", faultf("sign in with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "the AWS SDK finds no credentials: %w", err)
	}
	text := "from " + found.Source
	if !found.CanExpire {
		return text, nil
	}
	left := found.Expires.Sub(e.Clock.Now()).Round(time.Minute)
	// The SDK renews what it can renew by itself.
	return fmt.Sprintf("%s, good for %s", text, left), nil
}

// examineCluster also tells how far this machine's clock is ahead of AWS's, nil
// where AWS does not say what time it is.
func (e *Engine) examineCluster(ctx context.Context) (text string, ahead *time.Duration, err error) {
	out, err := e.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{e.Place.Cluster}})
	if err != nil {
		return "", nil, needs("ecs:DescribeClusters", err)
	}
	if server, ok := middleware.GetServerTime(out.ResultMetadata); ok {
		ahead = aws.Duration(e.Clock.Now().Sub(server))
	}
	if len(out.Clusters) == 0 || aws.ToString(out.Clusters[0].Status) != "ACTIVE" {
		return "", ahead, faultf("check fargate.cluster and fargate.region", "there is no cluster %s in %s", e.Place.Cluster, e.Place.Region)
	}
	const spot = "FARGATE_SPOT"
	if e.Size.Spot && !slices.Contains(out.Clusters[0].CapacityProviders, spot) {
		return "", ahead, faultf("add it to the cluster, or set fargate.spot to false", "the cluster %s has no capacity provider %s", e.Place.Cluster, spot)
	}
	return fmt.Sprintf("%s in %s is there", e.Place.Cluster, e.Place.Region), ahead, nil
}

// mostSkew is less than the five minutes that AWS lets pass.
const mostSkew = 2 * time.Minute

func examineClock(ahead *time.Duration) (string, error) {
	switch {
	case ahead == nil:
		return "not compared: AWS did not say what time it is", nil
	case ahead.Abs() > mostSkew:
		return "", faultf("set this machine's clock: AWS refuses addresses that a wrong one has signed", "this machine's clock is %s off", ahead.Round(time.Second))
	}
	return "it goes right", nil
}

func (e *Engine) examineBucket(ctx context.Context) (string, error) {
	if err := e.leaves(); err != nil {
		return "", err
	}
	at := e.folder()
	const name = "doctor"
	want := []byte("bookci was here\n")
	if _, err := at.Put(ctx, name, bytes.NewReader(want), objects.PutOptions{}); err != nil {
		return "", needs("s3:PutObject", err)
	}
	got, _, err := objects.ReadAll(ctx, at, name, 1<<10)
	if err != nil {
		return "", needs("s3:GetObject", err)
	}
	if !bytes.Equal(got, want) {
		return "", faultf("is it a bucket of your own?", "%s gave back something else than was put there", at)
	}
	seen := false
	for info, err := range at.List(ctx, "") {
		if err != nil {
			return "", needs("s3:ListBucket", err)
		}
		seen = seen || info.Name == name
	}
	if err := at.Delete(ctx, name); err != nil {
		return "", needs("s3:DeleteObject", err)
	}
	if !seen {
		return "", faultf("use a bucket whose lists are true at once, as S3's are", "%s does not list what was just put there", at)
	}
	return fmt.Sprintf("%s can be written, read, listed and tidied", e.Bucket), nil
}

// examineTask runs a task from its beginning to its end.
func (e *Engine) examineTask(ctx context.Context, check func(string, func(context.Context) (string, error)), note func(string, ...any)) {
	root, err := os.MkdirTemp(e.TempDir, "bookci-doctor-")
	if err != nil {
		check("task", func(context.Context) (string, error) { return "", err })
		return
	}
	if err := e.Reaper.Remove(root); err == nil {
		defer func() { _ = e.Reaper.Keep(root) }() // if that fails, the reaper finds nothing to remove
	}
	defer os.RemoveAll(root)
	var s engine.Session
	check("task", func(ctx context.Context) (string, error) {
		begun := e.Clock.Now()
		s, err = e.Open(ctx, engine.SessionOptions{Root: root, Note: note})
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("one has answered after %s, with Fargate's machine and the pull of the image", e.Clock.Now().Sub(begun).Round(time.Second)), nil
	})
	if s == nil {
		return
	}
	check("way", func(ctx context.Context) (string, error) { return e.examineWay(ctx, s, root) })
	check("log", func(ctx context.Context) (string, error) { return e.examineLog(ctx, s.(*session).task) })
	check("end", func(ctx context.Context) (string, error) {
		if err := s.Close(); err != nil {
			return "", err
		}
		return e.examineEnd(ctx, s.(*session))
	})
}

// examineWay sends a file, lets the task read it, and fetches it.
func (e *Engine) examineWay(ctx context.Context, s engine.Session, root string) (string, error) {
	const name, words = "doctor.re", "= ここまで来ました\n"
	file := filepath.Join(root, name)
	if err := os.WriteFile(file, []byte(words), 0o644); err != nil {
		return "", err
	}
	found, err := source.Find(ctx, root, source.Options{})
	if err != nil {
		return "", err
	}
	if err := s.Sync(ctx, found.Files); err != nil {
		return "", err
	}
	var out, trouble bytes.Buffer
	begun := e.Clock.Now()
	status, err := s.Run(ctx, engine.Command{
		Argv:   []string{"sh", "-c", `cat doctor.re && cp doctor.re answer.re && df -Pk . | tail -n 1 && command -v review-pdfmaker`},
		Stdout: &out, Stderr: &trouble,
	})
	if err != nil {
		return "", err
	}
	took := e.Clock.Now().Sub(begun)
	back, rest := strings.CutPrefix(out.String(), words)
	if !rest {
		return "", faultf("docs/fargate.md lists what to look at", "the task read %q, not what was sent: %s", out.String(), strings.TrimSpace(trouble.String()))
	}
	if status != 0 {
		return "", faultf("is it an image with Re:VIEW in it? check fargate.image", "the image has no review-pdfmaker: %s", strings.TrimSpace(trouble.String()))
	}
	var tar bytes.Buffer
	if err := s.Get(ctx, s.Paths().Work, []string{"answer.re"}, &tar); err != nil {
		return "", err
	}
	if !bytes.Contains(tar.Bytes(), []byte(words)) {
		return "", faultf("docs/fargate.md lists what to look at", "what came back is not what was sent")
	}
	return fmt.Sprintf("a file went there, was read and came back; a command takes %s%s", took.Round(10*time.Millisecond), room(back)), nil
}

// room is what df says of the free disk.
func room(line string) string {
	words := strings.Fields(line)
	if len(words) < 4 {
		return ""
	}
	kilobytes, err := strconv.ParseInt(words[3], 10, 64)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("; %d GiB of disk are free", kilobytes>>20)
}

// examineLog reads the task's log. Builds work without.
func (e *Engine) examineLog(ctx context.Context, t *task) (string, error) {
	if e.Place.LogGroup == "" {
		return "none is kept: fargate.log_group is not set, so a task that never answers cannot be explained", nil
	}
	_, err := e.Logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: &e.Place.LogGroup, LogStreamName: aws.String(t.stream()), Limit: aws.Int32(1)})
	switch {
	case err != nil && denied[code(err)]:
		return "it cannot be read (logs:GetLogEvents): builds work, but a task that never answers cannot be explained", nil
	case err != nil && code(err) == "ResourceNotFoundException":
		return "nothing is there yet", nil
	case err != nil:
		return "", needs("logs:GetLogEvents", err)
	}
	return e.Place.LogGroup + " can be read", nil
}

// examineEnd sees that nothing is left.
func (e *Engine) examineEnd(ctx context.Context, s *session) (string, error) {
	out, err := e.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &e.Place.Cluster, Tasks: []string{s.task.arn}})
	if err != nil {
		return "", needs("ecs:DescribeTasks", err)
	}
	for _, t := range out.Tasks {
		if t.DesiredStatus != nil && *t.DesiredStatus != string(types.DesiredStatusStopped) {
			return "", faultf("stop it in the console", "the task %s still runs", s.task.short())
		}
	}
	for info, err := range s.store.List(ctx, "") {
		if err != nil {
			return "", err
		}
		return "", faultf("the bucket's lifecycle rule will remove it", "%s is left in the bucket", info.Name)
	}
	return "the task has stopped, and left nothing in the bucket", nil
}
