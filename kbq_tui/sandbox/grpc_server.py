"""The sandbox's gRPC port, on which IAM and the Storage Read API answer."""

from concurrent.futures import ThreadPoolExecutor

import grpc

from kbq_tui.sandbox import grpc_iam, grpc_storage
from kbq_tui.sandbox.context import SandboxContext


def serve(ctx: SandboxContext, port: int = 0) -> tuple[grpc.Server, str]:
    """Start the gRPC server on loopback.

    Returns:
        The server, and its address, ``127.0.0.1:PORT``.
    """
    server = grpc.server(
        ThreadPoolExecutor(64, "sandbox-grpc"),
        options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)],
    )
    server.add_generic_rpc_handlers((grpc_iam.handler(ctx), grpc_storage.handler(ctx)))
    bound = server.add_secure_port(f"127.0.0.1:{port}", grpc.local_server_credentials())
    server.start()
    return server, f"127.0.0.1:{bound}"
