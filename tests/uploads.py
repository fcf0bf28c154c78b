"""Forms with a file, put together by hand: the test client's own leaves its file open when it is large."""

from typing import Any


def multipart(fields: dict[str, str], field: str, name: str, content: bytes) -> dict[str, Any]:
    """What to pass to `post`: the fields, and the file under its own field and name."""
    parts = [(f'name="{key}"', value.encode()) for key, value in fields.items()]
    parts.append((f'name="{field}"; filename="{name}"', content))
    sent = b"".join(f"--frontier\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + value + b"\r\n"
                    for head, value in parts)
    return {"data": sent + b"--frontier--\r\n", "content_type": "multipart/form-data; boundary=frontier"}
