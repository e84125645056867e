package fargate

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// task is one that bookci has started.
type task struct {
	arn  string
	gone chan struct{} // closed when it has stopped

	mu      sync.Mutex
	status  string
	end     end
	ended   bool
	said    bool // it has answered a command
	met     bool // ECS has told of it
	leaving bool // it was asked to stop
	missing time.Time
}

// end is how a task ended.
type end struct {
	code, reason string
	container    string // the container's own reason
	exit         *int32
}

func (t *task) short() string { return t.arn[strings.LastIndexByte(t.arn, '/')+1:] }

// stream is the name of the task's log.
func (t *task) stream() string { return logPrefix + "/" + containerName + "/" + t.short() }

func (t *task) lastStatus() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status
}

func (t *task) lastEnd() end {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end
}

func (t *task) answered() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.said
}

func (t *task) hasAnswered() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said = true
}

// hurried reports a task whose next state is waited for.
func (t *task) hurried() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.said || t.leaving
}

func (t *task) finish(e end) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.ended, t.end = true, e
		close(t.gone)
	}
}

// tasks asks after all tasks of an engine at once: one call for a hundred.
type tasks struct {
	mu      sync.Mutex
	known   map[string]*task
	looking bool
	hurry   chan struct{}
	wg      sync.WaitGroup
}

const (
	lookPause  = 5 * time.Second
	hurryPause = time.Second
	perCall    = 100 // DescribeTasks takes no more
	// missingLimit is how long ECS may not know a task that it has started.
	missingLimit = 2 * time.Minute
)

func (ts *tasks) add(e *Engine, arn string) *task {
	t := &task{arn: arn, status: "PROVISIONING", gone: make(chan struct{})}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.known == nil {
		ts.known, ts.hurry = map[string]*task{}, make(chan struct{}, 1)
	}
	ts.known[arn] = t
	if !ts.looking {
		ts.looking = true
		ts.wg.Go(func() { ts.look(e) })
	}
	ts.quick()
	return t
}

// quick makes the next look come soon. The caller holds mu.
func (ts *tasks) quick() {
	select {
	case ts.hurry <- struct{}{}:
	default:
	}
}

// stopping tells that t was asked to stop.
func (ts *tasks) stopping(t *task) {
	t.mu.Lock()
	t.leaving = true
	t.mu.Unlock()
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.quick()
}

// forget takes a task off the list.
func (ts *tasks) forget(t *task) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.known, t.arn)
	ts.quick()
}

// wait returns when no task is left to look at.
func (ts *tasks) wait() { ts.wg.Wait() }

func (ts *tasks) list() []*task {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	list := make([]*task, 0, len(ts.known))
	for _, t := range ts.known {
		list = append(list, t)
	}
	if len(list) == 0 {
		ts.looking = false
	}
	return list
}

func (ts *tasks) look(e *Engine) {
	for {
		list := ts.list()
		if len(list) == 0 {
			return
		}
		pause := lookPause
		for _, t := range list {
			if t.hurried() {
				pause = hurryPause
			}
		}
		select {
		case <-e.Clock.After(pause):
		case <-ts.hurry:
			// Not at once: ECS needs a moment for what was just asked of it.
			<-e.Clock.After(hurryPause / 5)
		}
		for from := 0; from < len(list); from += perCall {
			e.describe(list[from:min(len(list), from+perCall)])
		}
	}
}

// describe asks after some tasks. A call that fails is made again at the next look.
func (e *Engine) describe(list []*task) {
	const limit = 30 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	byARN, arns := map[string]*task{}, make([]string, 0, len(list))
	for _, t := range list {
		byARN[t.arn] = t
		arns = append(arns, t.arn)
	}
	out, err := e.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &e.Place.Cluster, Tasks: arns})
	if err != nil {
		return
	}
	for _, found := range out.Tasks {
		if t := byARN[aws.ToString(found.TaskArn)]; t != nil {
			t.see(found)
		}
	}
	for _, f := range out.Failures {
		if t := byARN[aws.ToString(f.Arn)]; t != nil && aws.ToString(f.Reason) == "MISSING" {
			t.miss(e.Clock.Now())
		}
	}
}

// see takes in what ECS knows of the task. Once its container has ended nothing
// runs any more, though taking the network down may last.
func (t *task) see(found types.Task) {
	status := aws.ToString(found.LastStatus)
	t.mu.Lock()
	t.status, t.met, t.missing = status, true, time.Time{}
	t.mu.Unlock()
	if status != "STOPPED" && status != "DEPROVISIONING" {
		return
	}
	e := end{code: string(found.StopCode), reason: aws.ToString(found.StoppedReason)}
	for _, c := range found.Containers {
		e.container, e.exit = aws.ToString(c.Reason), c.ExitCode
	}
	t.finish(e)
}

// miss is for a task that ECS does not know: not yet, or not any more. One that has
// answered may be so young that ECS has not told of it; it runs all the same.
func (t *task) miss(now time.Time) {
	t.mu.Lock()
	if t.missing.IsZero() {
		t.missing = now
	}
	lost := now.Sub(t.missing) > missingLimit || t.met && t.leaving
	t.mu.Unlock()
	if lost {
		t.finish(end{code: "MISSING", reason: "ECS does not know the task any more"})
	}
}
