//go:build unix

package ecsstandin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bookci/bookci/internal/ecsstandin"
	"github.com/bookci/bookci/internal/standin"
)

// AWS's own command drives the stand-in through a task's life. bookci and the
// stand-in have the same authors, who may share a mistake; this client has others.
func TestAWSsOwnClientDrivesTheStandIn(t *testing.T) {
	program, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("no aws on this machine: Debian's awscli has it")
	}
	api := standin.Docker(t)
	image, err := api.ImageInspect(context.Background(), standin.Image(t, api))
	if err != nil {
		t.Fatal(err)
	}
	s := ecsstandin.Start(t, api)
	home := t.TempDir()
	aws := func(want string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append(args, "--endpoint-url", s.Endpoint, "--output", "text")...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret",
			"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1"}
		out, err := cmd.CombinedOutput()
		said := strings.TrimSpace(string(out))
		if failed := err != nil; failed != strings.HasPrefix(want, "refused: ") || !strings.Contains(said, strings.TrimPrefix(want, "refused: ")) {
			t.Fatalf("aws %s: %v, wanted %q\n%s", strings.Join(args, " "), err, want, said)
		}
		return said
	}
	definition, err := json.Marshal(map[string]any{
		"family": "second", "networkMode": "awsvpc", "requiresCompatibilities": []string{"FARGATE"}, "cpu": "256", "memory": "512",
		"executionRoleArn": "arn:aws:iam::123456789012:role/books",
		"containerDefinitions": []any{map[string]any{
			"name": "book", "image": "registry.example.com/review@" + image.ID, "essential": true,
			"entryPoint": []string{"/bin/sh", "-c"}, "command": []string{`trap "exit 7" TERM; echo "the word is $WORD"; while :; do sleep 0.1; done`},
			"logConfiguration": map[string]any{"logDriver": "awslogs", "options": map[string]string{
				"awslogs-group": ecsstandin.LogGroup, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, "definition.json")
	if err := os.WriteFile(file, definition, 0o644); err != nil {
		t.Fatal(err)
	}

	aws("ACTIVE", "ecs", "describe-clusters", "--clusters", ecsstandin.Cluster, "--query", "clusters[0].status")
	aws("refused: ClientException", "ecs", "describe-task-definition", "--task-definition", "second")
	aws("task-definition/second:1", "ecs", "register-task-definition", "--cli-input-json", "file://"+file, "--query", "taskDefinition.taskDefinitionArn")
	aws("second", "ecs", "describe-task-definition", "--task-definition", "second", "--query", "taskDefinition.family")
	run := []string{"ecs", "run-task", "--cluster", ecsstandin.Cluster, "--task-definition", "second", "--launch-type", "FARGATE", "--started-by", "somebody",
		"--overrides", `{"containerOverrides": [{"name": "book", "environment": [{"name": "WORD", "value": "here"}]}]}`, "--query", "tasks[0].taskArn"}
	aws("refused: InvalidParameterException", run...)
	task := aws("arn:aws:ecs:", append(run, "--network-configuration", "awsvpcConfiguration={subnets=[subnet-1]}")...)
	of := []string{"--cluster", ecsstandin.Cluster, "--tasks", task}
	aws("", append([]string{"ecs", "wait", "tasks-running"}, of...)...)
	aws(task, "ecs", "list-tasks", "--cluster", ecsstandin.Cluster, "--started-by", "somebody", "--query", "taskArns")
	if other := aws("", "ecs", "list-tasks", "--cluster", ecsstandin.Cluster, "--started-by", "another", "--query", "taskArns"); strings.Contains(other, task) {
		t.Errorf("another's tasks are %s", other)
	}
	aws("RUNNING", append([]string{"ecs", "describe-tasks", "--query", "tasks[0].desiredStatus"}, of...)...)
	aws("because", "ecs", "stop-task", "--cluster", ecsstandin.Cluster, "--task", task, "--reason", "because", "--query", "task.stoppedReason")
	aws("", append([]string{"ecs", "wait", "tasks-stopped"}, of...)...)
	aws("STOPPED\tUserInitiated\t7", append([]string{"ecs", "describe-tasks", "--query", "tasks[0].[lastStatus,stopCode,containers[0].exitCode]"}, of...)...)
	stream := fmt.Sprintf("p/book/%s", task[strings.LastIndexByte(task, '/')+1:])
	aws("the word is here", "logs", "get-log-events", "--log-group-name", ecsstandin.LogGroup, "--log-stream-name", stream, "--query", "events[].message")
	aws("refused: ResourceNotFoundException", "logs", "get-log-events", "--log-group-name", ecsstandin.LogGroup, "--log-stream-name", "p/book/none")
	aws(ecsstandin.LogGroup, "logs", "describe-log-groups", "--query", "logGroups[0].logGroupName")
}
