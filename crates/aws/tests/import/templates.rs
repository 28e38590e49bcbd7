//! Templates as people keep them: in folders, nested, in loops, with SAM's short forms and OpenAPI
//! documents, and with parameters that only a deployment fills.

use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{
    Api, Authorization, IntegrationTarget, Key, Model, RouteTarget, SetVal, Val,
};

fn model(files: &[(&str, &str)]) -> Model {
    let inputs: Vec<Input<'_>> =
        files.iter().map(|(name, text)| Input { name, bytes: text.as_bytes() }).collect();
    import(&inputs).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn codes(model: &Model) -> Vec<&str> {
    model.warnings.iter().map(|warning| warning.code).collect()
}

/// Routes with how callers prove who they are and where they lead, in order.
fn routes(api: &Api) -> Vec<(String, Authorization, String)> {
    let mut all: Vec<_> = api
        .routes
        .iter()
        .map(|route| {
            let to = match route.integration.get().and_then(Option::as_ref) {
                Some(to) => match &to.target {
                    IntegrationTarget::Lambda(key) => key.get().expect("a function").to_string(),
                    IntegrationTarget::Aws(service) => service.clone(),
                    other => format!("{other:?}"),
                },
                None => "nothing".to_owned(),
            };
            let name = route.route.get().expect("a route").clone();
            (name, route.authorization.get().expect("known").clone(), to)
        })
        .collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

fn route(name: &str, how: Authorization, to: &str) -> (String, Authorization, String) {
    (name.to_owned(), how, to.to_owned())
}

const VPC: &str = "
Parameters: { Block: { Type: String } }
Resources: { Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: !Ref Block } } }
Outputs: { Id: { Value: !Ref Vpc } }
";
const GROUP: &str = "
Parameters: { Net: { Type: String } }
Resources:
  Group: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: x, VpcId: !Ref Net } }
";

#[test]
fn nested_templates_are_found_by_their_paths() {
    let top = "
Resources:
  Net:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: ./modules/net/module.yml, Parameters: { Block: 10.1.0.0/16 } }
  Group:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: ../farm/modules/group/module.yml, Parameters: { Net: !GetAtt Net.Outputs.Id } }
  Far:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: !Sub 'https://${AWS::Region}.example/farm/modules/group/module.yml', Parameters: { Net: vpc-1 } }
  Away: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: modules/other/module.yml } }
";
    let files = [
        ("farm/top.yml", top),
        ("farm/modules/net/module.yml", VPC),
        ("farm/modules/group/module.yml", GROUP),
    ];
    let model = model(&files);
    assert!(model.vpcs.contains_key(&Key::new("top/Net/Vpc")));
    let group = &model.security_groups[&Key::new("top/Group/Group")];
    assert_eq!(group.vpc.get(), Some(&Some(Key::new("top/Net/Vpc"))));
    assert!(model.security_groups.contains_key(&Key::new("top/Far/Group")));
    // A file of the same name elsewhere is another one.
    let told = |code: &'static str| model.warnings.iter().filter(move |it| it.code == code);
    let missing: Vec<&str> = told("nested-not-given").map(|it| it.text.as_str()).collect();
    assert_eq!(missing.len(), 1);
    assert!(missing[0].contains("nested stack Away of farm/top.yml"), "{}", missing[0]);
    assert_eq!(told("nested-by-name").count(), 1);
}

#[test]
fn what_cdk_calls_by_a_hash_its_lists_name() {
    let top = r#"{ "Resources": { "Net": { "Type": "AWS::CloudFormation::Stack", "Properties": {
        "Parameters": { "Block": "10.2.0.0/16" },
        "TemplateURL": { "Fn::Join": ["", ["https://s3.", { "Ref": "AWS::URLSuffix" }, "/bucket/0a1b.json"]] } } } } }"#;
    let assets = r#"{ "version": "1", "dockerImages": {}, "files": { "0a1b": {
        "source": { "path": "Net.nested.template.json", "packaging": "file" },
        "destinations": { "here": { "bucketName": "bucket", "objectKey": "0a1b.json" } } } } }"#;
    let inner = VPC.trim_start();
    let files = [
        ("out/Top.template.json", top),
        ("out/Net.nested.template.json", inner),
        ("out/Top.assets.json", assets),
    ];
    let model = model(&files);
    assert!(model.vpcs.contains_key(&Key::new("Top/Net/Vpc")));
    assert_eq!(codes(&model), Vec::<&str>::new());
}

