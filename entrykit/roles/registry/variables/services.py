"""The variables of whom the registry talks to, and of what it takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from entrykit.roles.registry.variables import records
from entrykit.roles.registry.variables import types as registry_types
from entrykit.variables import types
from entrykit.variables.settings import Settings

_Platforms = Annotated[
    Literal["all", "none", "list"],
    BeforeValidator(str.lower),
    types.TypeInfo("all, none or list", {"enum": ["all", "none", "list"]}),
]


class ServiceVariables(Settings):
    """What all the other sections say."""

    registry_proxy_remoteurl: registry_types.Origin | None = Field(
        default=None,
        description="URL of the registry that this one is a cache of: it takes no pushes then.",
        examples=["https://registry-1.docker.io"],
    )
    registry_proxy_username: types.Line | None = Field(
        default=None, description="User there.", examples=["me"]
    )
    registry_proxy_password: types.Secret | None = Field(
        default=None, description="Password there."
    )
    registry_proxy_ttl: registry_types.Lifetime | None = Field(
        default=None,
        description="Time after which contents are dropped, 168h unless set; 0 keeps them; "
        "3.x only.",
        examples=["168h"],
    )
    registry_proxy_cachewritetimeout: registry_types.Duration | None = Field(
        default=None, description="Longest time to store a layer; 3.x only.", examples=["5m"]
    )
    registry_proxy_exec_command: registry_types.Path | None = Field(
        default=None,
        description="Program that tells user and password; 3.x only.",
        examples=["/usr/local/bin/docker-credential-helper"],
    )
    registry_proxy_exec_lifetime: registry_types.Lifetime | None = Field(
        default=None, description="Time that its answer holds; 3.x only.", examples=["1h"]
    )
    registry_redis_addr: registry_types.Items | None = Field(
        default=None,
        description="Where redis answers: `host:port`; several of a cluster with 3.x.",
        examples=["redis:6379"],
    )
    registry_redis_addrs: registry_types.Items | None = Field(
        default=None, description="The same as REGISTRY_REDIS_ADDR.", examples=["redis:6379"]
    )
    registry_redis_username: types.Line | None = Field(
        default=None, description="User of redis; 3.x only.", examples=["registry"]
    )
    registry_redis_password: types.Secret | None = Field(
        default=None, description="Password of redis."
    )
    registry_redis_db: registry_types.Natural | None = Field(
        default=None, description="Number of redis' database.", examples=["0"]
    )
    registry_redis_mastername: types.Line | None = Field(
        default=None, description="Name of the master, with sentinels; 3.x only.", examples=["main"]
    )
    registry_redis_sentinelusername: types.Line | None = Field(
        default=None, description="User of the sentinels; 3.x only.", examples=["registry"]
    )
    registry_redis_sentinelpassword: types.Secret | None = Field(
        default=None, description="Password of the sentinels; 3.x only."
    )
    registry_redis_dialtimeout: registry_types.Duration | None = Field(
        default=None, description="Time to connect to redis.", examples=["1s"]
    )
    registry_redis_readtimeout: registry_types.Duration | None = Field(
        default=None, description="Time for an answer of redis.", examples=["1s"]
    )
    registry_redis_writetimeout: registry_types.Duration | None = Field(
        default=None, description="Time to write to redis.", examples=["1s"]
    )
    registry_redis_pool_maxidle: registry_types.Natural | None = Field(
        default=None, description="Idle connections to redis.", examples=["16"]
    )
    registry_redis_pool_maxactive: registry_types.Natural | None = Field(
        default=None, description="Connections to redis.", examples=["64"]
    )
    registry_redis_pool_idletimeout: registry_types.Duration | None = Field(
        default=None, description="Time that a connection may be idle.", examples=["5m"]
    )
    registry_redis_tls_certificate: registry_types.Path | None = Field(
        default=None,
        description="PEM file of our certificate for redis; 3.x only.",
        examples=["/certs/redis.crt"],
    )
    registry_redis_tls_key: registry_types.Path | None = Field(
        default=None, description="PEM file of its key; 3.x only.", examples=["/certs/redis.key"]
    )
    registry_redis_tls_rootcas: registry_types.Paths | None = Field(
        default=None,
        description="PEM files of the CAs that redis is judged by; 3.x only.",
        examples=["/certs/ca.pem"],
    )
    registry_notifications_endpoints: records.Endpoints | None = Field(
        default=None,
        description="Who is told of pushes, pulls and deletions: a JSON or YAML list of maps.",
    )
    registry_notifications_events_includereferences: types.Switch | None = Field(
        default=None, description="Tell of what a manifest refers to as well.", examples=["on"]
    )
    registry_health_storagedriver_enabled: types.Switch = Field(
        default=True, description="Answer 503 to everybody while the storage does not answer."
    )
    registry_health_storagedriver_interval: registry_types.Duration = Field(
        default="10s", description="Time between two looks at the storage."
    )
    registry_health_storagedriver_threshold: types.Count = Field(
        default=3, description="How many looks in a row have to fail."
    )
    registry_health_file: records.FileChecks | None = Field(
        default=None,
        description="Files that make it answer 503 while they are there: a JSON or YAML list.",
        examples=['[{"file": "/run/maintenance", "interval": "10s"}]'],
    )
    registry_health_http: records.HttpChecks | None = Field(
        default=None, description="URLs that have to answer: a JSON or YAML list."
    )
    registry_health_tcp: records.TcpChecks | None = Field(
        default=None,
        description="Servers that have to accept connections: a JSON or YAML list.",
        examples=['[{"addr": "redis:6379", "timeout": "1s"}]'],
    )
    registry_validation_disabled: types.Switch | None = Field(
        default=None, description="Take manifests unseen.", examples=["off"]
    )
    registry_validation_manifests_urls_allow: registry_types.Patterns | None = Field(
        default=None,
        description="Regular expressions for URLs that manifests may have.",
        examples=["^https://mcr\\.microsoft\\.com/"],
    )
    registry_validation_manifests_urls_deny: registry_types.Patterns | None = Field(
        default=None,
        description="Regular expressions for URLs that they may not have.",
        examples=["^http:"],
    )
    registry_validation_manifests_indexes_platforms: _Platforms | None = Field(
        default=None,
        description="Of which platforms an index has to have the images; 3.x only.",
        examples=["all"],
    )
    registry_validation_manifests_indexes_platformlist: records.Platforms | None = Field(
        default=None,
        description="Those of `list`: a JSON or YAML list; 3.x only.",
        examples=['[{"architecture": "amd64", "os": "linux"}]'],
    )
    registry_catalog_maxentries: types.Count | None = Field(
        default=None, description="Names in a page of the catalogue.", examples=["1000"]
    )
    registry_tags_maxtags: types.Count | None = Field(
        default=None, description="Tags in a page of their list; 3.x only.", examples=["1000"]
    )
    registry_policy_repository_classes: registry_types.Items | None = Field(
        default=None, description="Classes of contents that are taken.", examples=["image"]
    )
