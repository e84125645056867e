package fargate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	containerName = "book"
	logPrefix     = "bookci"
	// stopTimeout, in seconds, is between TERM and KILL: a maker ends, and its output
	// reaches the bucket. Spot gives no more than 120.
	stopTimeout = 60
)

// request is the task definition that the settings ask for.
func (e *Engine) request() *ecs.RegisterTaskDefinitionInput {
	volumes := map[string]string{"work": e.Mount, "tmp": "/tmp", "own": ownDir}
	in := &ecs.RegisterTaskDefinitionInput{
		NetworkMode:             types.NetworkModeAwsvpc,
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		Cpu:                     aws.String(strconv.Itoa(e.Size.CPU)),
		Memory:                  aws.String(strconv.Itoa(e.Size.Memory)),
		RuntimePlatform:         &types.RuntimePlatform{CpuArchitecture: types.CPUArchitectureX8664, OperatingSystemFamily: types.OSFamilyLinux},
	}
	if e.Place.ExecutionRole != "" {
		in.ExecutionRoleArn = &e.Place.ExecutionRole
	}
	if e.Size.Storage > 20 {
		in.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: int32(e.Size.Storage)}
	}
	book := types.ContainerDefinition{
		Name: aws.String(containerName), Image: &e.Image, Essential: aws.Bool(true),
		EntryPoint: []string{"/bin/sh", "-c"}, Command: []string{e.agentScript()},
		WorkingDirectory: aws.String("/"),
		// Root without capabilities: the volumes are root's own.
		User:                   aws.String("0:0"),
		ReadonlyRootFilesystem: aws.Bool(true),
		StopTimeout:            aws.Int32(stopTimeout),
		LinuxParameters:        &types.LinuxParameters{Capabilities: &types.KernelCapabilities{Drop: []string{"ALL"}}},
	}
	for _, name := range []string{"own", "tmp", "work"} {
		in.Volumes = append(in.Volumes, types.Volume{Name: aws.String(name)})
		book.MountPoints = append(book.MountPoints, types.MountPoint{SourceVolume: aws.String(name), ContainerPath: aws.String(volumes[name])})
	}
	if e.Place.LogGroup != "" {
		book.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
			"awslogs-group": e.Place.LogGroup, "awslogs-region": e.Place.Region, "awslogs-stream-prefix": logPrefix,
			"mode": "non-blocking", // a log that cannot be written must not hold the maker
		}}
	}
	in.ContainerDefinitions = []types.ContainerDefinition{book}
	return in
}

// defined makes sure of the task definition, once. The name of its family is a hash
// of its content, so that one which exists is the right one.
func (e *Engine) defined(ctx context.Context) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.definition != "" {
		return e.definition, nil
	}
	in := e.request()
	text, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	in.Family = aws.String("bookci-" + hex.EncodeToString(sum[:10]))
	if out, err := e.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: in.Family}); err == nil && out.TaskDefinition != nil &&
		out.TaskDefinition.Status == types.TaskDefinitionStatusActive {
		e.definition = aws.ToString(out.TaskDefinition.TaskDefinitionArn)
		return e.definition, nil
	} else if err != nil && code(err) != "ClientException" {
		return "", fmt.Errorf("looking for the task definition: %w", err)
	}
	out, err := e.ECS.RegisterTaskDefinition(ctx, in)
	if err != nil {
		return "", fmt.Errorf("registering the task definition: %w", err)
	}
	e.definition = aws.ToString(out.TaskDefinition.TaskDefinitionArn)
	return e.definition, nil
}

// launchLimit bounds the wait for the answer to a request that was under way when
// bookci was told to end.
const launchLimit = 15 * time.Second

// launch starts the task of a session.
func (e *Engine) launch(ctx context.Context, s *session, definition string, spot bool) (*task, error) {
	// A request that was sent may be carried out although bookci is killed: the
	// reaper looks for its task.
	if err := e.Reaper.ExpectContainer(); err != nil {
		return nil, faultf("", "%w", err)
	}
	t, err := e.tryLaunch(ctx, s, definition, spot)
	if err != nil {
		err = e.fault(ctx, "starting a task", err)
		return t, err
	}
	return t, nil
}

