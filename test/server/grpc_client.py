"""Calls a control plane with grpcio as it comes from PyPI: HOST:PORT KEY. Prints what it saw as JSON."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.rpc import error_details_pb2, status_pb2
from tilebox.workflows.workflows.v1 import workflows_pb2, workflows_pb2_grpc

address, key = sys.argv[1:]
channel = grpc.insecure_channel(address)
stub = workflows_pb2_grpc.WorkflowsServiceStub(channel)
metadata = (("authorization", f"Bearer {key}"),)


def failure(method, request, **kwargs):
    try:
        method(request, **{"metadata": metadata, **kwargs})
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call succeeded")


def code(error):
    return error.code().name


def details(error):
    """The standard details, decoded with the descriptors that Google publishes."""
    packed = dict(error.trailing_metadata()).get("grpc-status-details-bin")
    status = status_pb2.Status.FromString(packed)
    found = {"code": status.code, "message": status.message}
    for detail in status.details:
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            found["info"] = {"reason": info.reason, "domain": info.domain, "metadata": dict(info.metadata)}
        if detail.Unpack(bad):
            found["fields"] = [[field.field, field.description] for field in bad.field_violations]
    return found


def create(number):
    request = workflows_pb2.CreateWorkflowRequest(name=f"Workflow {number}")
    return stub.CreateWorkflow(request, metadata=metadata).slug


def main():
    large = workflows_pb2.CreateWorkflowRequest(name="x", summary="y" * (33 * 1024 * 1024))
    text = "z" * 40_000
    compressed = stub.CreateWorkflow(
        workflows_pb2.CreateWorkflowRequest(name="Compressed", description=text),
        metadata=metadata,
        compression=grpc.Compression.Gzip,
    )
    with ThreadPoolExecutor(64) as pool:
        slugs = list(pool.map(create, range(300)))
    listed = stub.ListWorkflows(workflows_pb2.ListWorkflowsRequest(), metadata=metadata)
    cancelled = stub.ListClusters.future(workflows_pb2.ListClustersRequest(), metadata=metadata)
    cancelled.cancel()
    invalid = failure(stub.PublishWorkflowRelease, workflows_pb2.PublishWorkflowReleaseRequest())
    missing = failure(stub.GetWorkflow, workflows_pb2.GetWorkflowRequest(workflow_slug="missing"))
    not_ascii = failure(stub.GetWorkflow, workflows_pb2.GetWorkflowRequest(workflow_slug="ü"))
    return {
        "compressed": compressed.description == text,
        "created": len(set(slugs)),
        "listed": len(listed.workflows),
        "cancelled": cancelled.cancelled(),
        "missing": [code(missing), missing.details()],
        "not_ascii": [code(not_ascii), not_ascii.details()],
        "invalid": [code(invalid), details(invalid)],
        "large": code(failure(stub.CreateWorkflow, large)),
        "stranger": code(
            failure(
                stub.ListClusters,
                workflows_pb2.ListClustersRequest(),
                metadata=(("authorization", "Bearer x"),),
            )
        ),
        "unknown": code(
            failure(
                channel.unary_unary(
                    "/workflows.v1.Nothing/Nothing",
                    request_serializer=workflows_pb2.ListClustersRequest.SerializeToString,
                ),
                workflows_pb2.ListClustersRequest(),
            )
        ),
    }


print(json.dumps(main()))
