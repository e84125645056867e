package fargate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/smithy-go"

	"github.com/bookci/bookci/build/engine"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/objects"
)

var errClosed = errors.New("the session is closed")

func faultf(hint, format string, args ...any) error { return fault.Environmentf(hint, format, args...) }

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// denied are AWS's codes for a right that is missing and for credentials that are
// missing, wrong or out of date.
var denied = map[string]bool{
	"AccessDeniedException": true, "AccessDenied": true, "UnrecognizedClientException": true, "ExpiredTokenException": true,
	"InvalidSignatureException": true, "InvalidClientTokenId": true, "MissingAuthenticationTokenException": true, "ExpiredToken": true,
}

// fault explains a failure of AWS's.
func (e *Engine) fault(ctx context.Context, op string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var known *fault.Environment
	if errors.As(err, &known) {
		return err
	}
	hint := "run `bookci fargate doctor`"
	switch c := code(err); {
	case errors.Is(err, objects.ErrNoBucket):
		hint = "check fargate.bucket and fargate.region; `bookci fargate init` prints a template that makes the bucket"
	case denied[c] || errors.Is(err, objects.ErrDenied):
		hint = "are the AWS credentials there, in date, and allowed to? `bookci fargate doctor` checks each right"
	case c == "ClusterNotFoundException":
		hint = "check fargate.cluster and fargate.region"
	}
	return faultf(hint, "%s: %w", op, err)
}

// ended says why a task is no more.
func (e *Engine) ended(t *task) error {
	end := t.lastEnd()
	words := strings.TrimSpace(end.reason)
	if end.container != "" && !strings.Contains(words, end.container) {
		words = strings.TrimSpace(words + ": " + end.container)
	}
	if end.exit != nil {
		words += fmt.Sprintf(" (exit status %d)", *end.exit)
	}
	const image = "is the image in a registry that fargate.execution_role may pull from, and can fargate.subnets reach it?"
	all := end.code + " " + words
	hint := "run the command again; `bookci fargate doctor` tries the whole way"
	switch {
	case strings.Contains(end.code, "Spot") || end.code == "TerminationNotice":
		return faultf("set fargate.spot to false, or build again", "%w: %s", engine.ErrTakenAway, words)
	case strings.Contains(all, "CannotPullContainer") || strings.Contains(all, "pull image"):
		hint = image
	case strings.Contains(all, "OutOfMemory") || end.exit != nil && *end.exit == 137:
		hint = "raise fargate.memory"
	case strings.Contains(all, "ResourceInitializationError"):
		hint = "can fargate.subnets reach the registry, S3 and CloudWatch Logs, and does fargate.execution_role allow it?"
	case end.exit != nil && *end.exit == 69:
		hint = "bookci needs curl or Ruby in the image"
	case end.exit != nil && *end.exit == 75:
		hint = "was this machine asleep, or its way to the bucket cut?"
	}
	return faultf(hint, "the task ended: %s%s", words, e.lastWords(t))
}

// lastWords are the last lines that a task has logged, as far as they are to be had.
func (e *Engine) lastWords(t *task) string {
	if e.Logs == nil || e.Place.LogGroup == "" || t.answered() {
		return ""
	}
	const limit, lines = 5 * time.Second, 3
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	out, err := e.Logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &e.Place.LogGroup, LogStreamName: aws.String(t.stream()), Limit: aws.Int32(lines),
	})
	if err != nil {
		return "" // no right to read, or nothing there
	}
	var words []string
	for _, event := range out.Events {
		words = append(words, strings.TrimSpace(aws.ToString(event.Message)))
	}
	if len(words) == 0 {
		return ""
	}
	return "; it said: " + strings.Join(words, " / ")
}
