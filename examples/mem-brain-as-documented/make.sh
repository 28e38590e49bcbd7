#!/usr/bin/env bash
# Makes `described/`: what the real `aws` prints of a farm that was made by following a runbook for
# security groups to the letter, with tasks, a second load balancer and a database besides.
#
# Needs `aws` (PyPI: awscli) and `moto_server` (PyPI: moto[server]). Everything happens on loopback,
# against moto; nothing is asked of AWS. moto makes no network interfaces for load balancers and
# databases, so they are made here with the descriptions that AWS gives to them.
set -euo pipefail
cd "$(dirname "$0")"
out=described
port=${MOTO_PORT:-5999}
moto_server -p "$port" >/dev/null 2>&1 &
moto=$!
trap 'kill $moto' EXIT
export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
export AWS_DEFAULT_REGION=ap-south-1 AWS_PAGER="" AWS_DEFAULT_OUTPUT=json
until curl -s -o /dev/null "$AWS_ENDPOINT_URL/moto-api/"; do :; done

id() { local query=$1; shift; aws "$@" --query "$query" --output text; }

# --- what was there before: the default VPC's twin, the API's load balancer, its tasks, the database
vpc=$(id Vpc.VpcId ec2 create-vpc --cidr-block 172.31.0.0/16)
aws ec2 modify-vpc-attribute --vpc-id "$vpc" --enable-dns-hostnames
a=$(id Subnet.SubnetId ec2 create-subnet --vpc-id "$vpc" --cidr-block 172.31.0.0/20 --availability-zone ap-south-1a)
b=$(id Subnet.SubnetId ec2 create-subnet --vpc-id "$vpc" --cidr-block 172.31.16.0/20 --availability-zone ap-south-1b)
gateway=$(id InternetGateway.InternetGatewayId ec2 create-internet-gateway)
aws ec2 attach-internet-gateway --vpc-id "$vpc" --internet-gateway-id "$gateway"
table=$(id 'RouteTables[0].RouteTableId' ec2 describe-route-tables --filters "Name=vpc-id,Values=$vpc")
aws ec2 create-route --route-table-id "$table" --destination-cidr-block 0.0.0.0/0 --gateway-id "$gateway" >/dev/null

group() { id GroupId ec2 create-security-group --group-name "$1" --description "$2" --vpc-id "$vpc"; }
admit() { aws ec2 "authorize-security-group-$1" --group-id "$2" --protocol tcp --port "$3" "${@:4}" >/dev/null; }
api_alb=$(group membrain-api-alb-sg "The API's load balancer")
api_task=$(group membrain-api-ecs-sg "The API's tasks")
data=$(group membrain-db-sg "The database")
admit ingress "$api_task" 8000 --source-group "$api_alb"
admit ingress "$data" 5432 --source-group "$api_task"

# --- the runbook's commands
VPC_ID=$vpc
MCP_ALB_SG_ID=$(group membrain-mcp-alb-sg "Security group for Mem-Brain MCP Application Load Balancer")
admit ingress "$MCP_ALB_SG_ID" 80 --cidr 0.0.0.0/0
admit ingress "$MCP_ALB_SG_ID" 443 --cidr 0.0.0.0/0
MCP_ECS_SG_ID=$(group membrain-mcp-ecs-sg "Security group for Mem-Brain MCP ECS tasks")
admit ingress "$MCP_ECS_SG_ID" 8100 --source-group "$MCP_ALB_SG_ID"
API_ALB_SG_ID=$api_alb
# As written (`--source-group`), the API refuses the rule: "not supported, use IP permissions instead".
for p in 80 443; do
  aws ec2 authorize-security-group-egress --group-id "$MCP_ECS_SG_ID" --ip-permissions \
    "IpProtocol=tcp,FromPort=$p,ToPort=$p,UserIdGroupPairs=[{GroupId=$API_ALB_SG_ID}]" >/dev/null
  admit ingress "$API_ALB_SG_ID" $p --source-group "$MCP_ECS_SG_ID"
done

# --- load balancers, in the same two subnets, since both have to be public
balancer() { # name, group, port of the targets, health path
  local arn target
  arn=$(id 'LoadBalancers[0].LoadBalancerArn' elbv2 create-load-balancer --name "$1-alb" --subnets "$a" "$b" --security-groups "$2")
  target=$(id 'TargetGroups[0].TargetGroupArn' elbv2 create-target-group --name "$1-tg" --protocol HTTP --port "$3" \
    --vpc-id "$VPC_ID" --target-type ip --health-check-path "$4")
  aws elbv2 create-listener --load-balancer-arn "$arn" --protocol HTTP --port 80 \
    --default-actions "Type=forward,TargetGroupArn=$target" >/dev/null
  for subnet in "$a" "$b"; do
    aws ec2 create-network-interface --subnet-id "$subnet" --groups "$2" --description "ELB ${arn#*:loadbalancer/}" >/dev/null
  done
  echo "$target"
}
mcp_target=$(balancer membrain-mcp "$MCP_ALB_SG_ID" 8100 /health)
api_target=$(balancer membrain-api "$API_ALB_SG_ID" 8000 /health)
api_name=$(id 'LoadBalancers[0].DNSName' elbv2 describe-load-balancers --names membrain-api-alb)