#[test]
fn what_holds_a_parameter_without_a_value_joins_all_the_same() {
    let text = "
Parameters: { Env: { Type: String } }
Resources:
  Cluster: { Type: AWS::ECS::Cluster, Properties: { ClusterName: !Sub '${Env}-farm' } }
  Role: { Type: AWS::IAM::Role, Properties: { RoleName: !Sub '${Env}-start', AssumeRolePolicyDocument: { Statement: [] } } }
  Task: { Type: AWS::ECS::TaskDefinition, Properties: { Family: t, ExecutionRoleArn: !GetAtt Role.Arn, ContainerDefinitions: [ { Name: !Ref Env, Image: a } ] } }
  Service: { Type: AWS::ECS::Service, Properties: { Cluster: !Ref Cluster, TaskDefinition: !Ref Task } }
";
    let model = model(&[("a.yaml", text)]);
    let service = &model.services[&Key::new("a/Service")];
    assert_eq!(service.cluster.get(), Some(&Some(Key::new("a/Cluster"))));
    let task = &model.task_definitions[&Key::new("a/Task")];
    assert_eq!(task.execution_role.get(), Some(&Some(Key::new("a/Role"))));
    let containers = task.containers.get().expect("known");
    assert_eq!(containers[0].name, "container_definitions[0]");
    // In the modes of machines the tasks have those machines' interfaces.
    assert!(service.subnets.open && service.security_groups.open);
    assert!(matches!(service.assign_public_ip, Val::Unknown(_)));
}

#[test]
fn what_a_deployment_names_is_never_empty() {
    let text = "
Conditions:
  Named: !Not [!Equals [!Ref 'AWS::StackName', '']]
  Same: !Equals [!Ref 'AWS::StackName', other]
Resources:
  A: { Type: AWS::Logs::LogGroup, Condition: Named, Properties: { LogGroupName: a } }
  B: { Type: AWS::Logs::LogGroup, Condition: Same, Properties: { LogGroupName: b } }
";
    let model = model(&[("a.yaml", text)]);
    let name = |key: &str| model.log_groups[&Key::new(key)].name.clone();
    assert!(matches!(name("a/A"), Val::Known(_)));
    assert!(matches!(name("a/B"), Val::Unknown(_)));
}

#[test]
fn imports_go_to_the_only_stack_that_exports_such_a_name() {
    let net = "
Resources: { Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } } }
Outputs: { Vpc: { Value: !Ref Vpc, Export: { Name: !Sub '${AWS::StackName}-Vpc' } } }
";
    let user = "
Parameters: { Parent: { Type: String } }
Resources:
  Group: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: x, VpcId: { 'Fn::ImportValue': !Sub '${Parent}-Vpc' } } }
";
    let one = model(&[("net.yaml", net), ("user.yaml", user)]);
    let group = &one.security_groups[&Key::new("user/Group")];
    let Val::Assumed(Some(vpc), note) = &group.vpc else { panic!("{:?}", group.vpc) };
    assert_eq!(vpc, &Key::new("net/Vpc"));
    assert!(note.contains("`Parent` of user is taken to refer"), "{note}");
    let two = model(&[("net.yaml", net), ("more.yaml", net), ("user.yaml", user)]);
    assert!(matches!(two.security_groups[&Key::new("user/Group")].vpc, Val::Unknown(_)));
}

const LOOPS: &str = "
Transform: AWS::LanguageExtensions
Parameters: { Names: { Type: CommaDelimitedList, Default: 'alpha, be-ta' } }
Mappings: { Net: { Zones: { Numbers: ['0', '1'] } } }
Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  'Fn::ForEach::Subnets':
    - N
    - !FindInMap [Net, Zones, Numbers]
    - 'Subnet${N}': { Type: AWS::EC2::Subnet, Properties: { VpcId: !Ref Vpc, CidrBlock: !Sub '10.0.${N}.0/24' } }
  'Fn::ForEach::Groups':
    - X
    - !Ref Names
    - 'Fn::ForEach::Sides':
        - Side
        - [In, Out]
        - 'Group&{X}${Side}': { Type: AWS::EC2::SecurityGroup, Properties: { VpcId: !Ref Vpc, GroupDescription: !Ref X } }
  'Fn::ForEach::Open':
    - P
    - !Ref Nowhere
    - 'Rule${P}': { Type: AWS::EC2::SecurityGroupIngress, Properties: { GroupId: !Ref GroupalphaIn } }
