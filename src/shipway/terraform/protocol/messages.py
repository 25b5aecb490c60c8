"""The messages of `tfplugin6` (protocol 6.8) and of go-plugin's own services, as tables.

Field numbers: terraform/docs/plugin-protocol/tfplugin6.8.proto and go-plugin/internal/plugin.
"""

from typing import Final

from shipway.terraform.protocol.wire import Codec, parse_table

PROTOCOL: Final = 6
SERVICE: Final = "tfplugin6.Provider"

# severities, kinds of nesting
ERROR, WARNING = 1, 2
NESTING: Final = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}

_TABLE = """
Empty
DynamicValue msgpack:bytes=1 json:bytes=2
Diagnostic severity:int=1 summary:string=2 detail:string=3 attribute:AttributePath=4
AttributePath steps:*Step=1
Step attribute_name:?string=1 element_key_string:?string=2 element_key_int:?int=3
RawState json:bytes=1 flatmap:%string=2
Schema version:int=1 block:Block=2
Block version:int=1 attributes:*Attribute=2 block_types:*NestedBlock=3 description:string=4 \
 description_kind:int=5 deprecated:bool=6
Attribute name:string=1 type:bytes=2 description:string=3 required:bool=4 optional:bool=5 \
 computed:bool=6 sensitive:bool=7 description_kind:int=8 deprecated:bool=9 write_only:bool=11
NestedBlock type_name:string=1 block:Block=2 nesting:int=3 min_items:int=4 max_items:int=5
Function summary:string=4
ServerCapabilities plan_destroy:bool=1 get_provider_schema_optional:bool=2 \
 move_resource_state:bool=3
ClientCapabilities deferral_allowed:bool=1 write_only_attributes_allowed:bool=2
Deferred reason:int=1
Named type_name:string=1
GetMetadata.Response server_capabilities:ServerCapabilities=1 diagnostics:*Diagnostic=2 \
 data_sources:*Named=3 resources:*Named=4
GetProviderSchema.Response provider:Schema=1 resource_schemas:%Schema=2 \
 data_source_schemas:%Schema=3 diagnostics:*Diagnostic=4 provider_meta:Schema=5 \
 server_capabilities:ServerCapabilities=6 functions:%Function=7 \
 ephemeral_resource_schemas:%Schema=8
ValidateProviderConfig.Request config:DynamicValue=1
ValidateProviderConfig.Response diagnostics:*Diagnostic=2
Typed.Request type_name:string=1 config:DynamicValue=2
Diagnostics.Response diagnostics:*Diagnostic=1
UpgradeResourceState.Request type_name:string=1 version:int=2 raw_state:RawState=3
UpgradeResourceState.Response upgraded_state:DynamicValue=1 diagnostics:*Diagnostic=2
ConfigureProvider.Request terraform_version:string=1 config:DynamicValue=2 \
 client_capabilities:ClientCapabilities=3
ReadResource.Request type_name:string=1 current_state:DynamicValue=2 private:bytes=3 \
 provider_meta:DynamicValue=4 client_capabilities:ClientCapabilities=5
ReadResource.Response new_state:DynamicValue=1 diagnostics:*Diagnostic=2 private:bytes=3 \
 deferred:Deferred=4
PlanResourceChange.Request type_name:string=1 prior_state:DynamicValue=2 \
 proposed_new_state:DynamicValue=3 config:DynamicValue=4 prior_private:bytes=5 \
 provider_meta:DynamicValue=6 client_capabilities:ClientCapabilities=7
PlanResourceChange.Response planned_state:DynamicValue=1 requires_replace:*AttributePath=2 \
 planned_private:bytes=3 diagnostics:*Diagnostic=4 legacy_type_system:bool=5 deferred:Deferred=6
ApplyResourceChange.Request type_name:string=1 prior_state:DynamicValue=2 \
 planned_state:DynamicValue=3 config:DynamicValue=4 planned_private:bytes=5 \
 provider_meta:DynamicValue=6
ApplyResourceChange.Response new_state:DynamicValue=1 private:bytes=2 diagnostics:*Diagnostic=3 \
 legacy_type_system:bool=4
ImportResourceState.Request type_name:string=1 id:string=2 \
 client_capabilities:ClientCapabilities=3
ImportedResource type_name:string=1 state:DynamicValue=2 private:bytes=3
ImportResourceState.Response imported_resources:*ImportedResource=1 diagnostics:*Diagnostic=2 \
 deferred:Deferred=3
MoveResourceState.Request source_provider_address:string=1 source_type_name:string=2 \
 source_schema_version:int=3 source_state:RawState=4 target_type_name:string=5 \
 source_private:bytes=6
MoveResourceState.Response target_state:DynamicValue=1 diagnostics:*Diagnostic=2 \
 target_private:bytes=3
ReadDataSource.Request type_name:string=1 config:DynamicValue=2 provider_meta:DynamicValue=3 \
 client_capabilities:ClientCapabilities=4
ReadDataSource.Response state:DynamicValue=1 diagnostics:*Diagnostic=2 deferred:Deferred=3
GetFunctions.Response functions:%Function=1 diagnostics:*Diagnostic=2
FunctionError text:string=1 function_argument:?int=2
CallFunction.Request name:string=1 arguments:*DynamicValue=2
CallFunction.Response result:DynamicValue=1 error:FunctionError=2
StopProvider.Response Error:string=1
StdioData channel:int=1 data:bytes=2
HealthCheckRequest service:string=1
HealthCheckResponse status:int=1
"""

CODEC: Final = Codec(parse_table(_TABLE))

#: The provider's verbs: request and response message.
METHODS: Final = {
    "GetMetadata": ("Empty", "GetMetadata.Response"),
    "GetProviderSchema": ("Empty", "GetProviderSchema.Response"),
    "ValidateProviderConfig": ("ValidateProviderConfig.Request", "ValidateProviderConfig.Response"),
    "ValidateResourceConfig": ("Typed.Request", "Diagnostics.Response"),
    "ValidateDataResourceConfig": ("Typed.Request", "Diagnostics.Response"),
    "UpgradeResourceState": ("UpgradeResourceState.Request", "UpgradeResourceState.Response"),
    "ConfigureProvider": ("ConfigureProvider.Request", "Diagnostics.Response"),
    "ReadResource": ("ReadResource.Request", "ReadResource.Response"),
    "PlanResourceChange": ("PlanResourceChange.Request", "PlanResourceChange.Response"),
    "ApplyResourceChange": ("ApplyResourceChange.Request", "ApplyResourceChange.Response"),
    "ImportResourceState": ("ImportResourceState.Request", "ImportResourceState.Response"),
    "MoveResourceState": ("MoveResourceState.Request", "MoveResourceState.Response"),
    "ReadDataSource": ("ReadDataSource.Request", "ReadDataSource.Response"),
    "GetFunctions": ("Empty", "GetFunctions.Response"),
    "CallFunction": ("CallFunction.Request", "CallFunction.Response"),
    "StopProvider": ("Empty", "StopProvider.Response"),
}
