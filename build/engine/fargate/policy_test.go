package fargate_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/bookci/bookci/build"
	artifacts "github.com/bookci/bookci/build/bucket"
	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/build/engine/enginetest"
	"github.com/bookci/bookci/build/engine/fargate"
	"github.com/bookci/bookci/internal/ecsstandin"
	"github.com/bookci/bookci/internal/s3server"
	"github.com/bookci/bookci/objects"
)

// asked is what one call to AWS wants to be allowed.
type asked struct {
	action, resource string
	context          string // of the condition that the policy sets: "ecs:cluster=arn..."
}

// The policy of the template allows every call that the engine makes, and
// nothing that it never asks for.
func TestThePolicyAllowsWhatTheEngineAsksForAndNoMore(t *testing.T) {
	t.Parallel()
	e, cloud, bucket := stand(t)
	const account = "123456789012"
	cluster := "arn:aws:ecs:" + s3server.Region + ":" + account + ":cluster/" + ecsstandin.Cluster
	clock := &hurried{Clock: e.Clock}
	e.Clock = clock
	calls := &calls{cluster: cluster, seen: map[asked]bool{}}
	cloud.Watch(calls.ecs)
	e.Place.Endpoint, e.Place.Prefix = calls.proxy(t, bucket.Endpoint), "tasks"
	if err := e.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}

	// All that the engine does: the doctor, a build, a task that never answers, the
	// tidying after one that is gone.
	e.Examine(t.Context(), func(f fargate.Finding) {
		if f.Err != nil {
			t.Errorf("%s: %v", f.Check, f.Err)
		}
	}, t.Logf)
	s := book(t, e)
	if status, err := s.Run(t.Context(), engine.Command{Argv: []string{"cat"}, Stdin: strings.NewReader("words")}); status != 0 || err != nil {
		t.Errorf("%d, %v", status, err)
	}
	clock.hurry.Store(true)
	forever := make(chan struct{})
	cloud.Set(func(f *ecsstandin.Faults) { f.Pending = forever })
	if s, err := e.Open(t.Context(), engine.SessionOptions{Root: t.TempDir()}); err == nil {
		s.Close()
		t.Error("a task that is PENDING for ever has answered")
	}
	clock.hurry.Store(false)
	if err := errors.Join(s.Close(), e.Close()); err != nil {
		t.Error(err)
	}
	if err := e.Sweep(t.Context()); err != nil {
		t.Error(err)
	}

	// An artifact that is a folder, and that has another file the next time.
	store, err := objects.OpenS3(t.Context(), "s3://books/artifacts", objects.S3Options{Endpoint: e.Place.Endpoint, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"ch01.html", "ch02.html"} {
		dir := t.TempDir()
		enginetest.Put(t, dir, map[string]string{name: "<html>"})
		entry := build.Entry{Book: "a", Target: "web", SourceDate: int64(i), Artifact: build.Artifact{SHA256: name}}
		if _, err := artifacts.New(store, "1").Deliver(t.Context(), entry, "webroot", dir, true); err != nil {
			t.Error(err)
		}
	}

	for _, name := range bucket.List("books") { // the engine's own are looked for when the test ends
		if strings.HasPrefix(name, "artifacts/") {
			if err := os.Remove(filepath.Join(bucket.Dir, "books", name)); err != nil {
				t.Error(err)
			}
		}
	}

	allowed := statements(t, map[string]string{
		"AWS::Partition": "aws", "AWS::Region": s3server.Region, "AWS::AccountId": account,
		"Cluster": ecsstandin.Cluster, "Cluster.Arn": cluster, "Bucket.Arn": "arn:aws:s3:::books",
		"LogGroup": ecsstandin.LogGroup, "ExecutionRole.Arn": e.Place.ExecutionRole,
	})
	used := map[string]bool{}
	calls.mu.Lock()
	defer calls.mu.Unlock()
	for call := range calls.seen {
		n := len(used)
		for _, st := range allowed {
			if st.allows(call) {
				used[st.sid+" "+call.action] = true
				n = -1
			}
		}
		if n >= 0 {
			t.Errorf("no statement allows %s on %s with %q", call.action, call.resource, call.context)
		}
	}
	for _, st := range allowed {
		for _, action := range st.actions {
			if !used[st.sid+" "+action] {
				t.Errorf("%s allows %s, which nothing has asked for", st.sid, action)
			}
		}
	}
	if len(calls.seen) < 10 {
		t.Errorf("only %d calls were seen", len(calls.seen))
	}
}

