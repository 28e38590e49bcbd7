"""Signs requests with botocore: JSON on standard input, and on standard output the same requests as
they would be sent.

Each has a method, a target, headers (pairs), a body in base64, and how it is signed: id, secret,
token, region, service, and for a presigned URL how many seconds it holds.
"""

import base64
import json
import sys

try:
    from botocore.auth import SigV4Auth, SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    sys.exit(77)  # what automake's tests say for "skipped"

HOST = "farm.example.com"


def sign(request):
    credentials = Credentials(request["id"], request["secret"], request["token"])
    place = (credentials, request["service"], request["region"])
    signer = SigV4QueryAuth(*place, expires=request["life"]) if request["life"] else SigV4Auth(*place)
    aws = AWSRequest(
        method=request["method"],
        url=f"https://{HOST}{request['target']}",
        data=base64.b64decode(request["body"]),
    )
    for name, value in request["headers"]:
        aws.headers.add_header(name, value)
    signer.add_auth(aws)
    target = aws.url.removeprefix(f"https://{HOST}")
    headers = [(name, str(value)) for name, value in aws.headers.items() if name.lower() != "host"]
    return {"target": target, "headers": [("host", HOST), *headers]}


json.dump([sign(request) for request in json.load(sys.stdin)], sys.stdout)
