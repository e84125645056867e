package fargate

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// sweepOnce removes what earlier bookcis of this machine have left. Errors are
// ignored: it is only tidying, and the next call will show what is wrong with AWS.
func (e *Engine) sweepOnce(ctx context.Context, note func(string, ...any)) {
	e.mu.Lock()
	swept := e.swept
	e.swept = true
	e.mu.Unlock()
	if swept || e.Owner.Alive == nil {
		return
	}
	_ = e.sweep(ctx, func(token string) bool { return token != e.Owner.Token && !e.Owner.Alive(token) }, note)
}

// Sweep removes the tasks and objects of the process with the owner's token, which
// is gone. ECS may still carry out its last request, so Sweep looks more than once.
// It removes the objects when no task runs any more.
func (e *Engine) Sweep(ctx context.Context) error {
	mine := func(token string) bool { return token == e.Owner.Token }
	const looks, pause = 4, 3 * time.Second
	for look := range looks {
		if look > 0 {
			select {
			case <-e.Clock.After(pause):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if err := e.sweepTasks(ctx, mine, func(string, ...any) {}); err != nil {
			return err
		}
		if err := e.settled(ctx); err != nil {
			return err
		}
		if err := e.sweepObjects(ctx, mine); err != nil {
			return err
		}
	}
	return nil
}

// settled waits until no task that was told to stop runs any more: until then it
// may write objects.
func (e *Engine) settled(ctx context.Context) error {
	for {
		list, err := e.ECS.ListTasks(ctx, &ecs.ListTasksInput{
			Cluster: &e.Place.Cluster, StartedBy: aws.String(e.Owner.startedBy()), DesiredStatus: types.DesiredStatusStopped,
		})
		if err != nil {
			return err
		}
		busy := false
		for arns := range slices.Chunk(list.TaskArns, perCall) {
			out, err := e.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &e.Place.Cluster, Tasks: arns})
			if err != nil {
				return err
			}
			for _, t := range out.Tasks {
				status := aws.ToString(t.LastStatus)
				busy = busy || aws.ToString(t.Group) == e.Owner.group() && status != "STOPPED" && status != "DEPROVISIONING"
			}
		}
		if !busy {
			return nil
		}
		select {
		case <-e.Clock.After(hurryPause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (e *Engine) sweep(ctx context.Context, dead func(token string) bool, note func(string, ...any)) error {
	return errors.Join(e.sweepTasks(ctx, dead, note), e.sweepObjects(ctx, dead))
}

// sweepTasks stops tasks. Those of other machines are not even listed; of this
// machine's, a task's group says whose it is.
func (e *Engine) sweepTasks(ctx context.Context, dead func(string) bool, note func(string, ...any)) error {
	var next *string
	for {
		list, err := e.ECS.ListTasks(ctx, &ecs.ListTasksInput{Cluster: &e.Place.Cluster, StartedBy: aws.String(e.Owner.startedBy()), NextToken: next})
		if err != nil {
			return err
		}
		if len(list.TaskArns) > 0 {
			out, err := e.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &e.Place.Cluster, Tasks: list.TaskArns})
			if err != nil {
				return err
			}
			for _, t := range out.Tasks {
				name, ours := strings.CutPrefix(aws.ToString(t.Group), "bookci:")
				token, ok := unword(name)
				if !ours || !ok || !dead(token) || aws.ToString(t.StartedBy) != e.Owner.startedBy() {
					continue
				}
				if err := e.stopTask(aws.ToString(t.TaskArn), "the bookci that started it is gone"); err != nil {
					return err
				}
				note("stopped a task, left by a bookci that is gone")
			}
		}
		if next = list.NextToken; next == nil {
			return nil
		}
	}
}

// sweepObjects removes the objects of processes that are gone.
func (e *Engine) sweepObjects(ctx context.Context, dead func(string) bool) error {
	machine := e.Bucket.Below(e.Owner.machine())
	judged := map[string]bool{}
	var names []string
	for info, err := range machine.List(ctx, "") {
		if err != nil {
			return err
		}
		owner, _, _ := strings.Cut(info.Name, "/")
		gone, known := judged[owner]
		if !known {
			token, ok := unword(owner)
			gone = ok && dead(token)
			judged[owner] = gone
		}
		if gone {
			names = append(names, info.Name)
		}
	}
	return machine.Delete(ctx, names...)
}

func unword(w string) (token string, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(w)
	return string(text), err == nil && len(text) > 0
}