Outputs:
  'Fn::ForEach::Ids': [ N, ['0', '1'], { 'Id${N}': { Value: !Ref [ 'Subnet${N}' ] } } ]
";

#[test]
fn loops_are_written_out() {
    let text = LOOPS.replace("!Ref [ 'Subnet${N}' ]", "!GetAtt 'Subnet${N}.SubnetId'");
    let model = model(&[("a.yaml", &text)]);
    let subnets: Vec<&str> = model.subnets.keys().map(Key::as_str).collect();
    assert_eq!(subnets, ["a/Subnet0", "a/Subnet1"]);
    let block =
        model.subnets[&Key::new("a/Subnet1")].cidrs.mentioned().next().map(ToString::to_string);
    assert_eq!(block.as_deref(), Some("10.0.1.0/24"));
    let groups = model.security_groups.values().filter(|group| !group.is_default);
    let groups: Vec<&str> = groups.map(|group| group.key.as_str()).collect();
    assert_eq!(groups, ["a/GroupalphaIn", "a/GroupalphaOut", "a/GroupbetaIn", "a/GroupbetaOut"]);
    // A collection that nobody knows makes what nobody knows, and the defaults are told of.
    assert_eq!(codes(&model), ["parameter-defaults", "macro-not-run"]);
    assert!(model.warnings[0].text.contains("`Names`"));
}