# --- the database
aws rds create-db-subnet-group --db-subnet-group-name membrain --db-subnet-group-description membrain --subnet-ids "$a" "$b" >/dev/null
aws rds create-db-instance --db-instance-identifier membrain --engine postgres --db-instance-class db.t4g.micro \
  --allocated-storage 20 --master-username membrain --manage-master-user-password --db-subnet-group-name membrain \
  --vpc-security-group-ids "$data" --no-publicly-accessible --storage-encrypted >/dev/null
aws ec2 create-network-interface --subnet-id "$a" --groups "$data" --description RDSNetworkInterface >/dev/null

# --- the tasks, "in private subnets (though public IPs are enabled)"
account=$(id Account sts get-caller-identity)
role=$(id Role.Arn iam create-role --role-name ecsTaskExecutionRole --assume-role-policy-document \
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}')
aws ecs create-cluster --cluster-name membrain >/dev/null
service() { # name, port, group, target group, environment
  aws logs create-log-group --log-group-name "/ecs/$1"
  aws ecr create-repository --repository-name "$1" >/dev/null
  aws ecs register-task-definition --family "$1" --network-mode awsvpc --requires-compatibilities FARGATE --cpu 512 --memory 1024 \
    --execution-role-arn "$role" --container-definitions "[{\"name\":\"$1\",\"essential\":true,
      \"image\":\"$account.dkr.ecr.ap-south-1.amazonaws.com/$1:latest\",
      \"portMappings\":[{\"containerPort\":$2,\"protocol\":\"tcp\"}],\"environment\":$5,
      \"logConfiguration\":{\"logDriver\":\"awslogs\",\"options\":{\"awslogs-group\":\"/ecs/$1\",
        \"awslogs-region\":\"ap-south-1\",\"awslogs-stream-prefix\":\"ecs\"}}}]" >/dev/null
  aws ecs create-service --cluster membrain --service-name "$1" --task-definition "$1" --desired-count 1 --launch-type FARGATE \
    --network-configuration "awsvpcConfiguration={subnets=[$a,$b],securityGroups=[$3],assignPublicIp=ENABLED}" \
    --load-balancers "targetGroupArn=$4,containerName=$1,containerPort=$2" >/dev/null
}
service membrain-mcp 8100 "$MCP_ECS_SG_ID" "$mcp_target" \
  "[{\"name\":\"API_BASE_URL\",\"value\":\"http://$api_name\"},{\"name\":\"MCP_SERVER_PORT\",\"value\":\"8100\"}]"
service membrain-api 8000 "$api_task" "$api_target" '[]'

# --- what somebody saves who wants to know
rm -rf $out && mkdir $out
save() { aws "${@:2}" >"$out/$1.json"; }
for what in vpcs subnets route-tables internet-gateways nat-gateways network-acls vpc-endpoints flow-logs; do
  save "$what" ec2 "describe-$what" --filters "Name=$([ $what = internet-gateways ] && echo attachment.)vpc-id,Values=$vpc" 2>/dev/null ||
    save "$what" ec2 "describe-$what"
done
save security-groups ec2 describe-security-groups --filters "Name=vpc-id,Values=$vpc"
save network-interfaces ec2 describe-network-interfaces --filters "Name=vpc-id,Values=$vpc"
for attribute in enableDnsSupport enableDnsHostnames; do
  save "vpc-$attribute" ec2 describe-vpc-attribute --vpc-id "$vpc" --attribute $attribute
done
save load-balancers elbv2 describe-load-balancers
save target-groups elbv2 describe-target-groups
for name in mcp api; do
  arn=$(id 'LoadBalancers[0].LoadBalancerArn' elbv2 describe-load-balancers --names "membrain-$name-alb")
  save "listeners-$name" elbv2 describe-listeners --load-balancer-arn "$arn"
  listener=$(id 'Listeners[0].ListenerArn' elbv2 describe-listeners --load-balancer-arn "$arn")
  save "rules-$name" elbv2 describe-rules --listener-arn "$listener"
  save "task-definition-$name" ecs describe-task-definition --task-definition "membrain-$name"
done
save clusters ecs describe-clusters --clusters membrain --include SETTINGS
save services ecs describe-services --cluster membrain --services membrain-mcp membrain-api
save db-instances rds describe-db-instances
save log-groups logs describe-log-groups
save repositories ecr describe-repositories
save roles iam get-account-authorization-details --filter Role
python3 normalize.py $out
