"""Variables of all other sections."""

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
    """The sections `proxy`, `redis`, `notifications`, `health`, `validation` and the like."""

    registry_proxy_remoteurl: registry_types.Origin | None = Field(
        default=None,
        description="URL of a registry to be a pull-through cache of; pushes are then refused.",
        examples=["https://registry-1.docker.io"],
    )
    registry_proxy_username: types.Line | None = Field(
        default=None, description="User name at that registry.", examples=["me"]
    )
    registry_proxy_password: types.Secret | None = Field(
        default=None, description="Password at that registry."
    )
    registry_proxy_ttl: registry_types.Lifetime | None = Field(
        default=None,
        description="How long contents are cached, 168h by default; 0 is forever; 3.x only.",
        examples=["168h"],
    )
    registry_proxy_cachewritetimeout: registry_types.Duration | None = Field(
        default=None, description="Time limit for storing a layer; 3.x only.", examples=["5m"]
    )
    registry_proxy_exec_command: registry_types.Path | None = Field(
        default=None,
        description="Credential helper: a program that prints user and password; 3.x only.",
        examples=["/usr/local/bin/docker-credential-helper"],
    )
    registry_proxy_exec_lifetime: registry_types.Lifetime | None = Field(
        default=None, description="How long its output is valid; 3.x only.", examples=["1h"]
    )
    registry_redis_addr: registry_types.Items | None = Field(
        default=None,
        description="Address of Redis, `host:port`; with 3.x, several of a cluster.",
        examples=["redis:6379"],
    )
    registry_redis_addrs: registry_types.Items | None = Field(
        default=None, description="Same as REGISTRY_REDIS_ADDR.", examples=["redis:6379"]
    )
    registry_redis_username: types.Line | None = Field(
        default=None, description="User name at Redis; 3.x only.", examples=["registry"]
    )
    registry_redis_password: types.Secret | None = Field(
        default=None, description="Password at Redis."
    )
    registry_redis_db: registry_types.Natural | None = Field(
        default=None, description="Number of the Redis database.", examples=["0"]
    )
    registry_redis_mastername: types.Line | None = Field(
        default=None,
        description="Name of the master, with Redis Sentinel; 3.x only.",
        examples=["main"],
    )
    registry_redis_sentinelusername: types.Line | None = Field(
        default=None, description="User name at the sentinels; 3.x only.", examples=["registry"]
    )
    registry_redis_sentinelpassword: types.Secret | None = Field(
        default=None, description="Password at the sentinels; 3.x only."
    )
    registry_redis_dialtimeout: registry_types.Duration | None = Field(
        default=None, description="Time limit for connecting to Redis.", examples=["1s"]
    )
    registry_redis_readtimeout: registry_types.Duration | None = Field(
        default=None, description="Time limit for a read from Redis.", examples=["1s"]
    )
    registry_redis_writetimeout: registry_types.Duration | None = Field(
        default=None, description="Time limit for a write to Redis.", examples=["1s"]
    )
    registry_redis_pool_maxidle: registry_types.Natural | None = Field(
        default=None, description="Maximum number of idle connections to Redis.", examples=["16"]
    )
    registry_redis_pool_maxactive: registry_types.Natural | None = Field(
        default=None, description="Maximum number of connections to Redis.", examples=["64"]
    )
    registry_redis_pool_idletimeout: registry_types.Duration | None = Field(
        default=None, description="How long a connection may be idle.", examples=["5m"]
    )
    registry_redis_tls_certificate: registry_types.Path | None = Field(
        default=None,
        description="PEM file of the client certificate for Redis; 3.x only.",
        examples=["/certs/redis.crt"],
    )
    registry_redis_tls_key: registry_types.Path | None = Field(
        default=None, description="PEM file of its key; 3.x only.", examples=["/certs/redis.key"]
    )
    registry_redis_tls_rootcas: registry_types.Paths | None = Field(
        default=None,
        description="PEM files of CAs that verify Redis; 3.x only.",
        examples=["/certs/ca.pem"],
    )
    registry_notifications_endpoints: records.Endpoints | None = Field(
        default=None,
        description="Receivers of events (push, pull, delete): a JSON or YAML list of maps.",
    )
    registry_notifications_events_includereferences: types.Switch | None = Field(
        default=None, description="Include the references of a manifest in events.", examples=["on"]
    )
    registry_health_storagedriver_enabled: types.Switch = Field(
        default=True, description="Answer 503 to all requests while the storage is unavailable."
    )
    registry_health_storagedriver_interval: registry_types.Duration = Field(
        default="10s", description="Interval of the storage health check."
    )
    registry_health_storagedriver_threshold: types.Count = Field(
        default=3, description="Number of consecutive failures that count."
    )
    registry_health_file: records.FileChecks | None = Field(
        default=None,
        description="Files that cause answers with 503 while they exist: a JSON or YAML list.",
        examples=['[{"file": "/run/maintenance", "interval": "10s"}]'],
    )
    registry_health_http: records.HttpChecks | None = Field(
        default=None, description="URLs that must answer: a JSON or YAML list."
    )
    registry_health_tcp: records.TcpChecks | None = Field(
        default=None,
        description="TCP servers that must accept connections: a JSON or YAML list.",
        examples=['[{"addr": "redis:6379", "timeout": "1s"}]'],
    )
    registry_validation_disabled: types.Switch | None = Field(
        default=None, description="Turn off the validation of manifests.", examples=["off"]
    )
    registry_validation_manifests_urls_allow: registry_types.Patterns | None = Field(
        default=None,
        description="Regular expressions of URLs that manifests may contain.",
        examples=["^https://mcr\\.microsoft\\.com/"],
    )
    registry_validation_manifests_urls_deny: registry_types.Patterns | None = Field(
        default=None,
        description="Regular expressions of URLs that manifests must not contain.",
        examples=["^http:"],
    )
    registry_validation_manifests_indexes_platforms: _Platforms | None = Field(
        default=None,
        description="Platforms whose images an index must contain; 3.x only.",
        examples=["all"],
    )
    registry_validation_manifests_indexes_platformlist: records.Platforms | None = Field(
        default=None,
        description="Platforms for `list`: a JSON or YAML list; 3.x only.",
        examples=['[{"architecture": "amd64", "os": "linux"}]'],
    )
    registry_catalog_maxentries: types.Count | None = Field(
        default=None,
        description="Maximum number of names in a page of the catalog.",
        examples=["1000"],
    )
    registry_tags_maxtags: types.Count | None = Field(
        default=None,
        description="Maximum number of tags in a page of the list; 3.x only.",
        examples=["1000"],
    )
    registry_policy_repository_classes: registry_types.Items | None = Field(
        default=None, description="Classes of repositories that are accepted.", examples=["image"]
    )
