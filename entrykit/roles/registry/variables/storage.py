"""Variables of the section `storage`, except S3."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from entrykit.roles.registry.variables import records
from entrykit.roles.registry.variables import types as registry_types
from entrykit.variables import types
from entrykit.variables.settings import Settings


class StorageVariables(Settings):
    """The section `storage`, except S3."""

    registry_storage: Literal["filesystem", "s3", "azure", "gcs", "inmemory"] | None = Field(
        default=None,
        description="Kind of storage; by default the one whose variables are set, or filesystem.",
        examples=["s3"],
    )
    registry_storage_filesystem_rootdirectory: types.Folder | None = Field(
        default=None,
        description="Directory of the images; /var/lib/registry by default.",
        examples=["/var/lib/registry"],
    )
    registry_storage_filesystem_maxthreads: registry_types.Threads | None = Field(
        default=None, description="Maximum number of concurrent file operations.", examples=["100"]
    )
    registry_storage_azure_accountname: types.Line | None = Field(
        default=None, description="Name of the storage account.", examples=["account"]
    )
    registry_storage_azure_accountkey: types.Secret | None = Field(
        default=None, description="Key of the storage account."
    )
    registry_storage_azure_container: types.Line | None = Field(
        default=None, description="Container of the images.", examples=["registry"]
    )
    registry_storage_azure_realm: types.Line | None = Field(
        default=None,
        description="Domain of the service; core.windows.net by default.",
        examples=["core.windows.net"],
    )
    registry_storage_azure_rootdirectory: types.Line | None = Field(
        default=None, description="Path in the container; 3.x only.", examples=["/images"]
    )
    registry_storage_azure_credentials_type: (
        Literal["client_secret", "shared_key", "default_credentials"] | None
    ) = Field(
        default=None,
        description="Type of credentials, if not ACCOUNTKEY; 3.x only.",
        examples=["default_credentials"],
    )
    registry_storage_azure_credentials_clientid: types.Line | None = Field(
        default=None, description="Client ID for client_secret; 3.x only.", examples=["id"]
    )
    registry_storage_azure_credentials_tenantid: types.Line | None = Field(
        default=None, description="Tenant ID for client_secret; 3.x only.", examples=["id"]
    )
    registry_storage_azure_credentials_secret: types.Secret | None = Field(
        default=None, description="Secret for client_secret; 3.x only."
    )
    registry_storage_gcs_bucket: types.Line | None = Field(
        default=None, description="Bucket of the images.", examples=["images"]
    )
    registry_storage_gcs_keyfile: registry_types.Path | None = Field(
        default=None,
        description="JSON file of the service account; by default that of the host.",
        examples=["/run/secrets/gcs.json"],
    )
    registry_storage_gcs_rootdirectory: types.Line | None = Field(
        default=None, description="Path in the bucket.", examples=["/images"]
    )
    registry_storage_gcs_chunksize: registry_types.GcsChunk | None = Field(
        default=None,
        description="Size of an upload's chunks in bytes, a multiple of 262144.",
        examples=["5242880"],
    )
    registry_storage_delete_enabled: types.Switch = Field(
        default=False,
        description="Allow deletion; a pull-through cache needs it to drop expired contents.",
    )
    registry_storage_redirect_disable: types.Switch = Field(
        default=False,
        description="Serve contents directly, instead of redirecting clients to the storage.",
    )
    registry_storage_cache_blobdescriptor: Literal["inmemory", "redis"] | None = Field(
        default=None,
        description="Where metadata of layers is cached; by default in Redis if an address is "
        "set, otherwise in memory.",
        examples=["redis"],
    )
    registry_storage_cache_blobdescriptorsize: registry_types.Natural | None = Field(
        default=None,
        description="Number of entries of the cache in memory; 3.x only.",
        examples=["10000"],
    )
    registry_storage_maintenance_uploadpurging_enabled: types.Switch = Field(
        default=True, description="Remove unfinished uploads."
    )
    registry_storage_maintenance_uploadpurging_age: registry_types.Duration = Field(
        default="168h", description="Age of the uploads to remove."
    )
    registry_storage_maintenance_uploadpurging_interval: registry_types.Duration = Field(
        default="24h", description="Interval of the removal."
    )
    registry_storage_maintenance_uploadpurging_dryrun: types.Switch = Field(
        default=False, description="Only log what would be removed."
    )
    registry_storage_maintenance_readonly_enabled: types.Switch = Field(
        default=False, description="Refuse pushes and deletions."
    )
    registry_storage_tag_concurrencylimit: registry_types.Natural | None = Field(
        default=None,
        description="Maximum number of concurrent tag lookups; 3.x only.",
        examples=["8"],
    )
    registry_middleware_storage: records.Middleware | None = Field(
        default=None, description="Storage middleware: a JSON or YAML list of maps."
    )
