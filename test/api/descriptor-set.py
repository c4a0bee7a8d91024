"""Writes the descriptors of the installed SDK, and of what they import, as one FileDescriptorSet."""

import importlib
import sys

from google.protobuf import descriptor_pb2

MODULES = [
    *(
        f"tilebox.workflows.workflows.v1.{name}_pb2"
        for name in (
            "automation",
            "core",
            "diagram",
            "job",
            "storage_location",
            "task",
            "task_release",
            "telemetry",
            "worker",
            "workflows",
        )
    ),
    "opentelemetry.proto.collector.logs.v1.logs_service_pb2",
    "opentelemetry.proto.collector.trace.v1.trace_service_pb2",
]

seen = {}


def add(file):
    if file.name not in seen:
        for dependency in file.dependencies:
            add(dependency)
        proto = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(proto)
        seen[file.name] = proto


for module in MODULES:
    add(importlib.import_module(module).DESCRIPTOR)
descriptors = descriptor_pb2.FileDescriptorSet(file=seen.values())
sys.stdout.buffer.write(descriptors.SerializeToString())
