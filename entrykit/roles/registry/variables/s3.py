"""The variables of S3, and the short names that other programs have for some of them."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from entrykit.roles.registry.variables import types as registry_types
from entrykit.variables import types
from entrykit.variables.settings import Settings

# The short name first.
ALIASES: Final = {
    "aws_access_key_id": "registry_storage_s3_accesskey",
    "aws_secret_access_key": "registry_storage_s3_secretkey",
    "aws_region": "registry_storage_s3_region",
    "s3_bucket": "registry_storage_s3_bucket",
    "s3_endpoint": "registry_storage_s3_regionendpoint",
}


class S3Variables(Settings):
    """What the `s3` part of the `storage` section says."""

    registry_storage_s3_accesskey: types.Secret | None = Field(
        default=None, description="Access key; the machine's role unless set."
    )
    registry_storage_s3_secretkey: types.Secret | None = Field(
        default=None, description="Secret key."
    )
    registry_storage_s3_bucket: types.Line | None = Field(
        default=None, description="Bucket of the images.", examples=["images"]
    )
    registry_storage_s3_region: types.Line | None = Field(
        default=None,
        description="Region of the bucket; stores other than Amazon's take any.",
        examples=["us-east-1"],
    )
    registry_storage_s3_regionendpoint: registry_types.Endpoint | None = Field(
        default=None,
        description="Where the store answers; Amazon's own unless set.",
        examples=["https://minio.example.com:9000"],
    )
    registry_storage_s3_forcepathstyle: types.Switch | None = Field(
        default=None,
        description="Name the bucket in the path, not in the host: on with an endpoint unless "
        "set; 2.8 does so with every endpoint.",
        examples=["on"],
    )
    registry_storage_s3_encrypt: types.Switch | None = Field(
        default=None, description="Have the store encrypt.", examples=["on"]
    )
    registry_storage_s3_keyid: types.Line | None = Field(
        default=None, description="Id of a KMS key to encrypt with.", examples=["alias/registry"]
    )
    registry_storage_s3_secure: types.Switch | None = Field(
        default=None,
        description="Use TLS, with an endpoint that does not say: on unless set.",
        examples=["on"],
    )
    registry_storage_s3_skipverify: types.Switch | None = Field(
        default=None, description="Take any certificate of the store.", examples=["off"]
    )
    registry_storage_s3_v4auth: types.Switch | None = Field(
        default=None,
        description="Sign by version 4: on unless set; Amazon takes no other.",
        examples=["on"],
    )
    registry_storage_s3_chunksize: registry_types.PartSize | None = Field(
        default=None, description="Bytes of a part of an upload.", examples=["10485760"]
    )
    registry_storage_s3_multipartcopychunksize: registry_types.PartSize | None = Field(
        default=None, description="Bytes of a part of a copy.", examples=["33554432"]
    )
    registry_storage_s3_multipartcopymaxconcurrency: types.Count | None = Field(
        default=None, description="Parts of a copy at a time.", examples=["100"]
    )
    registry_storage_s3_multipartcopythresholdsize: registry_types.ThresholdSize | None = Field(
        default=None,
        description="Bytes from which a copy is made in parts.",
        examples=["33554432"],
    )
    registry_storage_s3_rootdirectory: types.Line | None = Field(
        default=None, description="Path in the bucket.", examples=["/registry"]
    )
    registry_storage_s3_storageclass: registry_types.StorageClass | None = Field(
        default=None,
        description="Class of storage: STANDARD unless set; NONE sends none.",
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
        default=None, description="ACL of what is stored: private unless set.", examples=["private"]
    )
    registry_storage_s3_accelerate: types.Switch | None = Field(
        default=None, description="Use Amazon's acceleration; 3.x only.", examples=["off"]
    )
    registry_storage_s3_usedualstack: types.Switch | None = Field(
        default=None, description="Use Amazon's endpoints with IPv6; 3.x only.", examples=["off"]
    )
    registry_storage_s3_usefipsendpoint: types.Switch | None = Field(
        default=None, description="Use Amazon's FIPS endpoints; 3.x only.", examples=["off"]
    )
    registry_storage_s3_redirectendpoint: registry_types.Origin | None = Field(
        default=None,
        description="Where clients are sent, in place of the endpoint; 3.x only.",
        examples=["https://s3.example.com"],
    )
    registry_storage_s3_loglevel: (
        Literal["off", "debug", "debugwithrequestretries", "debugwithrequesterrors"] | None
    ) = Field(default=None, description="Log of the S3 client; 3.x only.", examples=["off"])
    aws_access_key_id: types.Secret | None = Field(
        default=None, description="The same as REGISTRY_STORAGE_S3_ACCESSKEY, with S3."
    )
    aws_secret_access_key: types.Secret | None = Field(
        default=None, description="The same as REGISTRY_STORAGE_S3_SECRETKEY, with S3."
    )
    aws_region: types.Line | None = Field(
        default=None,
        description="The same as REGISTRY_STORAGE_S3_REGION, with S3.",
        examples=["us-east-1"],
    )
    s3_bucket: types.Line | None = Field(
        default=None,
        description="The same as REGISTRY_STORAGE_S3_BUCKET.",
        examples=["images"],
    )
    s3_endpoint: registry_types.Endpoint | None = Field(
        default=None,
        description="The same as REGISTRY_STORAGE_S3_REGIONENDPOINT.",
        examples=["https://minio.example.com:9000"],
    )
