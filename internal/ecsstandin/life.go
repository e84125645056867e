package ecsstandin

import (
	"context"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
)

// task is one that was started. Its server's mu guards what changes.
type task struct {
	server   *Server
	arn      string
	def      map[string]any
	request  map[string]any
	created  time.Time
	stopping chan struct{} // closed when it shall stop

	missing         int
	status, desired string
	code, reason    string // of the stop
	failure         string // the container's own reason
	exit            *int
	container       string
	events          []event
}

// stop asks the task to end; the first reason counts. The caller holds mu.
func (t *task) stop(code, reason string) {
	if t.desired == "STOPPED" {
		return
	}
	t.desired, t.code, t.reason = "STOPPED", code, reason
	close(t.stopping)
}

// describe is the task as the API shows it. The caller holds mu.
func (t *task) describe() map[string]any {
	c := map[string]any{"name": t.name(), "lastStatus": t.status, "taskArn": t.arn}
	if t.exit != nil {
		c["exitCode"] = *t.exit
	}
	if t.failure != "" {
		c["reason"] = t.failure
	}
	task := map[string]any{
		"taskArn": t.arn, "clusterArn": arn("cluster", Cluster), "taskDefinitionArn": t.def["taskDefinitionArn"],
		"lastStatus": t.status, "desiredStatus": t.desired, "launchType": "FARGATE",
		"createdAt": float64(t.created.UnixMilli()) / 1000, "containers": []any{c},
		"startedBy": text(t.request, "startedBy"), "group": text(t.request, "group"),
	}
	if t.code != "" {
		task["stopCode"], task["stoppedReason"] = t.code, t.reason
	}
	return task
}

func (t *task) image() map[string]any {
	return items(t.def, "containerDefinitions")[0].(map[string]any)
}
func (t *task) name() string { return text(t.image(), "name") }

// become changes the status, unless the task shall stop.
func (t *task) become(status string) bool {
	t.server.mu.Lock()
	defer t.server.mu.Unlock()
	if t.desired == "STOPPED" && status != "STOPPED" && status != "DEPROVISIONING" {
		return false
	}
	t.status = status
	return true
}

// live is the task's life.
func (t *task) live() {
	defer t.become("STOPPED")
	s := t.server
	s.mu.Lock()
	pending, cannotPull := s.faults.Pending, s.faults.CannotPull
	s.mu.Unlock()
	if !t.become("PENDING") {
		return
	}
	if pending != nil {
		select {
		case <-pending:
		case <-t.stopping:
			return
		}
	}
	if cannotPull {
		s.mu.Lock()
		t.failure = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " + text(t.image(), "image") + ": not found"
		t.stop("TaskFailedToStart", t.failure)
		s.mu.Unlock()
		return
	}
	if err := t.run(); err != nil {
		s.mu.Lock()
		t.failure = "CannotStartContainerError: " + err.Error()
		t.stop("TaskFailedToStart", t.failure)
		s.mu.Unlock()
	}
}

// label marks the stand-in's containers.
const label = "io.github.bookci.test.task"

// run runs the container to its end and removes it.
func (t *task) run() error {
	ctx := context.Background()
	def := t.image()
	var env []string
	for _, list := range [][]any{items(def, "environment"), t.overrides("environment")} {
		for _, e := range list {
			env = append(env, text(e.(map[string]any), "name")+"="+text(e.(map[string]any), "value"))
		}
	}
	command := texts(def, "command")
	if override := t.overrides("command"); len(override) > 0 {
		command = nil
		for _, word := range override {
			command = append(command, word.(string))
		}
	}
	config := &container.Config{
		Image: local(text(def, "image")), Entrypoint: texts(def, "entryPoint"), Cmd: command, Env: env,
		User: text(def, "user"), WorkingDir: text(def, "workingDirectory"), Labels: map[string]string{label: t.arn},
	}
	readonly, _ := def["readonlyRootFilesystem"].(bool)
	capabilities := object(object(def, "linuxParameters"), "capabilities")
	host := &container.HostConfig{
		NetworkMode: "host", ReadonlyRootfs: readonly, CapDrop: texts(capabilities, "drop"),
		// Fargate itself sees to this.
		SecurityOpt: []string{"no-new-privileges"},
	}
	// A task's volumes are folders on its disk, root's own.
	for _, m := range items(def, "mountPoints") {
		host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeVolume, Target: text(m.(map[string]any), "containerPath")})
	}
	created, err := t.server.docker.ContainerCreate(ctx, config, host, nil, nil, "")
	if err != nil {
		return err
	}
	defer func() {
		err := t.server.docker.ContainerRemove(ctx, created.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		if err != nil {
			t.server.t.Errorf("removing a task's container: %v", err)
		}
	}()
	t.server.mu.Lock()
	t.container = created.ID
	t.server.mu.Unlock()
	ended, failed := t.server.docker.ContainerWait(ctx, created.ID, container.WaitConditionNextExit)
	if err := t.server.docker.ContainerStart(ctx, created.ID, container.StartOptions{}); err != nil {
		return err
	}
	logs, err := t.server.docker.ContainerLogs(ctx, created.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if err != nil {
		return err
	}
	followed := make(chan struct{})
	go func() { defer close(followed); defer logs.Close(); t.follow(logs) }()
	t.become("RUNNING")
	limit := 30
	if n := number(def, "stopTimeout"); n > 0 {
		limit = int(n)
	}
	stopping := t.stopping
	for {
		select {
		case <-stopping:
			stopping = nil
			go func() { _ = t.server.docker.ContainerStop(ctx, created.ID, container.StopOptions{Timeout: &limit}) }()
			continue
		case err := <-failed:
			return err
		case end := <-ended:
			<-followed
			t.become("DEPROVISIONING")
			t.server.mu.Lock()
			status := int(end.StatusCode)
			t.exit = &status
			t.stop("EssentialContainerExited", "Essential container in task exited")
			t.server.mu.Unlock()
			return nil
		}
	}
}

// local is what the machine's Docker Engine knows an image by: one that was never
// in a registry is named NAME@ID here.
func local(image string) string {
	if _, id, ok := strings.Cut(image, "@"); ok {
		return id
	}
	return image
}

func (t *task) overrides(key string) []any {
	for _, c := range items(object(t.request, "overrides"), "containerOverrides") {
		if text(c.(map[string]any), "name") == t.name() {
			return items(c.(map[string]any), key)
		}
	}
	return nil
}

// kill ends a task's container at once.
func (s *Server) kill(arn string) {
	s.mu.Lock()
	t := s.tasks[arn]
	id := t.container
	t.stop("UserInitiated", "the test is over")
	s.mu.Unlock()
	if id != "" {
		_ = s.docker.ContainerKill(context.Background(), id, "KILL")
	}
}
