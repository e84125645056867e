package fargate

import _ "embed"

// Template is a CloudFormation template of all that the engine needs in an AWS
// account. A test holds its policy to the calls that the engine makes.
//
//go:embed template.yml
var Template string
