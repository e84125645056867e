package fargate

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go/logging"

	"github.com/bookci/bookci/objects"
)

// attempts is how often a call is made at most. ECS counts calls by the account,
// and a fleet makes many.
const attempts = 10

// Connect makes the clients of an engine at its place. Nothing is asked of AWS yet.
// Credentials are found by the SDK's own chain.
func (e *Engine) Connect(ctx context.Context) error {
	p := &e.Place
	load := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}), // it would write to standard error by itself
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = time.Minute
		})),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = attempts })
		}),
	}
	if p.Region != "" {
		load = append(load, config.WithRegion(p.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return faultf("", "reading the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return faultf("set fargate.region, or AWS_REGION", "no AWS region is set")
	}
	p.Region, e.Credentials = cfg.Region, cfg.Credentials
	at := "s3://" + p.Bucket
	if p.Prefix != "" {
		at += "/" + p.Prefix
	}
	if e.Bucket, err = objects.OpenS3(ctx, at, objects.S3Options{Region: p.Region, Endpoint: p.Endpoint, PathStyle: p.PathStyle}); err != nil {
		return faultf("check fargate.bucket", "%w", err)
	}
	e.ECS = ecs.NewFromConfig(cfg, func(o *ecs.Options) {
		if p.ECS != "" {
			o.BaseEndpoint = aws.String(p.ECS)
		}
	})
	e.Logs = cloudwatchlogs.NewFromConfig(cfg, func(o *cloudwatchlogs.Options) {
		if p.ECS != "" {
			o.BaseEndpoint = aws.String(p.ECS)
		}
	})
	return nil
}
