package ecsstandin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/client"
)

// Server speaks for both services at one address.
type Server struct {
	Endpoint string

	t      testing.TB
	docker *client.Client
	http   *httptest.Server

	mu          sync.Mutex
	faults      Faults
	watcher     func(op string, in map[string]any)
	calls       map[string]int
	definitions map[string][]map[string]any // by family, its revisions
	tasks       map[string]*task            // by ARN
	byToken     map[string]string           // clientToken to ARN
	running     sync.WaitGroup
}

// Faults are what the services do wrong, and the slowness that they have.
type Faults struct {
	Throttle    int             // so many calls more are refused: too many requests
	Denied      map[string]bool // operations that the caller has no right to
	RunFailures []string        // the reasons why the next RunTasks start nothing, "RESOURCE:MEMORY" and so on
	Missing     int             // so many DescribeTasks do not yet know a task that was just started
	CannotPull  bool            // the image cannot be had
	Pending     <-chan struct{} // tasks stay PENDING until this is closed
	LogDelay    time.Duration   // how late log lines are to be seen
}

// Start serves until the test ends. Tasks that are left then are a failure of
// the test, and are removed.
func Start(t testing.TB, docker *client.Client) *Server {
	t.Helper()
	s := &Server{
		t: t, docker: docker, calls: map[string]int{},
		definitions: map[string][]map[string]any{}, tasks: map[string]*task{}, byToken: map[string]string{},
	}
	s.http = httptest.NewServer(s)
	s.Endpoint = s.http.URL
	t.Cleanup(func() {
		if left := s.Running(); len(left) > 0 {
			t.Errorf("tasks are left: %q", left)
			for _, arn := range left {
				s.kill(arn)
			}
		}
		s.running.Wait()
		s.http.Close()
	})
	return s
}

// Set changes what goes wrong from now on.
func (s *Server) Set(change func(*Faults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.faults)
}

// Watch has every request that comes from now on shown to seen, one at a time.
func (s *Server) Watch(seen func(op string, in map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watcher = seen
}

// Calls counts the calls of each operation.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := map[string]int{}
	for op, n := range s.calls {
		calls[op] = n
	}
	return calls
}

// apiError is an error of AWS's protocol.
type apiError struct {
	status        int
	code, message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func refuse(code, format string, args ...any) error {
	return &apiError{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

// ServeHTTP implements http.Handler: AWS JSON 1.1.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.serve(r)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	status := http.StatusOK
	if err != nil {
		e, ok := err.(*apiError)
		if !ok {
			e = &apiError{http.StatusInternalServerError, "ServerException", err.Error()}
		}
		status = e.status
		answer = map[string]any{"__type": e.code, "message": e.message}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		s.t.Errorf("an answer cannot be written: %v", err)
	}
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func (s *Server) serve(r *http.Request) (any, error) {
	target := r.Header.Get("X-Amz-Target")
	var m *model
	op := ""
	for _, candidate := range models() {
		if name, ok := strings.CutPrefix(target, candidate.Metadata.TargetPrefix+"."); ok {
			m, op = candidate, name
		}
	}
	if m == nil || r.Method != http.MethodPost || r.URL.Path != "/" {
		return nil, refuse("UnknownOperationException", "%s %s %q", r.Method, r.URL.Path, target)
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		return nil, refuse("MissingAuthenticationTokenException", "the request is not signed")
	}
	operation, known := m.Operations[op]
	if !known {
		s.t.Errorf("bookci calls %s, which the model kept here lacks", op)
		return nil, refuse("UnknownOperationException", "%s", op)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var in any
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, refuse("SerializationException", "%v", err)
	}
	if wrong := m.check(operation.Input, in); len(wrong) > 0 {
		s.t.Errorf("%s: the request is not as AWS's model has it: %q", op, wrong)
		return nil, refuse("InvalidParameterException", "%s", strings.Join(wrong, "; "))
	}
	out, err := s.call(op, in.(map[string]any))
	if err != nil {
		return nil, err
	}
	// Through JSON, as the client will see it.
	text, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	var seen any
	if err := json.Unmarshal(text, &seen); err != nil {
		return nil, err
	}
	if wrong := m.check(operation.Output, seen); len(wrong) > 0 {
		s.t.Errorf("%s: the stand-in's answer is not as AWS's model has it: %q", op, wrong)
	}
	return out, nil
}

func (s *Server) call(op string, in map[string]any) (any, error) {
	s.mu.Lock()
	s.calls[op]++
	if s.watcher != nil {
		s.watcher(op, in)
	}
	throttled := s.faults.Throttle > 0
	if throttled {
		s.faults.Throttle--
	}
	denied := s.faults.Denied[op]
	s.mu.Unlock()
	switch {
	case throttled:
		return nil, refuse("ThrottlingException", "Rate exceeded")
	case denied:
		return nil, refuse("AccessDeniedException", "User is not authorized to perform: %s", op)
	}
	do := map[string]func(map[string]any) (any, error){
		"DescribeClusters":       s.describeClusters,
		"RegisterTaskDefinition": s.registerTaskDefinition,
		"DescribeTaskDefinition": s.describeTaskDefinition,
		"RunTask":                s.runTask,
		"DescribeTasks":          s.describeTasks,
		"ListTasks":              s.listTasks,
		"StopTask":               s.stopTask,
		"GetLogEvents":           s.getLogEvents,
		"DescribeLogGroups":      s.describeLogGroups,
	}[op]
	if do == nil {
		return nil, refuse("UnknownOperationException", "%s", op)
	}
	return do(in)
}

// What decoded JSON holds, "" and nil where it does not.
func text(in map[string]any, key string) string           { v, _ := in[key].(string); return v }
func number(in map[string]any, key string) float64        { v, _ := in[key].(float64); return v }
func object(in map[string]any, key string) map[string]any { v, _ := in[key].(map[string]any); return v }
func items(in map[string]any, key string) []any           { v, _ := in[key].([]any); return v }

func texts(in map[string]any, key string) []string {
	var list []string
	for _, v := range items(in, key) {
		if s, ok := v.(string); ok {
			list = append(list, s)
		}
	}
	return list
}
