"""The image of cf-serverd: as any user, on any root, it serves policy to who is named."""

from __future__ import annotations

import pytest
from containers.engine import Container, podman
from containers.rows import ANY
from programs import children, status

pytestmark = pytest.mark.containers

IMAGE = "localhost/entrykit/cf-serverd"
POLICY = "body common control { bundlesequence => { }; }\n"
REREAD = "Rereading policy file"
# A client of its own, whose key the hub has not seen, on the hub's loopback.
ASK = (
    "mkdir -p /tmp/work/ppkeys /tmp/work/inputs /tmp/work/state && chmod 700 /tmp/work/ppkeys"
    " && export CFENGINE_TEST_OVERRIDE_WORKDIR=/tmp/work && cf-key >/dev/null"
    " && cf-net -H 127.0.0.1:5308 get masterfiles/promises.cf -o /tmp/got >/dev/null; cat /tmp/got"
)


def asked(container):
    """What a client gets of the policy."""
    options = ["--rm", "--network", f"container:{container.id}", "--user", "root"]
    done = podman("run", *options, "--entrypoint", "sh", IMAGE, "-c", ASK, check=False)
    return done.stdout


@pytest.mark.parametrize("writable", [True, False], ids=["writable", "read-only"])
@pytest.mark.parametrize("user", ["root", "hub", ANY])
def test_any_user_on_any_root(tmp_path, evidence, user, writable):
    """It serves; PID 1 is cf-serverd, with no child; it is healthy; it obeys signals."""
    work = tmp_path / "work"
    (work / "masterfiles").mkdir(parents=True)
    (work / "masterfiles/promises.cf").write_text(POLICY)
    options = ["--cap-drop", "ALL", "--user", user]
    if not writable:
        options += ["--read-only", "--read-only-tmpfs=false"]
    with Container(
        IMAGE,
        options=options,
        environ={
            "CFENGINE_WORKDIR": "/work",
            "CF_SERVERD_ACL": "127.0.0.1",
            "CF_SERVERD_TRUSTKEYSFROM": "127.0.0.1",
            "CF_SERVERD_LOG_LEVEL": "info",
        },
        volumes={"/work:U": work},
        evidence=evidence,
    ) as container:
        pid = container.pid
        container.comes(lambda: status(pid)["Name"] == "cf-serverd")
        container.comes(container.is_healthy)
        container.comes(lambda: not children(pid))  # as it starts it runs cf-promises itself
        assert container.comes(lambda: asked(container)) == POLICY

        container.kill("SIGHUP")
        container.comes(lambda: REREAD in container.log)
        assert asked(container) == POLICY
        assert container.pid == pid

        podman("stop", "--time", "10", container.id)
        assert container.ended() == 0


def test_no_two_containers_are_the_same_hub():
    """The pair of keys that the package makes is not in the image."""
    done = podman("run", "--rm", IMAGE, "sh", "-c", "ls /var/lib/cfengine3/ppkeys")

    assert not done.stdout.split()
