"""The variables of whom the registry talks to, and of what it takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from entrykit import kinds
from entrykit.roles.registry import entries, values
from entrykit.settings import Settings

_Platforms = Annotated[
    Literal["all", "none", "list"],
    BeforeValidator(str.lower),
    kinds.Kind("all, none or list", {"enum": ["all", "none", "list"]}),
]


class ServiceVariables(Settings):
    """What all the other sections say."""

    registry_proxy_remoteurl: values.Origin | None = Field(
        default=None,
        description="URL of the registry that this one is a cache of: it takes no pushes then.",
        examples=["https://registry-1.docker.io"],
    )
    registry_proxy_username: kinds.Line | None = Field(
        default=None, description="User there.", examples=["me"]
    )
    registry_proxy_password: kinds.Secret | None = Field(
        default=None, description="Password there."
    )
    registry_proxy_ttl: values.Lifetime | None = Field(
        default=None,
        description="Time after which contents are dropped, 168h unless set; 0 keeps them; "
        "3.x only.",
        examples=["168h"],
    )
    registry_proxy_cachewritetimeout: values.Duration | None = Field(
        default=None, description="Longest time to store a layer; 3.x only.", examples=["5m"]
    )
    registry_proxy_exec_command: values.Path | None = Field(
        default=None,
        description="Program that tells user and password; 3.x only.",
        examples=["/usr/local/bin/docker-credential-helper"],
    )
    registry_proxy_exec_lifetime: values.Lifetime | None = Field(
        default=None, description="Time that its answer holds; 3.x only.", examples=["1h"]
    )
    registry_redis_addr: values.Items | None = Field(
        default=None,
        description="Where redis answers: `host:port`; several of a cluster with 3.x.",
        examples=["redis:6379"],
    )
    registry_redis_addrs: values.Items | None = Field(
        default=None, description="The same as REGISTRY_REDIS_ADDR.", examples=["redis:6379"]
    )
    registry_redis_username: kinds.Line | None = Field(
        default=None, description="User of redis; 3.x only.", examples=["registry"]
    )
    registry_redis_password: kinds.Secret | None = Field(
        default=None, description="Password of redis."
    )
    registry_redis_db: values.Natural | None = Field(
        default=None, description="Number of redis' database.", examples=["0"]
    )
    registry_redis_mastername: kinds.Line | None = Field(
        default=None, description="Name of the master, with sentinels; 3.x only.", examples=["main"]
    )
    registry_redis_sentinelusername: kinds.Line | None = Field(
        default=None, description="User of the sentinels; 3.x only.", examples=["registry"]
    )
    registry_redis_sentinelpassword: kinds.Secret | None = Field(
        default=None, description="Password of the sentinels; 3.x only."
    )
    registry_redis_dialtimeout: values.Duration | None = Field(
        default=None, description="Time to connect to redis.", examples=["1s"]
    )
    registry_redis_readtimeout: values.Duration | None = Field(
        default=None, description="Time for an answer of redis.", examples=["1s"]
    )
    registry_redis_writetimeout: values.Duration | None = Field(
        default=None, description="Time to write to redis.", examples=["1s"]
    )
    registry_redis_pool_maxidle: values.Natural | None = Field(
        default=None, description="Idle connections to redis.", examples=["16"]
    )
    registry_redis_pool_maxactive: values.Natural | None = Field(
        default=None, description="Connections to redis.", examples=["64"]
    )
    registry_redis_pool_idletimeout: values.Duration | None = Field(
        default=None, description="Time that a connection may be idle.", examples=["5m"]
    )
    registry_redis_tls_certificate: values.Path | None = Field(
        default=None,
        description="PEM file of our certificate for redis; 3.x only.",
        examples=["/certs/redis.crt"],
    )
    registry_redis_tls_key: values.Path | None = Field(
        default=None, description="PEM file of its key; 3.x only.", examples=["/certs/redis.key"]
    )
    registry_redis_tls_rootcas: values.Paths | None = Field(
        default=None,
        description="PEM files of the CAs that redis is judged by; 3.x only.",
        examples=["/certs/ca.pem"],
    )
    registry_notifications_endpoints: entries.Endpoints | None = Field(
        default=None,
        description="Who is told of pushes, pulls and deletions: a JSON or YAML list of maps.",
    )
    registry_notifications_events_includereferences: kinds.Switch | None = Field(
        default=None, description="Tell of what a manifest refers to as well.", examples=["on"]
    )
    registry_health_storagedriver_enabled: kinds.Switch = Field(
        default=True, description="Answer 503 to everybody while the storage does not answer."
    )
    registry_health_storagedriver_interval: values.Duration = Field(
        default="10s", description="Time between two looks at the storage."
    )
    registry_health_storagedriver_threshold: kinds.Count = Field(
        default=3, description="How many looks in a row have to fail."
    )
    registry_health_file: entries.FileChecks | None = Field(
        default=None,
        description="Files that make it answer 503 while they are there: a JSON or YAML list.",
        examples=['[{"file": "/run/maintenance", "interval": "10s"}]'],
    )
    registry_health_http: entries.HttpChecks | None = Field(
        default=None, description="URLs that have to answer: a JSON or YAML list."
    )
    registry_health_tcp: entries.TcpChecks | None = Field(
        default=None,
        description="Servers that have to accept connections: a JSON or YAML list.",
        examples=['[{"addr": "redis:6379", "timeout": "1s"}]'],
    )
    registry_validation_disabled: kinds.Switch | None = Field(
        default=None, description="Take manifests unseen.", examples=["off"]
    )
    registry_validation_manifests_urls_allow: values.Patterns | None = Field(
        default=None,
        description="Regular expressions for URLs that manifests may have.",
        examples=["^https://mcr\\.microsoft\\.com/"],
    )
    registry_validation_manifests_urls_deny: values.Patterns | None = Field(
        default=None,
        description="Regular expressions for URLs that they may not have.",
        examples=["^http:"],
    )
    registry_validation_manifests_indexes_platforms: _Platforms | None = Field(
        default=None,
        description="Of which platforms an index has to have the images; 3.x only.",
        examples=["all"],
    )
    registry_validation_manifests_indexes_platformlist: entries.Platforms | None = Field(
        default=None,
        description="Those of `list`: a JSON or YAML list; 3.x only.",
        examples=['[{"architecture": "amd64", "os": "linux"}]'],
    )
    registry_catalog_maxentries: kinds.Count | None = Field(
        default=None, description="Names in a page of the catalogue.", examples=["1000"]
    )
    registry_tags_maxtags: kinds.Count | None = Field(
        default=None, description="Tags in a page of their list; 3.x only.", examples=["1000"]
    )
    registry_policy_repository_classes: values.Items | None = Field(
        default=None, description="Classes of contents that are taken.", examples=["image"]
    )
