package fargate

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A short command has its answer before ECS knows the task that gave it.
func TestATaskThatECSDoesNotKnowYetHasNotStopped(t *testing.T) {
	young := &task{gone: make(chan struct{}), said: true, leaving: true}
	ended := func() bool {
		young.mu.Lock()
		defer young.mu.Unlock()
		return young.ended
	}
	now := time.Now()
	if young.miss(now); ended() {
		t.Fatal("it counts as stopped before ECS has told of it")
	}
	young.see(types.Task{LastStatus: aws.String("RUNNING")})
	if young.miss(now); !ended() {
		t.Error("ECS has known it, does not any more, and it counts as running")
	}
}
