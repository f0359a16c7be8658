# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for AWX's REST API, as far as the modules of awx.awx use it to configure AWX.

Objects live in memory. They are created, read, changed, listed with filters, and associated, as in AWX's generic views.
It shows that the modules accept the example's arguments, that every object exists before it is referred to, that a
second run changes nothing, and which objects result. It runs no job and no sync of hosts. The sync of a project
ends at once. It knows only the rules of AWX in rules.py.
"""

from __future__ import annotations

import base64
import itertools
import json
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import rules
from .rules import Object

ROOT = "/api/v2/"
ENCRYPTED = "$encrypted$"
PAGE_SIZE = 25

# Values of the field "type".
TYPES = {
    "credential_types": "credential_type",
    "credentials": "credential",
    "execution_environments": "execution_environment",
    "instance_groups": "instance_group",
    "inventories": "inventory",
    "inventory_sources": "inventory_source",
    "job_templates": "job_template",
    "organizations": "organization",
    "projects": "project",
    "roles": "role",
    "schedules": "schedule",
    "teams": "team",
    "workflow_job_template_nodes": "workflow_job_template_node",
    "workflow_job_templates": "workflow_job_template",
}
UNIFIED = ("inventory_sources", "job_templates", "projects", "workflow_job_templates")
# Lists below an object, and the collection of their members. The order matters in the first two.
ASSOCIATIONS = {
    "galaxy_credentials": "credentials",
    "instance_groups": "instance_groups",
    "always_nodes": "workflow_job_template_nodes",
    "credentials": "credentials",
    "failure_nodes": "workflow_job_template_nodes",
    "success_nodes": "workflow_job_template_nodes",
    "teams": "teams",
}
ROLES = ("admin_role", "execute_role", "read_role")


class RefusedError(Exception):
    """An error answer: its HTTP status and AWX's message."""

    def __init__(self, status: int, body: Object) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


