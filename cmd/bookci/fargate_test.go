//go:build unix

package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bookci/bookci/internal/ecsstandin"
	"github.com/bookci/bookci/internal/s3server"
	"github.com/bookci/bookci/internal/standin"
)

// TestFargateScripts run bookci as a whole against an S3 server and the stand-in
// for ECS, whose tasks are containers. Beyond what every script has to leave
// behind clean, no task may run and no object be left below the prefix of tasks.
func TestFargateScripts(t *testing.T) {
	api := standin.Docker(t)
	image := standin.ImageWithCurl(t, api)
	found, err := api.ImageInspect(context.Background(), image)
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string]func(ts *testscript.TestScript, neg bool, args []string){"cloud": cmdCloud, "tasks": cmdTasks, "bucket": cmdBucket, "fleet": cmdFleet}
	for name, f := range scriptCommands {
		commands[name] = f
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/fargate",
		Setup: func(env *testscript.Env) error {
			s := &scene{t: t}
			if err := s.setup(env); err != nil {
				return err
			}
			// Both end with the script, whose own T is no testing.TB.
			own := &scriptT{TB: t, env: env}
			bucket := s3server.Start(own)
			bucket.Bucket(own, "books")
			c := &cloud{bucket: bucket, ecs: ecsstandin.Start(own, api)}
			env.Values[cloudKey{}] = c
			env.Defer(func() {
				left := c.left()
				// A killed bookci's sweep looks several times, and this AWS ends with the script.
				for end := time.Now().Add(time.Minute); len(s.processes()) > 0 && time.Now().Before(end); {
					time.Sleep(100 * time.Millisecond)
				}
				if left != "" {
					env.T().Log("LEFT BEHIND: " + left)
					env.T().FailNow()
				}
			})
			for key, value := range c.environment(found.ID) {
				env.Setenv(key, value)
			}
			env.Setenv("DOCKER_HERE", api.DaemonHost())
			env.Setenv("IMAGE_HERE", image)
			return nil
		},
		Cmds:      commands,
		Condition: scriptCondition(api),
	})
}

// scriptT is the test of one script, for what wants a testing.TB: it ends when the
// script does.
type scriptT struct {
	testing.TB
	env *testscript.Env
}

func (s *scriptT) Cleanup(f func()) { s.env.Defer(f) }

// cloud is the AWS of one script.
type cloud struct {
	bucket *s3server.Server
	ecs    *ecsstandin.Server
}

// environment is what leads bookci to this AWS.
func (c *cloud) environment(image string) map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": s3server.AccessKey, "AWS_SECRET_ACCESS_KEY": s3server.SecretKey, "AWS_REGION": s3server.Region,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_ENDPOINT_URL_ECS": c.ecs.Endpoint, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": c.ecs.Endpoint,
		"BOOKCI_S3_ENDPOINT": c.bucket.Endpoint, "BOOKCI_S3_PATH_STYLE": "true",
		"BOOKCI_ENGINE": "fargate", "BOOKCI_FARGATE_CLUSTER": ecsstandin.Cluster, "BOOKCI_FARGATE_BUCKET": "books",
		"BOOKCI_FARGATE_SUBNETS": "subnet-1,subnet-2", "BOOKCI_FARGATE_LOG_GROUP": ecsstandin.LogGroup,
		"BOOKCI_FARGATE_EXECUTION_ROLE": "arn:aws:iam::123456789012:role/books",
		"BOOKCI_FARGATE_IMAGE":          "registry.example.com/review@" + image,
	}
}

type cloudKey struct{}

func cloudOf(ts *testscript.TestScript) *cloud { return ts.Value(cloudKey{}).(*cloud) }

// left tells what bookci has left in AWS, once what a killed one's reaper does has
// had its time.
func (c *cloud) left() string {
	for end := time.Now().Add(90 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		left := append(c.ecs.Running(), c.tasks()...)
		if len(left) == 0 || time.Now().After(end) {
			return strings.Join(left, ", ")
		}
	}
}

// tasks are the objects that are there for tasks.
func (c *cloud) tasks() []string {
	var left []string
	for _, name := range c.bucket.List("books") {
		if strings.HasPrefix(name, "tasks/") {
			left = append(left, name)
		}
	}
	return left
}

// cloud FAULT has AWS do wrong what is named; cloud well ends that.
func cmdCloud(ts *testscript.TestScript, _ bool, args []string) {
	faults := map[string]func(*ecsstandin.Faults){
		"well":        func(f *ecsstandin.Faults) { *f = ecsstandin.Faults{} },
		"cannot-pull": func(f *ecsstandin.Faults) { f.CannotPull = true },
		"pending":     func(f *ecsstandin.Faults) { f.Pending = make(chan struct{}) },
		"busy": func(f *ecsstandin.Faults) {
			f.Throttle, f.RunFailures = 8, []string{"RESOURCE:MEMORY", "Capacity is unavailable at this time."}
		},
		"throttle": func(f *ecsstandin.Faults) { f.Throttle = 3 },
		"no-run":   func(f *ecsstandin.Faults) { f.Denied = map[string]bool{"RunTask": true} },
		"no-logs":  func(f *ecsstandin.Faults) { f.Denied = map[string]bool{"GetLogEvents": true} },
	}
	switch args[0] {
	case "interrupt":
		for _, arn := range cloudOf(ts).ecs.Running() {
			cloudOf(ts).ecs.Interrupt(arn)
		}
		return
	}
	set := faults[args[0]]
	if set == nil {
		ts.Fatalf("no fault is named %s", args[0])
	}
	cloudOf(ts).ecs.Set(set)
}

// tasks N checks how many tasks were ever started; tasks running N waits for that
// many to run.
func cmdTasks(ts *testscript.TestScript, _ bool, args []string) {
	c := cloudOf(ts)
	if args[0] != "running" {
		if got := fmt.Sprint(c.ecs.Started()); got != args[0] {
			ts.Fatalf("%s tasks were started, want %s", got, args[0])
		}
		return
	}
	for end := time.Now().Add(patience); fmt.Sprint(len(c.ecs.Running())) != args[1]; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("%d tasks run, want %s", len(c.ecs.Running()), args[1])
		}
	}
}

// bucket NAME checks that the bucket has an object; ! bucket PREFIX, that it has none
// whose name begins so.
func cmdBucket(ts *testscript.TestScript, neg bool, args []string) {
	all := cloudOf(ts).bucket.List("books")
	for _, name := range all {
		if neg && strings.HasPrefix(name, args[0]) {
			ts.Fatalf("the bucket holds %s", name)
		}
		if !neg && name == args[0] {
			return
		}
	}
	if !neg {
		ts.Fatalf("the bucket holds %q", all)
	}
}
