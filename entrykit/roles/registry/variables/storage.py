"""The variables of where images are kept."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from entrykit.roles.registry.variables import records
from entrykit.roles.registry.variables import types as registry_types
from entrykit.variables import types
from entrykit.variables.settings import Settings


class StorageVariables(Settings):
    """What the `storage` section says, but for S3."""

    registry_storage: Literal["filesystem", "s3", "azure", "gcs", "inmemory"] | None = Field(
        default=None,
        description="Kind of storage: that whose variables are set, filesystem if none are.",
        examples=["s3"],
    )
    registry_storage_filesystem_rootdirectory: types.Folder | None = Field(
        default=None,
        description="Folder of the images: /var/lib/registry unless set.",
        examples=["/var/lib/registry"],
    )
    registry_storage_filesystem_maxthreads: registry_types.Threads | None = Field(
        default=None, description="File operations at a time.", examples=["100"]
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
        description="Domain of the service: core.windows.net unless set.",
        examples=["core.windows.net"],
    )
    registry_storage_azure_rootdirectory: types.Line | None = Field(
        default=None, description="Path in the container; 3.x only.", examples=["/images"]
    )
    registry_storage_azure_credentials_type: (
        Literal["client_secret", "shared_key", "default_credentials"] | None
    ) = Field(
        default=None,
        description="How it logs in, where not by ACCOUNTKEY; 3.x only.",
        examples=["default_credentials"],
    )
    registry_storage_azure_credentials_clientid: types.Line | None = Field(
        default=None, description="Client id for client_secret; 3.x only.", examples=["id"]
    )
    registry_storage_azure_credentials_tenantid: types.Line | None = Field(
        default=None, description="Tenant id for client_secret; 3.x only.", examples=["id"]
    )
    registry_storage_azure_credentials_secret: types.Secret | None = Field(
        default=None, description="Secret for client_secret; 3.x only."
    )
    registry_storage_gcs_bucket: types.Line | None = Field(
        default=None, description="Bucket of the images.", examples=["images"]
    )
    registry_storage_gcs_keyfile: registry_types.Path | None = Field(
        default=None,
        description="JSON file of the service account; the machine's own unless set.",
        examples=["/run/secrets/gcs.json"],
    )
    registry_storage_gcs_rootdirectory: types.Line | None = Field(
        default=None, description="Path in the bucket.", examples=["/images"]
    )
    registry_storage_gcs_chunksize: registry_types.GcsChunk | None = Field(
        default=None,
        description="Bytes of a part of an upload, a multiple of 262144.",
        examples=["5242880"],
    )
    registry_storage_delete_enabled: types.Switch = Field(
        default=False, description="Let clients delete; a cache needs it to drop what is old."
    )
    registry_storage_redirect_disable: types.Switch = Field(
        default=False, description="Send contents itself, and no client to the store."
    )
    registry_storage_cache_blobdescriptor: Literal["inmemory", "redis"] | None = Field(
        default=None,
        description="Where sizes and kinds of layers are cached: in redis where it has an "
        "address, in memory otherwise.",
        examples=["redis"],
    )
    registry_storage_cache_blobdescriptorsize: registry_types.Natural | None = Field(
        default=None, description="Entries of the cache in memory; 3.x only.", examples=["10000"]
    )
    registry_storage_maintenance_uploadpurging_enabled: types.Switch = Field(
        default=True, description="Remove uploads that nobody has finished."
    )
    registry_storage_maintenance_uploadpurging_age: registry_types.Duration = Field(
        default="168h", description="Age of such an upload."
    )
    registry_storage_maintenance_uploadpurging_interval: registry_types.Duration = Field(
        default="24h", description="Time between two looks for them."
    )
    registry_storage_maintenance_uploadpurging_dryrun: types.Switch = Field(
        default=False, description="Only log what would be removed."
    )
    registry_storage_maintenance_readonly_enabled: types.Switch = Field(
        default=False, description="Accept no push and no deletion."
    )
    registry_storage_tag_concurrencylimit: registry_types.Natural | None = Field(
        default=None, description="Lookups of tags at a time; 3.x only.", examples=["8"]
    )
    registry_middleware_storage: records.Middleware | None = Field(
        default=None, description="Middleware of the storage: a JSON or YAML list of maps."
    )
