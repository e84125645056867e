package ecsstandin

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/docker/docker/pkg/stdcopy"
)

// This file is CloudWatch Logs: what the log driver brings there, and its API.

// event is a line that a task has said.
type event struct {
	at      time.Time
	message string
}

// follow keeps what the container says as the log driver would: both streams
// as one, line by line.
func (t *task) follow(logs io.Reader) {
	pr, pw := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(pw, pw, logs)
		pw.CloseWithError(err)
	}()
	lines := bufio.NewReaderSize(pr, 1<<18)
	for {
		line, _, err := lines.ReadLine()
		if err != nil {
			return
		}
		t.server.mu.Lock()
		t.events = append(t.events, event{time.Now(), string(line)})
		t.server.mu.Unlock()
	}
}

func (s *Server) describeLogGroups(in map[string]any) (any, error) {
	groups := []any{}
	if strings.HasPrefix(LogGroup, text(in, "logGroupNamePrefix")) {
		groups = append(groups, map[string]any{"logGroupName": LogGroup})
	}
	return map[string]any{"logGroups": groups}, nil
}

// page is how many events one answer holds; the service has 10,000.
const page = 100

func (s *Server) getLogEvents(in map[string]any) (any, error) {
	if group := text(in, "logGroupName"); group != LogGroup {
		return nil, refuse("ResourceNotFoundException", "The specified log group does not exist.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var t *task
	for _, candidate := range s.tasks {
		options := object(object(candidate.image(), "logConfiguration"), "options")
		stream := text(options, "awslogs-stream-prefix") + "/" + candidate.name() + "/" + short(candidate.arn)
		if text(in, "logStreamName") == stream && text(options, "awslogs-group") == LogGroup {
			t = candidate
		}
	}
	if t == nil || t.container == "" {
		return nil, refuse("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	var seen []event
	for _, e := range t.events {
		if time.Since(e.at) >= s.faults.LogDelay {
			seen = append(seen, e)
		}
	}
	from := 0
	if fromHead, _ := in["startFromHead"].(bool); !fromHead {
		from = max(0, len(seen)-page)
	}
	if token := text(in, "nextToken"); token != "" {
		if _, err := fmt.Sscanf(token, "f/%d", &from); err != nil || from > len(seen) {
			return nil, refuse("InvalidParameterException", "The specified nextToken is invalid.")
		}
	}
	to := min(len(seen), from+page)
	events := []any{}
	for _, e := range seen[from:to] {
		events = append(events, map[string]any{"timestamp": e.at.UnixMilli(), "ingestionTime": e.at.UnixMilli(), "message": e.message})
	}
	return map[string]any{"events": events, "nextForwardToken": fmt.Sprintf("f/%d", to), "nextBackwardToken": fmt.Sprintf("b/%d", from)}, nil
}

// Log is all that a task has said.
func (s *Server) Log(arn string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	if t := s.tasks[arn]; t != nil {
		for _, e := range t.events {
			lines = append(lines, e.message)
		}
	}
	return lines
}
