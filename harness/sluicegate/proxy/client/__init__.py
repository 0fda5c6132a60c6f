"""The client library: an agent asks a proxy for streamed messages, and holds no provider's key."""

from sluicegate.wire.assistant.event import Event
from sluicegate.wire.assistant.message import (
    AssistantMessage,
    Image,
    Message,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UserMessage,
)
from sluicegate.wire.assistant.request import Tool

from .asking import Asking, Said, tool_result
from .client import Client
from .errors import (
    BrokenStreamError,
    LimitError,
    NoTokenWarning,
    ProtocolError,
    ProxyError,
    RateLimitedError,
    RequestError,
    ServerError,
    StatusError,
    UnauthorizedError,
    UnreachableError,
)
from .limits import Limits
from .stream import Stream
from .tools import CODING

__all__ = [
    "CODING",
    "Asking",
    "AssistantMessage",
    "BrokenStreamError",
    "Client",
    "Event",
    "Image",
    "LimitError",
    "Limits",
    "Message",
    "NoTokenWarning",
    "ProtocolError",
    "ProxyError",
    "RateLimitedError",
    "RequestError",
    "Said",
    "ServerError",
    "StatusError",
    "Stream",
    "Text",
    "Thinking",
    "Tool",
    "ToolCall",
    "ToolResult",
    "UnauthorizedError",
    "UnreachableError",
    "UserMessage",
    "tool_result",
]