// hurried is a clock on which minutes pass in seconds while hurry is set.
type hurried struct {
	fargate.Clock
	hurry atomic.Bool
	ahead atomic.Int64
}

const hurryFactor = 100

func (h *hurried) Now() time.Time { return h.Clock.Now().Add(time.Duration(h.ahead.Load())) }

func (h *hurried) After(d time.Duration) <-chan time.Time {
	if h.hurry.Load() && d > time.Second {
		h.ahead.Add(int64(d - d/hurryFactor))
		d /= hurryFactor
	}
	return h.Clock.After(d)
}

// calls collects what is asked of AWS.
type calls struct {
	cluster string
	mu      sync.Mutex
	seen    map[asked]bool
}

func (c *calls) add(action, resource, context string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[asked{action, resource, context}] = true
}

func word(v any) string { s, _ := v.(string); return s }

func (c *calls) ecs(op string, in map[string]any) {
	inCluster := "ecs:cluster=" + path.Dir(c.cluster) + "/" + path.Base(word(in["cluster"]))
	pass := func(role string) { c.add("iam:PassRole", role, "iam:PassedToService=ecs-tasks.amazonaws.com") }
	switch op {
	case "RegisterTaskDefinition":
		c.add("ecs:"+op, "*", "")
		pass(word(in["executionRoleArn"]))
	case "DescribeTaskDefinition":
		c.add("ecs:"+op, "*", "")
	case "RunTask":
		c.add("ecs:"+op, word(in["taskDefinition"]), inCluster)
	case "StopTask":
		c.add("ecs:"+op, word(in["task"]), inCluster)
	case "DescribeTasks":
		for _, task := range in["tasks"].([]any) {
			c.add("ecs:"+op, word(task), inCluster)
		}
	case "ListTasks":
		c.add("ecs:"+op, "*", inCluster)
	case "DescribeClusters":
		for _, name := range in["clusters"].([]any) {
			c.add("ecs:"+op, path.Dir(c.cluster)+"/"+word(name), "")
		}
	case "GetLogEvents":
		arn := strings.Replace(strings.TrimSuffix(c.cluster, ":cluster/"+ecsstandin.Cluster), ":ecs:", ":logs:", 1)
		c.add("logs:"+op, fmt.Sprintf("%s:log-group:%s:log-stream:%s", arn, word(in["logGroupName"]), word(in["logStreamName"])), "")
	default:
		c.add(op, "?", "")
	}
}

