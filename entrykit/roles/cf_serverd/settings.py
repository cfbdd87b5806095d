"""The variables of the cf-serverd role."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final, Literal, Self

from pydantic import Field, PrivateAttr

from entrykit.errors import InvalidValue
from entrykit.roles.cf_serverd import acl, workdir
from entrykit.roles.cf_serverd import rules as hub_rules
from entrykit.roles.cf_serverd import types as cf_serverd_types
from entrykit.roles.cf_serverd.access import Access, AccessList, Lists, RoleList
from entrykit.roles.cf_serverd.policy import Promise, augments, promises
from entrykit.variables import reading as environment
from entrykit.variables import types
from entrykit.variables.parsers import parse_folder
from entrykit.variables.secret import WholeFile
from entrykit.variables.settings import Rules, Settings, ignore_warning, no_rules

_ACL_EXAMPLE: Final = "10.0.0.0/8,2001:db8::/32"
_NOT_SET: Final = f"CF_SERVERD_ACL: not set (expected {_ACL_EXAMPLE}, say: who may connect)"


class CfServerdSettings(Settings):
    """What the cf-serverd role can be told."""

    config_dir: cf_serverd_types.ShellSafePath = Field(
        default="", description="Folder of promises.cf; `inputs` in CFENGINE_WORKDIR unless set."
    )
    cf_serverd_acl: acl.Acl = Field(
        default=(),
        description="Addresses and networks that may connect and are served; required unless "
        "PROMISES is set.",
        examples=[_ACL_EXAMPLE],
    )
    cf_serverd_port: types.Port = Field(default=5308, description="Port to listen on.")
    cf_serverd_bindtointerface: cf_serverd_types.Interface | None = Field(
        default=None,
        description="The one address to listen on; all of IPv4 and IPv6 unless set.",
        examples=["192.0.2.1"],
    )
    cf_serverd_allowconnects: acl.Acl = Field(
        default=(),
        description="Who may connect, if not all of CF_SERVERD_ACL.",
        examples=["10.0.0.0/16"],
    )
    cf_serverd_allowallconnects: acl.Acl = Field(
        default=(),
        description="Who may have several connections at a time; all who may connect unless set.",
        examples=["10.0.0.0/16"],
    )
    cf_serverd_denyconnects: acl.Acl = Field(
        default=(),
        description="Who may not connect, out of those who could.",
        examples=["10.0.9.0/24"],
    )
    cf_serverd_trustkeysfrom: acl.Acl = Field(
        default=(),
        description="From where unknown keys of clients are trusted and kept; from nowhere unless "
        "set.",
        examples=["10.0.9.0/24"],
    )
    cf_serverd_allowusers: cf_serverd_types.Users = Field(
        default=(), description="Users who may ask for runs with cf-runagent; nobody unless set."
    )
    cf_serverd_maxconnections: types.Count = Field(
        default=200, description="How many connections there may be at a time."
    )
    cf_serverd_allowtlsversion: Literal["1.2", "1.3"] = Field(
        default="1.2", description="The lowest version of TLS."
    )
    cf_serverd_allowciphers: cf_serverd_types.Ciphers | None = Field(
        default=None,
        description="Ciphers with `:` between them; suites of TLS 1.3 are those with TLS_, and "
        "without any of them there is no TLS 1.3.",
        examples=["TLS_AES_256_GCM_SHA384:AES256-GCM-SHA384"],
    )
    cf_serverd_denybadclocks: types.Switch | None = Field(
        default=None,
        description="Refuse clients whose clock is an hour off; CFEngine's own default unless set.",
    )
    cf_serverd_serverfacility: cf_serverd_types.Facility | None = Field(
        default=None, description="Facility of messages to syslog, where there is one."
    )
    cf_serverd_masterfiles: cf_serverd_types.Path | None = Field(
        default=None,
        description="Folder that is served as `masterfiles`; the one of that name in "
        "CFENGINE_WORKDIR unless set.",
        examples=["/srv/masterfiles"],
    )
    cf_serverd_admit_ips: acl.Acl = Field(
        default=(),
        description="Who is served; CF_SERVERD_ACL unless this or another CF_SERVERD_ADMIT_… is "
        "set.",
        examples=["10.0.0.0/16"],
    )
    cf_serverd_admit_hostnames: cf_serverd_types.Hostnames = Field(
        default=(),
        description="Who is served, by names that DNS gives for addresses; `.example.com` is all "
        "below it.",
    )
    cf_serverd_admit_keys: cf_serverd_types.Digests = Field(
        default=(),
        description="Who is served, by digests of keys as `cf-key -p` prints them.",
        examples=["MD5=9fb7556beb0e43386760e51cefb68018"],
    )
    cf_serverd_access: AccessList = Field(
        default=(),
        description="More that is served: a JSON list of objects with `path`, `shortcut`, "
        "`admit_ips`, `admit_hostnames`, `admit_keys`, `deny_ips` and so on.",
        examples=['[{"path": "/srv/data", "shortcut": "data"}]'],
    )
    cf_serverd_roles: RoleList = Field(
        default=(),
        description="Classes that users may have cf-runagent define: a JSON list of objects with "
        "`classes` and `authorize`.",
        examples=['[{"classes": "deploy_.*", "authorize": ["root"]}]'],
    )
    cf_serverd_log_level: cf_serverd_types.Level | None = Field(
        default=None, description="How much cf-serverd says; `info` tells of each connection."
    )
    cf_serverd_private_key: cf_serverd_types.Pem | None = Field(
        default=None,
        description="The hub's private key in PEM, if it is not to be made at the first start.",
    )
    cf_serverd_public_key: cf_serverd_types.Pem | None = Field(
        default=None, description="The hub's public key in PEM, of that pair."
    )
    cf_serverd_trusted_keys_dir: types.Folder | None = Field(
        default=None,
        description="Folder with public keys of clients that are trusted, each in a file `*.pub`.",
    )
    cfengine_workdir: cf_serverd_types.ShellSafePath = Field(
        default="",
        description="CFEngine's folder, of keys and state too; the one of the installed package "
        "unless set.",
    )
    promises: cf_serverd_types.Policy = Field(
        default=WholeFile(""),
        description="A whole promises.cf, which is checked and used as it is.",
    )
    mpf: types.Switch = Field(
        default=False,
        description="Serve with the Masterfiles Policy Framework in masterfiles: write def.json "
        "for it, and no promises.cf.",
    )

    _given: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def from_environ(
        cls,
        environ: Mapping[str, str] = os.environ,
        warn: Callable[[str], None] = ignore_warning,
        rules: Rules = no_rules,
    ) -> Self:
        """Read the role's variables; folders that are not set come from the installed package.

        Args:
            environ: names to texts; PATH leads to cf-serverd.
            warn: called with a line for each thing that is probably a mistake, and for each
                way in which the server is open.
            rules: of the role: yields what does not go together.

        Raises:
            SettingsError: with every fault of every variable.
        """
        found = super().from_environ(environ, warn, rules)
        place = found.cfengine_workdir or workdir.find_workdir(environ)
        folder = found.config_dir or f"{place}/inputs"
        found = found.model_copy(update={"cfengine_workdir": place, "config_dir": folder})
        found._given = environ  # noqa: SLF001 -- a frozen model's own part
        for warning in hub_rules.find_open_access(found):
            warn(warning)
        return found

    @property
    def program_environ(self) -> dict[str, str]:
        """The environment for CFEngine's programs: where they are, and where their folder is."""
        return {
            "PATH": self._given.get("PATH", ""),
            workdir.WORKDIR_OVERRIDE: self.cfengine_workdir,
        }

    @property
    def private_key_file(self) -> str:
        """The file that the private key was given in, if it was one."""
        return self._given.get("CF_SERVERD_PRIVATE_KEY_FILE", "")

    @classmethod
    def from_reading(cls, reading: environment.Reading, rules: Rules = no_rules) -> Self:
        """Ask for the ACL before all else is judged: without it nobody or everybody is served."""
        told = reading.values.keys() | reading.faults.keys()
        if not {"CF_SERVERD_ACL", "PROMISES"} & told:
            reading.faults["CF_SERVERD_ACL"] = reading.empty.get("CF_SERVERD_ACL", _NOT_SET)
        return super().from_reading(reading, rules)

    @classmethod
    def folder(cls, environ: Mapping[str, str]) -> str:
        """Return CONFIG_DIR while other variables may be at fault; if it is itself, the default."""
        for name, below in (("CONFIG_DIR", ""), ("CFENGINE_WORKDIR", "/inputs")):
            try:
                if given := environment.peek(environ, name):
                    return f"{parse_folder(given)}{below}"
            except InvalidValue:
                continue
        return f"{workdir.find_workdir(environ)}/inputs"

    @property
    def foreign(self) -> str:
        """The variable by which the policy is not the role's own, or not all of it; or nothing."""
        own = {
            "PROMISES": self.promises,
            "MPF": self.mpf,
            "ENTRYKIT_TEMPLATES": self.entrykit_templates,
        }
        return next((name for name, value in own.items() if value), "")

    @property
    def connecting(self) -> tuple[str, ...]:
        """Who may connect."""
        return self.cf_serverd_allowconnects or self.cf_serverd_acl

    @property
    def admitted(self) -> Lists:
        """Who is served: any one of these lists is enough for a client."""
        lists = (
            ("admit_ips", self.cf_serverd_admit_ips),
            ("admit_hostnames", self.cf_serverd_admit_hostnames),
            ("admit_keys", self.cf_serverd_admit_keys),
        )
        return tuple(one for one in lists if one[1]) or (("admit_ips", self.cf_serverd_acl),)

    @property
    def access(self) -> list[Promise]:
        """The promises of type `access`, but the path of masterfiles where it is the default."""
        served = Access(self.cf_serverd_masterfiles or "", "masterfiles", ())
        return promises((served, *self.cf_serverd_access), self.admitted)

    @property
    def augments(self) -> dict[str, object]:
        """What def.json holds."""
        return augments(self)
