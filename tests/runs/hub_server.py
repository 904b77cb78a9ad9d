"""A local server that answers like the Hugging Face Hub when runs are pushed and loaded."""

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

SHA = "a" * 40


class HubHandler(BaseHTTPRequestHandler):
    """Answers the requests of the package `huggingface_hub`; files are kept in memory."""

    protocol_version = "HTTP/1.1"

    @property
    def files(self):
        return self.server.files

    def log_message(self, *arguments):
        """Print nothing."""

    def answer(self, body=b"", status=200, **headers):
        """Send a response; objects are sent as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        self.server.requests.append(self.path)
        if not self.files or "absent" in parts:
            self.answer({"error": "not found"}, 404, X_Error_Code="RepoNotFound")
        elif parts[0] == "api" and "tree" in parts:
            self.answer([self.entry(name) for name in sorted(self.files)])
        elif parts[0] == "api":
            siblings = [{"rfilename": name} for name in sorted(self.files)]
            self.answer({"id": "/".join(parts[2:4]), "sha": SHA, "siblings": siblings})
        else:
            content = self.files["/".join(parts[4:])]
            tag = f'"{hashlib.sha1(content).hexdigest()}"'
            self.answer(content, X_Repo_Commit=SHA, ETag=tag, Accept_Ranges="none")

    def entry(self, name):
        """Return the entry of a file in the list of all files."""
        content = self.files[name]
        return {
            "type": "file",
            "path": name,
            "size": len(content),
            "oid": hashlib.sha1(content).hexdigest(),
        }

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append(self.path)
        if "absent" in self.path:
            self.answer({"error": "not found"}, 404)
        elif self.path.endswith("/repos/create"):
            names = json.loads(body)
            url = f"http://{self.headers['Host']}/{names['organization']}/{names['name']}"
            self.answer({"url": url})
        elif "/preupload/" in self.path:
            names = [file["path"] for file in json.loads(body)["files"]]
            modes = [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]
            self.answer({"files": modes})
        elif "/commit/" in self.path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    value = line["value"]
                    self.files[value["path"]] = base64.b64decode(value["content"])
            url = f"http://{self.headers['Host']}/user/run/commit/{SHA}"
            self.answer({"success": True, "commitOid": SHA, "commitUrl": url})
        else:
            self.answer({"errors": [], "warnings": []})


@contextmanager
def hub_server():
    """Run the server and yield it, with its `files`, `requests` and `address`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), HubHandler)
    server.files, server.requests = {}, []
    server.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