const BODY: &str = "
Resources:
  Fn: { Type: AWS::Lambda::Function, Properties: { FunctionName: fn } }
  Rest:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        swagger: '2.0'
        paths:
          /mcp:
            post:
              security: [ { pool: [] } ]
              x-amazon-apigateway-integration: { type: aws_proxy, uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations' }
            get:
              security: [ { key: [] } ]
              x-amazon-apigateway-integration: { type: aws_proxy, uri: !GetAtt Fn.Arn }
            options: { x-amazon-apigateway-integration: { type: mock } }
          /sig:
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-auth: { type: AWS_IAM }
              x-amazon-apigateway-integration: { type: aws, uri: 'arn:aws:apigateway:eu-west-1:states:action/StartExecution' }
        securityDefinitions:
          pool: { type: apiKey, in: header, name: A, x-amazon-apigateway-authtype: cognito_user_pools, x-amazon-apigateway-authorizer: { type: cognito_user_pools } }
          key: { type: apiKey, in: header, name: x-api-key }
  Http:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      Body:
        openapi: 3.0.1
        paths:
          /$default:
            x-amazon-apigateway-any-method:
              security: [ { jwt: [scope] } ]
              x-amazon-apigateway-integration: { $ref: '#/components/x-amazon-apigateway-integrations/fn' }
        components:
          securitySchemes: { jwt: { type: oauth2, x-amazon-apigateway-authorizer: { type: jwt } } }
          x-amazon-apigateway-integrations: { fn: { type: AWS_PROXY, uri: !GetAtt Fn.Arn } }
  Away: { Type: AWS::ApiGateway::RestApi, Properties: { BodyS3Location: { Bucket: b, Key: k } } }
";

#[test]
fn documents_say_what_routes_there_are() {
    let model = model(&[("a.yaml", BODY)]);
    let rest = &model.apis[&Key::new("a/Rest")];
    assert_eq!(
        routes(rest),
        [
            route("ANY /sig", Authorization::Iam, "states"),
            route("GET /mcp", Authorization::ApiKeyOnly, "a/Fn"),
            route("OPTIONS /mcp", Authorization::None, "Mock"),
            route("POST /mcp", Authorization::Jwt(None), "a/Fn"),
        ]
    );
    assert_eq!(rest.open, None);
    let http = &model.apis[&Key::new("a/Http")];
    assert_eq!(routes(http), [route("$default", Authorization::Jwt(None), "a/Fn")]);
    let away = &model.apis[&Key::new("a/Away")];
    assert!(away.open.as_ref().is_some_and(|note| note.contains("document in S3")));
}

#[test]
fn what_a_document_leaves_open_stays_so() {
    let root = BODY
        .replace("security: [ { pool: [] } ]", "x: 1")
        .replace("swagger: '2.0'", "security: [ { pool: [] } ]");
    let of_root = model(&[("a.yaml", &root)]);
    let post = |model: &Model| {
        let all = &model.apis[&Key::new("a/Rest")].routes;
        let found = all.iter().find(|it| it.route.get().is_some_and(|name| name == "POST /mcp"));
        found.expect("a route").authorization.clone()
    };
    let Val::Unknown(note) = post(&of_root) else { panic!("unknown") };
    assert!(note.contains("root of the document"), "{note}");
    let odd = BODY.replace("{ pool: [] }", "{ pool: [], other: [] }");
    assert!(matches!(post(&model(&[("a.yaml", &odd)])), Val::Unknown(_)));
    let included = BODY.replace(
        "          /sig:\n",
        "          'Fn::Transform': { Name: 'AWS::Include' }\n          /sig:\n",
    );
    assert!(model(&[("a.yaml", &included)]).apis[&Key::new("a/Rest")].open.is_some());
}

const SAM: &str = "
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { VpcConfig: { SubnetIds: [subnet-1], SecurityGroupIds: [sg-1] } }
  Api: { Auth: { DefaultAuthorizer: AWS_IAM } }
Resources:
  Http:
    Type: AWS::Serverless::HttpApi
    Properties: { Auth: { Authorizers: { Tokens: { JwtConfiguration: { issuer: 'https://i', audience: [a] } } }, DefaultAuthorizer: Tokens } }
  Rest:
    Type: AWS::Serverless::Api
    Properties: { StageName: v1, Auth: { Authorizers: { Mine: { FunctionArn: !GetAtt Fn.Arn } }, DefaultAuthorizer: Mine } }
  Written:
    Type: AWS::Serverless::Api
    Properties: { StageName: v1, DefinitionUri: s3://bucket/key }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      VpcConfig: { SubnetIds: [subnet-2] }
      Events:
        A: { Type: Api, Properties: { Path: /a, Method: get } }
        B: { Type: Api, Properties: { Path: /b, Method: any, RestApiId: !Ref Rest, Auth: { Authorizer: NONE } } }
        C: { Type: Api, Properties: { Path: /c, Method: post, RestApiId: !Ref Rest } }
        D: { Type: HttpApi }
        E: { Type: HttpApi, Properties: { Path: /e, Method: POST, ApiId: !Ref Http } }
        F: { Type: Api, Properties: { Path: /f, Method: get, RestApiId: !Ref Written } }
        G: { Type: Schedule, Properties: { Schedule: rate(1 hour) } }
";

#[test]
fn sams_apis_are_those_that_its_transform_makes() {
    let model = model(&[("s.yaml", SAM)]);
    let of = |name: &str| routes(&model.apis[&Key::new(name)]);
    assert_eq!(of("s/ServerlessRestApi"), [route("GET /a", Authorization::Iam, "s/Fn")]);
    assert_eq!(of("s/ServerlessHttpApi"), [route("$default", Authorization::None, "s/Fn")]);
    assert_eq!(of("s/Http"), [route("POST /e", Authorization::Jwt(None), "s/Fn")]);
    let mine = Authorization::Lambda(None);
    assert_eq!(
        of("s/Rest"),
        [route("ANY /b", Authorization::None, "s/Fn"), route("POST /c", mine, "s/Fn")]
    );
    let written = &model.apis[&Key::new("s/Written")];
    assert!(written.routes.is_empty() && written.open.is_some());
    let function = &model.functions[&Key::new("s/Fn")];
    let both = SetVal::known(["subnet-1", "subnet-2"].map(Key::new));
    assert_eq!(function.subnets, both);
    assert_eq!(function.security_groups, SetVal::known([Key::new("sg-1")]));
    assert_eq!(codes(&model), Vec::<&str>::new());
}

#[test]
fn routes_stay_what_they_are_beside_public_blocks() {
    let text = "
Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 172.168.0.0/16 } }
  Table: { Type: AWS::EC2::RouteTable, Properties: { VpcId: !Ref Vpc } }
  Bucket: { Type: AWS::EC2::VPCEndpoint, Properties: { VpcId: !Ref Vpc, ServiceName: com.amazonaws.eu-west-1.s3, RouteTableIds: [ !Ref Table ] } }
";
    let model = model(&[("a.yaml", text)]);
    let lowered = farmgate_aws::network::Lowered::new(&model);
    let note = lowered.own_public_note().expect("a note");
    assert!(note.contains("172.168.0.0/16"), "{note}");
    let table = &lowered.net.tables[lowered.tables[&Key::new("a/Table")].index()];
    assert_eq!(table.assumed.as_ref(), Some(&note));
    assert!(
        model.route_tables[&Key::new("a/Table")]
            .routes
            .iter()
            .all(|it| it.target.get() != Some(&RouteTarget::Local))
    );
}
