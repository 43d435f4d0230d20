"""The Queue port over the azure-storage-queue SDK: the yardstick for queue_rest, behind the same suite.

https://learn.microsoft.com/python/api/overview/azure/storage-queue-readme
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.adapters.queue_rest import check_body, hidden_for
from shared.adapters.sdk import ONE_TRY, our_failures, storage_credential
from shared.adapters.storage_rest import Account
from shared.errors import HearthlineError, Unavailable

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.storage.queue.aio import QueueClient


class SdkQueues:
    """The Queue port over Azure Storage queues; bodies are base64, as the Functions host expects."""

    def __init__(
        self,
        account: Account,
        identity: AsyncTokenCredential | None = None,
        names: dict[str, str] | None = None,
    ) -> None:
        from azure.storage.queue.aio import QueueServiceClient

        credential = storage_credential(account, identity)
        self._service = QueueServiceClient(account.endpoint, credential=credential, **ONE_TRY)
        self._names = names or {}
        self._clients: dict[str, QueueClient] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()

    def _client(self, queue: str) -> QueueClient:
        from azure.storage.queue import BinaryBase64EncodePolicy

        if queue not in self._clients:
            name, policy = self._names.get(queue, queue), BinaryBase64EncodePolicy()
            self._clients[queue] = self._service.get_queue_client(name, message_encode_policy=policy)
        return self._clients[queue]

    async def send(
        self, queue: str, body: bytes, delay: float = 0.0, *, session: str = "", once: str = ""
    ) -> None:
        """Put a message; see StorageQueues.send. Raises Unavailable, ValueError if too large."""
        check_body(body)
        with our_failures(_refused):
            await self._client(queue).send_message(
                body, visibility_timeout=hidden_for(delay), time_to_live=-1
            )

    async def create(self, queue: str) -> None:
        """Make a queue unless it exists."""
        from azure.core.exceptions import ResourceExistsError

        with our_failures(_refused):
            try:
                await self._client(queue).create_queue()
            except ResourceExistsError:
                return


def _refused(status: int, code: str, retry_after: float | None) -> HearthlineError:
    return Unavailable(f"the queue service answered {status} {code}".rstrip(), retry_after)
