package fargate

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"golang.org/x/sync/singleflight"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/reaper"
	"github.com/bookci/bookci/objects"
)

// ECS is the part of the API that tasks need.
type ECS interface {
	DescribeTaskDefinition(ctx context.Context, in *ecs.DescribeTaskDefinitionInput, opts ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
	RegisterTaskDefinition(ctx context.Context, in *ecs.RegisterTaskDefinitionInput, opts ...func(*ecs.Options)) (*ecs.RegisterTaskDefinitionOutput, error)
	RunTask(ctx context.Context, in *ecs.RunTaskInput, opts ...func(*ecs.Options)) (*ecs.RunTaskOutput, error)
	DescribeTasks(ctx context.Context, in *ecs.DescribeTasksInput, opts ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
	ListTasks(ctx context.Context, in *ecs.ListTasksInput, opts ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	StopTask(ctx context.Context, in *ecs.StopTaskInput, opts ...func(*ecs.Options)) (*ecs.StopTaskOutput, error)
	// DescribeClusters is Examine's alone.
	DescribeClusters(ctx context.Context, in *ecs.DescribeClustersInput, opts ...func(*ecs.Options)) (*ecs.DescribeClustersOutput, error)
}

// Logs is the part of CloudWatch Logs that explains a task which never answered.
type Logs interface {
	GetLogEvents(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error)
}

// Clock is the time that waits go by.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// Place says where tasks run. All of it is the user's own; nothing of it may
// come with a manuscript.
type Place struct {
	Region         string   `json:"region"`
	Cluster        string   `json:"cluster"`
	Bucket         string   `json:"bucket"`
	Prefix         string   `json:"prefix"` // in the bucket, "" for its top
	Subnets        []string `json:"subnets"`
	SecurityGroups []string `json:"security_groups"`
	PublicIP       bool     `json:"public_ip"` // for subnets that reach S3 and the registry by an internet gateway
	ExecutionRole  string   `json:"execution_role"`
	LogGroup       string   `json:"log_group"` // "": nothing is logged
	// Endpoint and PathStyle are for buckets elsewhere than at AWS, and for tests.
	Endpoint  string `json:"endpoint,omitempty"`
	ECS       string `json:"ecs_endpoint,omitempty"`
	PathStyle bool   `json:"path_style,omitempty"`
}

// Size is what a task gets.
type Size struct {
	CPU     int  // 1024 is a core; Fargate has 256, 512, 1024, 2048, 4096, ...
	Memory  int  // MiB
	Storage int  // GiB of disk, 0 for the 20 that cost nothing
	Spot    bool // cheaper, and may be taken away
}

// Engine runs makers in tasks on Fargate. Close it when no session is left.
type Engine struct {
	Place  Place
	Size   Size
	Image  string // by digest, in a registry that the execution role may pull from
	Mount  string // where the work tree appears
	ECS    ECS
	Logs   Logs // nil: never asked
	Bucket *objects.S3
	// Credentials are looked at by Examine. Connect sets them.
	Credentials aws.CredentialsProvider
	Owner       Owner
	Reaper      *reaper.Reaper
	Clock       Clock
	// Patience is how long a task may take to answer for the first time, and how
	// long capacity is waited for.
	Patience time.Duration
	// Lease is how long a task lives on when bookci is heard of no more, 0 for 90 s.
	Lease time.Duration
	// AddressLife is how long a task may use an address that it was given, 0 for an hour.
	AddressLife time.Duration
	TempDir     string // for what goes to and comes from the bucket, "" for the system's

	mu         sync.Mutex
	definition string            // ARN of the task definition, once known
	shared     map[string]string // names of uploads, by the key of what they hold
	asking     singleflight.Group
	dirty      bool // something may have been uploaded
	swept      bool
	tasks      tasks
}

// Owner says which process of bookci a task belongs to.
type Owner struct {
	Machine string // names this machine, as long as it runs
	Token   string // names this process, and no other one on any machine
	// Alive reports whether the process that a token of this machine names still runs.
	Alive func(token string) bool
}

// machine is short enough for startedBy, which takes 36 letters in older regions.
func (o Owner) machine() string {
	sum := sha256.Sum256([]byte(o.Machine))
	return hex.EncodeToString(sum[:12])
}

func (o Owner) startedBy() string { return "bookci/" + o.machine() }

// word is the token as a part of an object's name and of a task's group.
func word(token string) string { return base64.RawURLEncoding.EncodeToString([]byte(token)) }

func (o Owner) group() string { return "bookci:" + word(o.Token) }

// folder is the bucket's folder for all objects of this process.
func (e *Engine) folder() *objects.S3 {
	return e.Bucket.Below(e.Owner.machine() + "/" + word(e.Owner.Token))
}

// Name implements engine.Engine.
func (e *Engine) Name() string { return "fargate" }

// Where things lie in a task.
const ownDir = "/bookci"

//go:embed agent.sh
var agent string

func (e *Engine) lease() time.Duration { return cmp.Or(e.Lease, usualLease) }

// agentScript is the command of a task.
func (e *Engine) agentScript() string {
	return fmt.Sprintf("LEASE=%d\n%s", int(e.lease().Seconds()), agent)
}

// Open implements engine.Engine.
func (e *Engine) Open(ctx context.Context, opts engine.SessionOptions) (_ engine.Session, err error) {
	if opts.Note == nil {
		opts.Note = func(string, ...any) {}
	}
	e.sweepOnce(ctx, opts.Note)
	definition, err := e.defined(ctx)
	if err != nil {
		return nil, e.fault(ctx, "preparing tasks", err)
	}
	s := e.newSession(opts)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.prepare(ctx, opts); err != nil {
		return nil, err
	}
	n, err := s.lay(ctx, nil)
	if err != nil {
		return nil, e.fault(ctx, "writing to the bucket", err)
	}
	if s.task, err = e.launch(ctx, s, definition, e.Size.Spot && !opts.Steady); err != nil {
		return nil, err
	}
	s.keepLease()
	answering, enough := context.WithCancelCause(ctx)
	defer enough(nil)
	stop := e.patience(answering, enough, s.task, opts.Note)
	defer stop()
	if _, err := s.answer(answering, n, io.Discard, io.Discard); err != nil {
		return nil, err
	}
	return s, nil
}

// patience tells note what a task is waiting for, and calls enough after Patience.
// The caller calls the returned function when the task has answered.
func (e *Engine) patience(ctx context.Context, enough context.CancelCauseFunc, t *task, note func(string, ...any)) func() {
	const telling = 20 * time.Second
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		begun := e.Clock.Now()
		for {
			select {
			case <-e.Clock.After(telling):
			case <-ctx.Done():
				return
			}
			waited := e.Clock.Now().Sub(begun)
			status := strings.ToLower(t.lastStatus())
			if waited >= e.Patience {
				hint := "Fargate has no machine for it, or pulls a large image; try again, or ask for less with fargate.cpu and fargate.memory"
				if status == "running" {
					hint = "can the task's subnets and security groups reach the bucket (" + e.Place.Bucket + ")? run `bookci fargate doctor`"
				}
				enough(faultf(hint, "the task is %s and has not answered for %s%s", status, waited.Round(time.Second), e.lastWords(t)))
				return
			}
			note("waiting for the task, %s for %s", status, waited.Round(time.Second))
		}
	})
	return func() { cancel(); wg.Wait() }
}

// Close removes what sessions shared. All sessions are closed by then.
func (e *Engine) Close() error {
	e.tasks.wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.dirty {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	if err := removeAll(ctx, e.folder()); err != nil {
		return e.fault(ctx, "tidying the bucket", err)
	}
	e.shared, e.dirty = nil, false
	return e.Reaper.ContainerGone()
}

// removeAll deletes every object of a store.
func removeAll(ctx context.Context, store *objects.S3) error {
	var names []string
	for info, err := range store.List(ctx, "") {
		if err != nil {
			return err
		}
		names = append(names, info.Name)
	}
	return store.Delete(ctx, names...)
}
