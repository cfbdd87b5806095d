"""entrykit beside an official image that stays as it is: in an init container, a build stage."""

from __future__ import annotations

import pytest
from containers.engine import Container, podman
from containers.rows import HAPROXY, NGINX, each
from haproxy.ports import free_port

pytestmark = pytest.mark.containers

ALONE = "localhost/entrykit/entrykit"
COMMANDS = {
    "haproxy": ["haproxy", "-f", "/shared/haproxy.cfg"],
    "nginx-static": ["nginx", "-c", "/shared/nginx.conf", "-g", "daemon off;"],
}


@pytest.mark.parametrize("row", each((HAPROXY, NGINX)))
def test_the_official_image_runs_unmodified(row, site, tmp_path, evidence):
    """What one container renders into a volume, the base runs: no Python is in that."""
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o777)
    shared.chmod(0o777)
    variables = [word for pair in row.serves.environ.items() for word in ("--env", "=".join(pair))]
    podman(
        *("run", "--rm", "--read-only", "--cap-drop", "ALL", "--network", "none", *variables),
        *("--user", "root", "--volume", f"{shared}:/shared"),
        *(ALONE + row.tag, "render", row.name, "-o", "/shared"),
    )

    port = free_port()
    options = [*row.container.options, "--read-only", "--user", "root"]
    volumes = {"/shared:ro": shared, "/www:ro": site}
    command = COMMANDS[row.name]
    with Container(
        row.bare,
        *command,
        options=options,
        ports={row.serves.port: port},
        volumes=volumes,
        evidence=evidence,
    ) as container:
        container.comes(lambda: row.answer(port).endswith(row.serves.body))
        assert "python" not in podman("exec", container.id, "ls", "/usr/bin", "/opt").stdout


def test_a_build_stage_has_it_as_well(tmp_path):
    """`COPY --from` takes rendered files into an image."""
    (tmp_path / "Dockerfile").write_text(
        f"FROM {ALONE} AS files\n"
        "RUN entrykit render nginx-static -e DOMAINS=example.com -o /out/nginx\n"
        f"FROM {NGINX.bare}\n"
        "COPY --from=files /out/nginx /etc/nginx/sites\n"
        "RUN nginx -t -c /etc/nginx/sites/nginx.conf\n"
    )

    podman("build", "--quiet", "--network", "none", "--tag", "entrykit/derived", tmp_path)
