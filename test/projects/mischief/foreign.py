"""Listens where a worker should, but serves nothing."""

import os
from concurrent import futures

import grpc

server = grpc.server(futures.ThreadPoolExecutor())
server.add_insecure_port(os.environ["TILEBOX_WORKER_ADDRESS"].replace("unix://", "unix:"))
server.start()
server.wait_for_termination()
