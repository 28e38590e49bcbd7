"""botocore as an oracle: what its signer makes of a request is what AWS expects.

    call.json on standard input:   botocore_signs.py call URL    signs and sends each request, prints answers
    signer.json on standard input: botocore_signs.py proof       prints a proof that STS verifies
                                   botocore_signs.py sts CERTIFICATE KEY   an STS; prints its port

Nothing here computes a signature by itself: all are botocore's.
"""

import base64
import http.client
import http.server
import json
import ssl
import sys
import urllib.parse

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ANSWER = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>arn:aws:sts::123456789012:assumed-role/agents-oracle/session</Arn>
    <UserId>AROA:session</UserId>
    <Account>123456789012</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>
"""
REFUSAL = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error><RequestId>1</RequestId>
</ErrorResponse>
"""


def credentials(signer):
    return Credentials(signer["id"], signer["secret"], signer.get("token"))


def call(url):
    """Signs and sends each request as botocore does; prints `[status, body]` of each."""
    given = json.load(sys.stdin)
    answers = []
    for one in given["requests"]:
        request = AWSRequest(one["method"], url + one["target"], one["headers"], one["body"].encode() or None)
        kind = SigV4QueryAuth if one.get("query") else SigV4Auth
        kind(credentials(given), given["service"], given["region"]).add_auth(request)
        ready = request.prepare()
        parts = urllib.parse.urlsplit(ready.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        target = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(ready.method, target, ready.body, dict(ready.headers.items()))
        answer = connection.getresponse()
        answers.append([answer.status, answer.read().decode()])
        connection.close()
    print(json.dumps(answers))


def proof():
    given = json.load(sys.stdin)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "X-Farmgate-Audience": given["audience"],
    }
    url = f"https://sts.{given['region']}.amazonaws.com/"
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    request = AWSRequest("POST", url, headers, body)
    SigV4Auth(credentials(given), "sts", given["region"]).add_auth(request)
    fields = {
        "region": given["region"],
        "authorization": request.headers["Authorization"],
        "date": request.headers["X-Amz-Date"],
        "audience": given["audience"],
    }
    if given.get("token"):
        fields["token"] = given["token"]
    text = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
    print("v1." + text)


class Sts(http.server.BaseHTTPRequestHandler):
    """Says who signed, if botocore would have signed so with the one key that this knows."""

    protocol_version = "HTTP/1.1"
    known = {"id": "AKIAORACLE0000000000", "secret": "a secret/of+the=oracle", "token": "token/+="}

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        words = self.headers["Authorization"].replace(",", " ").split()
        said = dict(word.split("=", 1) for word in words[1:])
        key, date, region, service, end = said["Credential"].split("/")
        names = said["SignedHeaders"].split(";")
        request = AWSRequest("POST", f"https://{self.headers['Host']}/", data=body)
        for name in names:
            request.headers[name] = self.headers[name]
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = SigV4Auth(credentials(self.known), service, region)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        right = [
            words[0] == "AWS4-HMAC-SHA256",
            (service, end) == ("sts", "aws4_request"),
            key == self.known["id"],
            date == self.headers["X-Amz-Date"][:8],
            self.headers["X-Amz-Security-Token"] == self.known["token"],
            signer.signature(text, request) == said["Signature"],
            body == b"Action=GetCallerIdentity&Version=2011-06-15",
        ]
        if all(right):
            self.say(200, ANSWER)
        else:
            self.say(403, REFUSAL % ("SignatureDoesNotMatch" if right[2] else "InvalidClientTokenId"))

    def say(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words):
        pass


def sts(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sts)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    {"call": call, "proof": proof, "sts": sts}[sys.argv[1]](*sys.argv[2:])
