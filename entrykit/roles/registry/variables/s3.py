"""Variables of S3, with the short names that are common for some of them."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from entrykit.roles.registry.variables import types as registry_types
from entrykit.variables import types
from entrykit.variables.settings import Settings

# From the short name to the long one.
ALIASES: Final = {
    "aws_access_key_id": "registry_storage_s3_accesskey",
    "aws_secret_access_key": "registry_storage_s3_secretkey",
    "aws_region": "registry_storage_s3_region",
    "s3_bucket": "registry_storage_s3_bucket",
    "s3_endpoint": "registry_storage_s3_regionendpoint",
}


class S3Variables(Settings):
    """The S3 driver of the section `storage`."""

    registry_storage_s3_accesskey: types.Secret | None = Field(
        default=None, description="Access key; by default the host's role."
    )
    registry_storage_s3_secretkey: types.Secret | None = Field(
        default=None, description="Secret key."
    )
    registry_storage_s3_bucket: types.Line | None = Field(
        default=None, description="Bucket of the images.", examples=["images"]
    )
    registry_storage_s3_region: types.Line | None = Field(
        default=None,
        description="Region of the bucket; most stores other than Amazon's accept any.",
        examples=["us-east-1"],
    )
    registry_storage_s3_regionendpoint: registry_types.Endpoint | None = Field(
        default=None,
        description="URL of the store; Amazon's by default.",
        examples=["https://minio.example.com:9000"],
    )
    registry_storage_s3_forcepathstyle: types.Switch | None = Field(
        default=None,
        description="Put the bucket into the path, not the host name; on by default with an "
        "endpoint; 2.8 always does so with an endpoint.",
        examples=["on"],
    )
    registry_storage_s3_encrypt: types.Switch | None = Field(
        default=None, description="Server-side encryption.", examples=["on"]
    )
    registry_storage_s3_keyid: types.Line | None = Field(
        default=None, description="ID of a KMS key for the encryption.", examples=["alias/registry"]
    )
    registry_storage_s3_secure: types.Switch | None = Field(
        default=None,
        description="Use TLS, for an endpoint without a scheme; on by default.",
        examples=["on"],
    )
    registry_storage_s3_skipverify: types.Switch | None = Field(
        default=None, description="Accept any certificate of the store.", examples=["off"]
    )
    registry_storage_s3_v4auth: types.Switch | None = Field(
        default=None,
        description="Signature version 4; on by default, and Amazon requires it.",
        examples=["on"],
    )
    registry_storage_s3_chunksize: registry_types.PartSize | None = Field(
        default=None, description="Size of an upload's parts in bytes.", examples=["10485760"]
    )
    registry_storage_s3_multipartcopychunksize: registry_types.PartSize | None = Field(
        default=None, description="Size of a copy's parts in bytes.", examples=["33554432"]
    )
    registry_storage_s3_multipartcopymaxconcurrency: types.Count | None = Field(
        default=None, description="Maximum number of concurrent parts of a copy.", examples=["100"]
    )
    registry_storage_s3_multipartcopythresholdsize: registry_types.ThresholdSize | None = Field(
        default=None,
        description="Size in bytes from which a copy is split into parts.",
        examples=["33554432"],
    )
    registry_storage_s3_rootdirectory: types.Line | None = Field(
        default=None, description="Path in the bucket.", examples=["/registry"]
    )
    registry_storage_s3_storageclass: registry_types.StorageClass | None = Field(
        default=None,
        description="Storage class; STANDARD by default, and NONE sends none.",
        examples=["STANDARD"],
    )
    registry_storage_s3_objectacl: (
        Literal[
            "private",
            "public-read",
            "public-read-write",
            "authenticated-read",
            "aws-exec-read",
            "bucket-owner-read",
            "bucket-owner-full-control",
        ]
        | None
    ) = Field(
        default=None,
        description="Canned ACL of the objects; private by default.",
        examples=["private"],
    )
    registry_storage_s3_accelerate: types.Switch | None = Field(
        default=None, description="Use S3 Transfer Acceleration; 3.x only.", examples=["off"]
    )
    registry_storage_s3_usedualstack: types.Switch | None = Field(
        default=None,
        description="Use Amazon's dual-stack endpoints (IPv6); 3.x only.",
        examples=["off"],
    )
    registry_storage_s3_usefipsendpoint: types.Switch | None = Field(
        default=None, description="Use Amazon's FIPS endpoints; 3.x only.", examples=["off"]
    )
    registry_storage_s3_redirectendpoint: registry_types.Origin | None = Field(
        default=None,
        description="URL to redirect clients to, instead of the endpoint; 3.x only.",
        examples=["https://s3.example.com"],
    )
    registry_storage_s3_loglevel: (
        Literal["off", "debug", "debugwithrequestretries", "debugwithrequesterrors"] | None
    ) = Field(default=None, description="Log of the S3 client; 3.x only.", examples=["off"])
    aws_access_key_id: types.Secret | None = Field(
        default=None, description="Same as REGISTRY_STORAGE_S3_ACCESSKEY, with S3."
    )
    aws_secret_access_key: types.Secret | None = Field(
        default=None, description="Same as REGISTRY_STORAGE_S3_SECRETKEY, with S3."
    )
    aws_region: types.Line | None = Field(
        default=None,
        description="Same as REGISTRY_STORAGE_S3_REGION, with S3.",
        examples=["us-east-1"],
    )
    s3_bucket: types.Line | None = Field(
        default=None,
        description="Same as REGISTRY_STORAGE_S3_BUCKET.",
        examples=["images"],
    )
    s3_endpoint: registry_types.Endpoint | None = Field(
        default=None,
        description="Same as REGISTRY_STORAGE_S3_REGIONENDPOINT.",
        examples=["https://minio.example.com:9000"],
    )
