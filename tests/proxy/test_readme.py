import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import trustme

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ENVIRON = {
    "PROXY_TOKEN": "0123456789abcdef",
    "ANTHROPIC_API_KEY": "sk-ant-none",
    "OPENAI_API_KEY": "sk-none",
    "PYTHONUNBUFFERED": "1",
}
PLAN = re.compile(r"-d '(\{\"plans\": .*?\})'", re.DOTALL)


def block(name: str) -> str:
    """The code block of the README that begins with the name of its file."""
    found = re.search(rf"```\w+\n(# {re.escape(name)}\n.*?)```", README, re.DOTALL)
    assert found, name
    return found[1]


@contextmanager
def started(*arguments: str, folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "sluicegate", *arguments, "--port", "0"]
    environ = {**os.environ, **ENVIRON}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=folder, env=environ
    ) as process:
        assert process.stdout is not None
        found = re.search(r"https?://\S+", process.stdout.readline())
        assert found
        try:
            yield found[0].replace("127.0.0.1", "localhost")
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """The folder of the README's example, and the URLs of its provider and its proxy."""
    folder = tmp_path_factory.mktemp("readme")
    issued = trustme.CA()
    leaf = issued.issue_cert("localhost")
    leaf.private_key_and_cert_chain_pem.write_to_path(str(folder / "key.pem"))
    (folder / "cert.pem").write_bytes(
        b"".join(pem.bytes() for pem in leaf.cert_chain_pems) + issued.cert_pem.bytes()
    )
    with ExitStack() as stack:
        provider = stack.enter_context(started("provider", folder=folder))
        configured = block("proxy.toml").replace("http://localhost:8001", provider)
        (folder / "proxy.toml").write_text(configured)
        proxy = stack.enter_context(started("proxy", "--config", "proxy.toml", folder=folder))
        (folder / "agent.py").write_text(block("agent.py").replace("https://localhost:8080", proxy))
        yield folder, provider, proxy


@pytest.mark.parametrize("upstream", ["anthropic", "openai"])
def test_the_agent_of_the_readme_thinks_calls_a_tool_and_answers(
    servers: tuple[Path, str, str], upstream: str
) -> None:
    folder, provider, _ = servers
    plan = PLAN.search(README)
    assert plan
    with httpx.Client(trust_env=False) as client:
        client.post(f"{provider}/_provider/reset").raise_for_status()
        client.post(f"{provider}/_provider/plans", content=plan[1]).raise_for_status()
        done = subprocess.run(
            [sys.executable, "agent.py"],
            cwd=folder,
            env={**os.environ, **ENVIRON, "UPSTREAM": upstream},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        journal = client.get(f"{provider}/_provider/journal").json()["entries"]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "I need a list.\nA certificate, a key, and two files.\n"
    # What the command printed has reached the upstream.
    assert "proxy.toml" in journal[-1]["body"]


def test_without_the_token_the_proxy_of_the_readme_answers_401(
    servers: tuple[Path, str, str],
) -> None:
    folder, _, proxy = servers
    authority = ssl.create_default_context(cafile=folder / "cert.pem")
    with httpx.Client(trust_env=False, verify=authority) as client:
        assert client.post(f"{proxy}/stream/openai", json={}).status_code == 401
        assert client.get(f"{proxy}/health").json() == {"status": "ok"}
