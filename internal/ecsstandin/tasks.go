package ecsstandin

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Cluster is the only one that there is; LogGroup is its log group.
const (
	Cluster  = "books"
	LogGroup = "/bookci"
	account  = "123456789012"
	region   = "us-east-1"
)

func arn(kind, name string) string {
	return fmt.Sprintf("arn:aws:ecs:%s:%s:%s/%s", region, account, kind, name)
}

func (s *Server) describeClusters(in map[string]any) (any, error) {
	clusters, failures := []any{}, []any{}
	for _, name := range texts(in, "clusters") {
		if short(name) == Cluster {
			clusters = append(clusters, map[string]any{"clusterName": Cluster, "clusterArn": arn("cluster", Cluster), "status": "ACTIVE"})
		} else {
			failures = append(failures, map[string]any{"arn": arn("cluster", name), "reason": "MISSING"})
		}
	}
	return map[string]any{"clusters": clusters, "failures": failures}, nil
}

// short is the last part of an ARN.
func short(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func (s *Server) checkCluster(in map[string]any) error {
	if short(text(in, "cluster")) != Cluster {
		return refuse("ClusterNotFoundException", "Cluster not found.")
	}
	return nil
}

// sizes are the pairs of cpu and memory that Fargate has, the smaller ones.
var sizes = map[string][2]int{"256": {512, 2048}, "512": {1024, 4096}, "1024": {2048, 8192}, "2048": {4096, 16384}, "4096": {8192, 30720}}

func (s *Server) registerTaskDefinition(in map[string]any) (any, error) {
	var memory int
	_, _ = fmt.Sscan(text(in, "memory"), &memory)
	size, ok := sizes[text(in, "cpu")]
	switch {
	case !ok || memory < size[0] || memory > size[1]:
		return nil, refuse("ClientException", "No Fargate configuration exists for given values: %s CPU, %d memory.", text(in, "cpu"), memory)
	case text(in, "networkMode") != "awsvpc":
		return nil, refuse("ClientException", "Fargate only supports network mode 'awsvpc'.")
	}
	for _, c := range items(in, "containerDefinitions") {
		def := c.(map[string]any)
		if stop := number(def, "stopTimeout"); stop > 120 {
			return nil, refuse("ClientException", "The stop timeout is longer than Fargate's 120 s.")
		}
		if text(object(def, "logConfiguration"), "logDriver") == "awslogs" && text(in, "executionRoleArn") == "" {
			return nil, refuse("ClientException", "Fargate requires task definition to have execution role ARN to support log driver awslogs.")
		}
		linux := object(def, "linuxParameters")
		if len(items(linux, "tmpfs")) > 0 || len(items(linux, "devices")) > 0 || linux["sharedMemorySize"] != nil {
			return nil, refuse("ClientException", "Fargate does not support tmpfs, devices and sharedMemorySize.")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	family := text(in, "family")
	revision := len(s.definitions[family]) + 1
	def := map[string]any{}
	for key, v := range in {
		if key != "tags" {
			def[key] = v
		}
	}
	def["revision"], def["status"] = revision, "ACTIVE"
	def["taskDefinitionArn"] = arn("task-definition", fmt.Sprintf("%s:%d", family, revision))
	s.definitions[family] = append(s.definitions[family], def)
	return map[string]any{"taskDefinition": def}, nil
}

// definition finds one by its family, family:revision or ARN. The caller holds mu.
func (s *Server) definition(name string) map[string]any {
	family, revision, exact := strings.Cut(short(name), ":")
	all := s.definitions[family]
	for _, def := range slices.Backward(all) {
		if !exact || fmt.Sprint(def["revision"]) == revision {
			return def
		}
	}
	return nil
}

func (s *Server) describeTaskDefinition(in map[string]any) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	def := s.definition(text(in, "taskDefinition"))
	if def == nil {
		return nil, refuse("ClientException", "Unable to describe task definition.")
	}
	return map[string]any{"taskDefinition": def}, nil
}

// overridesLimit is that of the API for all overrides together.
const overridesLimit = 8192

func (s *Server) runTask(in map[string]any) (any, error) {
	if err := s.checkCluster(in); err != nil {
		return nil, err
	}
	network := object(object(in, "networkConfiguration"), "awsvpcConfiguration")
	if len(items(network, "subnets")) == 0 {
		return nil, refuse("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	}
	if text(in, "launchType") != "" && len(items(in, "capacityProviderStrategy")) > 0 {
		return nil, refuse("InvalidParameterException", "You may not specify both a launch type and a capacity provider strategy.")
	}
	if size := jsonLength(in["overrides"]); size > overridesLimit {
		return nil, refuse("InvalidParameterException", "Container Overrides length must be at most %d", overridesLimit)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	def := s.definition(text(in, "taskDefinition"))
	if def == nil {
		return nil, refuse("ClientException", "TaskDefinition not found.")
	}
	if len(s.faults.RunFailures) > 0 {
		reason := s.faults.RunFailures[0]
		s.faults.RunFailures = s.faults.RunFailures[1:]
		return map[string]any{"tasks": []any{}, "failures": []any{map[string]any{"arn": arn("container-instance", "none"), "reason": reason}}}, nil
	}
	token := text(in, "clientToken")
	if known := s.tasks[s.byToken[token]]; token != "" && known != nil {
		return map[string]any{"tasks": []any{known.describe()}, "failures": []any{}}, nil
	}
	t := &task{
		server: s, def: def, request: in,
		arn:     arn("task", Cluster+"/"+strings.ToLower(rand.Text())),
		created: time.Now(), status: "PROVISIONING", desired: "RUNNING", missing: s.faults.Missing,
		stopping: make(chan struct{}),
	}
	s.tasks[t.arn] = t
	if token != "" {
		s.byToken[token] = t.arn
	}
	s.running.Go(t.live)
	return map[string]any{"tasks": []any{t.describe()}, "failures": []any{}}, nil
}

// jsonLength is how many bytes a value is as JSON.
func jsonLength(v any) int {
	text, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(text)
}

func (s *Server) describeTasks(in map[string]any) (any, error) {
	if err := s.checkCluster(in); err != nil {
		return nil, err
	}
	if len(items(in, "tasks")) > 100 {
		return nil, refuse("InvalidParameterException", "Tasks cannot have more than 100 elements")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tasks, failures := []any{}, []any{}
	for _, name := range texts(in, "tasks") {
		t := s.tasks[name]
		if t != nil && t.missing > 0 {
			t.missing--
			t = nil
		}
		if t == nil {
			failures = append(failures, map[string]any{"arn": name, "reason": "MISSING"})
		} else {
			tasks = append(tasks, t.describe())
		}
	}
	return map[string]any{"tasks": tasks, "failures": failures}, nil
}

func (s *Server) listTasks(in map[string]any) (any, error) {
	if err := s.checkCluster(in); err != nil {
		return nil, err
	}
	desired := text(in, "desiredStatus")
	if desired == "" {
		desired = "RUNNING"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	arns := []string{}
	for _, t := range s.tasks {
		by := text(in, "startedBy")
		if t.desired == desired && (by == "" || by == text(t.request, "startedBy")) {
			arns = append(arns, t.arn)
		}
	}
	slices.Sort(arns)
	return map[string]any{"taskArns": arns}, nil
}

func (s *Server) stopTask(in map[string]any) (any, error) {
	if err := s.checkCluster(in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tasks[text(in, "task")]
	if t == nil {
		return nil, refuse("InvalidParameterException", "The referenced task was not found.")
	}
	t.stop("UserInitiated", text(in, "reason"))
	return map[string]any{"task": t.describe()}, nil
}

// Running lists the tasks whose containers run or may yet run.
func (s *Server) Running() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var arns []string
	for _, t := range s.tasks {
		if t.status != "STOPPED" && t.status != "DEPROVISIONING" {
			arns = append(arns, t.arn)
		}
	}
	slices.Sort(arns)
	return arns
}

// Interrupt takes a task's machine away, as Spot does: TERM, and time to stop.
func (s *Server) Interrupt(arn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tasks[arn]; t != nil {
		t.stop("SpotInterruption", "Your Spot Task was interrupted.")
	}
}

// Started counts the tasks that were ever started.
func (s *Server) Started() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tasks)
}