// tryLaunch asks again, with growing pauses, while there is no room.
func (e *Engine) tryLaunch(ctx context.Context, s *session, definition string, spot bool) (*task, error) {
	begun, told := e.Clock.Now(), false
	for try := 0; ; try++ {
		// A beat keeps the desk fresh; its address is signed anew for each try.
		address, err := s.desk.address(ctx)
		if err != nil {
			return nil, err
		}
		arn, full, err := e.runTask(ctx, e.runInput(fmt.Sprintf("%s-%d", s.id, try), definition, address, spot))
		if err != nil {
			return nil, err
		}
		if arn != "" {
			return e.tasks.add(e, arn), nil
		}
		pause := min(time.Minute, 5*time.Second<<min(try, 4))
		pause += rand.N(pause / 4) // a fleet shall not ask all at once
		if e.Clock.Now().Sub(begun)+pause > e.Patience {
			return nil, faultf("try again later, in other subnets, or ask for less with fargate.cpu and fargate.memory", "Fargate has had no room for %s: %s", e.Patience, full)
		}
		if !told {
			told = true
			s.note("Fargate has no room for a task (%s), asking again", full)
		}
		select {
		case <-e.Clock.After(pause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if err := s.desk.renew(ctx); err != nil {
			return nil, err
		}
	}
}

func (e *Engine) runInput(token, definition, address string, spot bool) *ecs.RunTaskInput {
	public := types.AssignPublicIpDisabled
	if e.Place.PublicIP {
		public = types.AssignPublicIpEnabled
	}
	in := &ecs.RunTaskInput{
		Cluster: &e.Place.Cluster, TaskDefinition: &definition, Count: aws.Int32(1),
		StartedBy: aws.String(e.Owner.startedBy()), Group: aws.String(e.Owner.group()),
		// The SDK repeats a request with the same token, so no task starts twice.
		ClientToken: &token,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: e.Place.Subnets, SecurityGroups: e.Place.SecurityGroups, AssignPublicIp: public,
		}},
		Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
			Name: aws.String(containerName), Environment: []types.KeyValuePair{{Name: aws.String("BOOKCI_DESK"), Value: &address}},
		}}},
	}
	if spot {
		in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: 1}}
	} else {
		in.LaunchType = types.LaunchTypeFargate
	}
	return in
}

// runTask sends one request. full says why there is no task, where that may pass.
func (e *Engine) runTask(ctx context.Context, in *ecs.RunTaskInput) (arn, full string, err error) {
	type answer struct {
		out *ecs.RunTaskOutput
		err error
	}
	answers := make(chan answer, 1)
	asking, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go func() {
		out, err := e.ECS.RunTask(asking, in)
		answers <- answer{out, err}
	}()
	var a answer
	select {
	case a = <-answers:
	case <-ctx.Done():
		// ECS may carry out the request all the same: the answer names the task to stop.
		select {
		case a = <-answers:
			if a.err == nil && len(a.out.Tasks) > 0 {
				e.stopTask(aws.ToString(a.out.Tasks[0].TaskArn), "bookci was told to end")
			}
		case <-time.After(launchLimit):
			// The desk will be gone; the task ends with its lease.
		}
		return "", "", context.Cause(ctx)
	}
	switch {
	case a.err != nil && lacksRoom(a.err.Error()):
		return "", code(a.err), nil
	case a.err != nil:
		return "", "", a.err
	case len(a.out.Tasks) > 0:
		return aws.ToString(a.out.Tasks[0].TaskArn), "", nil
	case len(a.out.Failures) > 0:
		f := a.out.Failures[0]
		reason := strings.TrimSpace(aws.ToString(f.Reason) + " " + aws.ToString(f.Detail))
		if lacksRoom(reason) {
			return "", reason, nil
		}
		return "", "", errors.New(reason)
	}
	return "", "", errors.New("ECS answered with neither a task nor a reason")
}

// lacksRoom reports a refusal that passes: no capacity, or a quota of tasks or
// addresses that others use up now.
func lacksRoom(reason string) bool {
	for _, word := range []string{"RESOURCE:", "apacity", "limit on the number of tasks", "ThrottlingException", "LimitExceeded", "rate exceeded", "Rate exceeded"} {
		if strings.Contains(reason, word) {
			return true
		}
	}
	return false
}

// stopTask asks ECS to stop a task, whatever became of it.
func (e *Engine) stopTask(arn, reason string) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	_, err := e.ECS.StopTask(ctx, &ecs.StopTaskInput{Cluster: &e.Place.Cluster, Task: &arn, Reason: &reason})
	if err != nil && strings.Contains(err.Error(), "not found") {
		return nil // it was stopped so long ago that ECS has forgotten it
	}
	return err
}