class Awx:
    """The objects. project: the folder that every project has as its checkout.

    changes: every request that has changed something, as method and path.
    """

    def __init__(self, project: Path) -> None:
        self.project = project
        self.objects: dict[str, dict[int, Object]] = {collection: {} for collection in TYPES}
        self.members: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[tuple[str, int], Object] = {}
        self.changes: list[tuple[str, str]] = []
        self.sync = "successful"  # the result of a project's sync
        self._numbers = itertools.count(1)
        # Objects of every new AWX.
        self._add("credential_types", {"name": "Machine", "kind": "ssh", "managed": True, "inputs": MACHINE})
        galaxy = self._add("credential_types", {"name": "Ansible Galaxy/Automation Hub API Token", "kind": "galaxy"})
        self._add("credentials", {"name": "Ansible Galaxy", "credential_type": galaxy["id"], "inputs": {}})

    def named(self, collection: str, name: str) -> Object:
        """The object of this name (a node of a workflow: of this identifier)."""
        (found,) = [o for o in self.objects[collection].values() if name in (o.get("name"), o.get("identifier"))]
        return found

    def associated(self, collection: str, number: int, kind: str) -> list[Object]:
        """The objects associated with an object."""
        home = ASSOCIATIONS[kind]
        return [self.objects[home][member] for member in self.members.get((collection, number, kind), [])]

    def answer(self, method: str, target: str, body: Object) -> tuple[int, Any]:
        """Carry a request out. Returns the HTTP status and the JSON of the answer. Raises RefusedError."""
        parts = urlsplit(target)
        path = parts.path.removeprefix(ROOT).strip("/").split("/")
        status, answer = self._answer(method, path, dict(parse_qsl(parts.query)), body)
        if method != "GET":
            self.changes.append((method, parts.path))
        return status, answer

    def _answer(self, method: str, path: list[str], query: dict[str, str], body: Object) -> tuple[int, Any]:
        match (method, *path):
            case ("GET", collection):
                return 200, self._page(self._all(collection), query, collection)
            case ("POST", collection):
                return 201, self._shown(collection, self._create(collection, body))
            case ("GET", "project_updates", number):
                return 200, {**self._one("projects", number), "finished": "now", "failed": self.sync != "successful"}
            case ("POST", "projects", number, "update"):
                self._one("projects", number)["status"] = self.sync
                update = {"id": int(number), "status": "pending", "url": f"{ROOT}project_updates/{number}/"}
                return 202, update
            case ("GET", collection, number):
                return 200, self._shown(collection, self._one(collection, number))
            case ("PATCH", collection, number):
                return 200, self._shown(collection, self._change(collection, number, body))
            case (_, collection, number, "survey_spec"):
                self._one(collection, number)
                return 200, self._survey(method, (collection, int(number)), body)
            case ("GET", collection, number, kind) if kind in ASSOCIATIONS:
                self._one(collection, number)
                return 200, self._page(self.associated(collection, int(number), kind), query, ASSOCIATIONS[kind])
            case ("POST", collection, number, kind) if kind in ASSOCIATIONS:
                self._one(collection, number)
                self._associate((collection, int(number), kind), body)
                return 204, None
        raise RefusedError(404, {"detail": f"Not found: {method} {'/'.join(path)}"})

    def _all(self, collection: str) -> list[Object]:
        if collection == "unified_job_templates":
            return [found for home in UNIFIED for found in self.objects[home].values()]
        if collection not in self.objects:
            raise RefusedError(404, {"detail": f"Not found: {collection}"})
        return list(self.objects[collection].values())

    def _one(self, collection: str, number: str) -> Object:
        for found in self._all(collection):
            if str(found["id"]) == number:
                return found
        raise RefusedError(404, {"detail": f"Not found: {collection} {number}"})

    def _page(self, found: Iterable[Object], query: dict[str, str], collection: str) -> Object:
        page = int(query.pop("page", "1"))
        either = {key.removeprefix("or__"): query.pop(key) for key in list(query) if key.startswith("or__")}
        fitting = [
            o for o in found if _fits(o, query) and (not either or any(_fits(o, {k: v}) for k, v in either.items()))
        ]
        last = page * PAGE_SIZE >= len(fitting)
        following = (
            None
            if last
            else f"{ROOT}{collection}/?" + "&".join(f"{k}={v}" for k, v in {**query, "page": page + 1}.items())
        )
        shown = [self._shown(collection, o) for o in fitting[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]
        return {"count": len(fitting), "next": following, "previous": None, "results": shown}

    def _create(self, collection: str, body: Object) -> Object:
        if collection not in rules.REQUIRED:
            raise RefusedError(405, {"detail": f'Method "POST" not allowed: {collection}'})
        missing = [name for name in rules.REQUIRED[collection] if body.get(name) in (None, "")]
        if missing:
            raise RefusedError(400, {name: ["This field is required."] for name in missing})
        key = rules.UNIQUE.get(collection, rules.UNIQUE_ELSE)
        if any(all(o.get(name) == body.get(name) for name in key) for o in self.objects[collection].values()):
            raise RefusedError(400, {"__all__": [f"{collection} with this {' and '.join(key)} already exists."]})
        self._check(collection, body)
        if collection == "inventory_sources":  # InventorySource.save
            body["organization"] = self.objects["inventories"][body["inventory"]]["organization"]
        made = self._add(collection, body)
        if collection == "projects":
            made["status"], made["scm_revision"] = self.sync, ""
        if collection in ("inventories", "job_templates", "workflow_job_templates"):
            for name in ROLES:
                role = self._add("roles", {"name": name})
                made.setdefault("object_roles", {})[name] = {"id": role["id"], "name": name}
        return made

    def _change(self, collection: str, number: str, body: Object) -> Object:
        found = self._one(collection, number)
        inputs = {**body.get("inputs", {})}
        if collection == "credentials":  # a placeholder sent back keeps the secret
            body = {**body, "inputs": {k: found["inputs"][k] if v == ENCRYPTED else v for k, v in inputs.items()}}
        self._check(collection, {**found, **body})
        found.update(body)
        return found

    def _add(self, collection: str, fields: Object) -> Object:
        number = next(self._numbers)
        made = {**fields, "id": number, "type": TYPES[collection], "url": f"{ROOT}{collection}/{number}/"}
        self.objects[collection][number] = made
        return made

    def _check(self, collection: str, body: Object) -> None:
        for name, home in rules.REFERENCES.items():
            value = body.get(name)
            if value is not None and value not in {found["id"] for found in self._all(home)}:
                raise RefusedError(400, {name: [f'Invalid pk "{value}" - object does not exist.']})
        if collection == "job_templates" and not (
            (self.project / body["playbook"]).is_file()
            and self.objects["projects"][body["project"]]["status"] == "successful"
        ):
            raise RefusedError(400, {"playbook": ["Playbook not found for project."]})
        if collection == "workflow_job_template_nodes":
            template = self._one("unified_job_templates", str(body["unified_job_template"]))
            survey = self.surveys.get(("job_templates", template["id"]), {})
            errors = rules.answer_errors(template, survey, body.get("extra_data", {}))
            errors += rules.prompt_errors(template, body)
            if errors:
                raise RefusedError(400, {"extra_data": errors})

    def _survey(self, method: str, key: tuple[str, int], body: Object) -> Object:
        if method == "POST":
            error = rules.survey_error(body)
            if error:
                raise RefusedError(400, {"error": error})
            self.surveys[key] = body
        elif method == "DELETE":
            self.surveys.pop(key, None)
        return self.surveys.get(key, {}) if method == "GET" else {}

    def _associate(self, key: tuple[str, int, str], body: Object) -> None:
        members = self.members.setdefault(key, [])
        if body["id"] not in self.objects[ASSOCIATIONS[key[2]]]:
            raise RefusedError(400, {"msg": f"{ASSOCIATIONS[key[2]]} {body['id']} does not exist."})
        if body.get("disassociate"):
            members.remove(body["id"])
        elif body["id"] not in members:
            members.append(body["id"])

    def _shown(self, collection: str, found: Object) -> Object:
        """An object as AWX shows it: without its secrets, with its related objects."""
        shown = {key: value for key, value in found.items() if key != "object_roles"}
        shown["summary_fields"] = {"object_roles": found.get("object_roles", {})}
        shown["related"] = {name: f"{found['url']}{name}/" for name in ("survey_spec", *ASSOCIATIONS)}
        if found["type"] == "credential":
            fields = self.objects["credential_types"][found["credential_type"]].get("inputs", {}).get("fields", [])
            secret = {field["id"] for field in fields if field.get("secret")}
            shown["inputs"] = {k: ENCRYPTED if k in secret else v for k, v in found["inputs"].items()}
        if found["type"] == "project":
            shown["related"]["update"] = f"{found['url']}update/"
        return shown


# The fields that the example uses.
MACHINE = {"fields": [{"id": "username", "type": "string"}, {"id": "ssh_key_data", "type": "string", "secret": True}]}


def _fits(found: Object, query: dict[str, str]) -> bool:
    return all(str(found.get(name)) == value for name, value in query.items() if "__" not in name)


class AwxServer:
    """An AWX on a free port of 127.0.0.1 during its with block. Its user has to log in."""

    user = "admin"
    password = "pa55:word"

    def __init__(self, project: Path) -> None:
        self.awx = Awx(project)
        self._tokens: set[str] = set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> AwxServer:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, method: str, target: str, authorization: str, body: Object) -> tuple[int, Any]:
        """Answer a request. Returns the HTTP status and the JSON of the answer."""
        with self._lock:
            basic = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            if authorization == basic and target.startswith(f"{ROOT}tokens/"):
                if method == "DELETE":
                    return 204, None
                token = f"token{len(self._tokens)}"
                self._tokens.add(token)
                return 201, {"id": len(self._tokens), "token": token}
            if authorization.removeprefix("Bearer ") not in self._tokens:
                return 401, {"detail": "Authentication credentials were not provided."}
            try:
                return self.awx.answer(method, target, body)
            except RefusedError as refused:
                return refused.status, refused.body

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or "{}")
                authorization = self.headers.get("Authorization", "")
                status, answer = server.answer(self.command, self.path, authorization, body)
                content = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("X-API-Product-Name", "AWX")
                self.send_header("X-API-Product-Version", "24.6.1")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = do_DELETE = _do  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                """Print nothing."""

        return Handler
