"""What every failure must look like (GEN-09)."""

import httpx


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    """Check that the answer is this failure, whole and without internals; give its body."""
    body: dict[str, object] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "request_id"} <= body.keys()
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["type"] == f"urn:coinbitclub:problem:{code}"
    for internal in ("Traceback", "SELECT", "INSERT", "asyncpg", "sqlalchemy", ".py"):
        assert internal not in answer.text
    return body


def fields(answer: httpx.Response) -> dict[str, str]:
    """The code of each faulty field."""
    return {item["field"]: item["code"] for item in answer.json().get("errors", [])}