// proxy stands before the bucket's server. The host that requests are signed for
// is the proxy's, and stays in them.
func (c *calls) proxy(t *testing.T, to string) string {
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		arn, query := "arn:aws:s3:::"+bucket, r.URL.Query()
		switch {
		case key == "" && r.Method == http.MethodGet && query.Get("list-type") == "2":
			c.add("s3:ListBucket", arn, "s3:prefix="+query.Get("prefix"))
		case key == "" && r.Method == http.MethodPost && query.Has("delete"):
			// What it deletes lies where it was listed; the names stand in the body.
			c.add("s3:DeleteObject", arn+"/tasks/many", "")
		default:
			action := map[string]string{"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}[r.Method]
			c.add(action, arn+"/"+key, "")
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// statement is one of the policy's, with its resources by name.
type statement struct {
	sid                           string
	actions, resources, condition []string // the last as "key=pattern"
}

func (s statement) allows(call asked) bool {
	if !slices.Contains(s.actions, call.action) || !slices.ContainsFunc(s.resources, func(p string) bool { return like(p, call.resource) }) {
		return false
	}
	return len(s.condition) == 0 || slices.ContainsFunc(s.condition, func(p string) bool { return like(p, call.context) })
}

// like is how IAM compares.
func like(pattern, text string) bool {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$").MatchString(text)
}

// statements reads the caller's policy out of the template.
func statements(t *testing.T, names map[string]string) []statement {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(fargate.Template), &doc); err != nil {
		t.Fatal(err)
	}
	tree, _ := plain(t, doc.Content[0], names).(map[string]any)
	at := tree
	for _, key := range []string{"Resources", "CallerPolicy", "Properties", "PolicyDocument"} {
		at, _ = at[key].(map[string]any)
	}
	list, _ := at["Statement"].([]any)
	var all []statement
	for _, one := range list {
		m := one.(map[string]any)
		st := statement{sid: word(m["Sid"]), actions: words(m["Action"]), resources: words(m["Resource"])}
		if m["Effect"] != "Allow" {
			t.Errorf("%s: %v", st.sid, m["Effect"])
		}
		conditions, _ := m["Condition"].(map[string]any)
		for _, keys := range conditions {
			for key, v := range keys.(map[string]any) {
				for _, pattern := range words(v) {
					st.condition = append(st.condition, key+"="+pattern)
				}
			}
		}
		all = append(all, st)
	}
	if len(all) == 0 {
		t.Fatal("the template has no policy")
	}
	return all
}

func words(v any) []string {
	if list, ok := v.([]any); ok {
		var all []string
		for _, one := range list {
			all = append(all, word(one))
		}
		return all
	}
	return []string{word(v)}
}

var variable = regexp.MustCompile(`\$\{([^}]*)\}`)

// plain is a node with CloudFormation's functions done, as far as the policy has them.
func plain(t *testing.T, n *yaml.Node, names map[string]string) any {
	name := func(key string) string {
		if v, ok := names[key]; ok {
			return v
		}
		return "${" + key + "}" // outside of the policy
	}
	switch n.Kind {
	case yaml.AliasNode:
		t.Errorf("line %d: CloudFormation knows no aliases", n.Line)
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(t, n.Content[i+1], names)
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			list = append(list, plain(t, item, names))
		}
		return list
	case yaml.ScalarNode:
		switch n.Tag {
		case "!Ref", "!GetAtt":
			return name(n.Value)
		case "!Sub":
			return variable.ReplaceAllStringFunc(n.Value, func(v string) string { return name(v[2 : len(v)-1]) })
		}
		return n.Value
	}
	return nil
}

// What the template names exists in it, and nothing of the bucket is public.
func TestTheTemplateIsWholeInItself(t *testing.T) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(fargate.Template), &doc); err != nil {
		t.Fatal(err)
	}
	tree := plain(t, doc.Content[0], nil).(map[string]any)
	known := slices.Concat(slices.Collect(maps.Keys(tree["Resources"].(map[string]any))), slices.Collect(maps.Keys(tree["Parameters"].(map[string]any))), []string{"List"})
	for _, found := range regexp.MustCompile(`!(?:Ref|GetAtt) ([\w:]+)|\$\{([\w:]+)`).FindAllStringSubmatch(fargate.Template, -1) {
		name := found[1] + found[2]
		if !strings.HasPrefix(name, "AWS::") && !slices.Contains(known, name) {
			t.Errorf("%s is nowhere made", name)
		}
	}
	for _, needed := range []string{"BlockPublicAcls: true", "BlockPublicPolicy: true", "IgnorePublicAcls: true", "RestrictPublicBuckets: true", "ExpirationInDays: 1", "ToPort: 443"} {
		if !strings.Contains(fargate.Template, needed) {
			t.Errorf("the template lacks %s", needed)
		}
	}
	if _, public := tree["Resources"].(map[string]any)["SecurityGroup"].(map[string]any)["Properties"].(map[string]any)["SecurityGroupIngress"]; public {
		t.Error("something may reach the tasks")
	}
}
